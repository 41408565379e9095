# SPDX-License-Identifier: MIT
"""The guest of `make conform`: it runs a list of cases, and another one takes over after a panic,
a hang or an early end. And the guest with Debian's Linux, where that has to be the yardstick."""

import os
import re
import selectors
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import linuxguest
import machine
from conformcase import Typist

PANIC = re.compile(r"^\*\*\* Pagoda stops: (.*)$", re.MULTILINE)
GRACE = 40      # seconds beyond a case's limit, or for booting, in which the guest has to speak
LAST_WORDS = 1  # seconds for what a panic still prints
ROOT_MIB = 64   # the root disk's size beside the cases


def make_image(options, cases, folder):
    """The root disk: that of the tests without them, and /cases."""
    root = os.path.join(folder, "root")
    shutil.copytree(os.path.join(options.build, "rootfs"), root, symlinks=True,
                    ignore=shutil.ignore_patterns("tests"))
    inside = os.path.join(root, "cases")
    os.mkdir(inside)
    programs = {case.name for case in cases}
    size = 0
    for entry in os.listdir(options.bin):
        path = os.path.join(options.bin, entry)
        if entry in programs or entry not in options.all_names:
            shutil.copy(path, inside)
            size += os.path.getsize(path) + 8192
    shutil.copy(options.runner, os.path.join(root, "sbin", "conform"))
    with open(os.path.join(root, "cases.list"), "w", encoding="utf-8") as file:
        file.writelines(f"{'tty ' if case.terminal else ''}/cases/{case.name}\n"
                        for case in cases)
    image = os.path.join(folder, "image")
    subprocess.run(["scripts/make-ext2", image, str(ROOT_MIB + (size >> 20)), root], check=True)
    shutil.rmtree(root)
    return image


class Pagoda:
    """The kernel whose answers are judged."""

    patience = 1  # times as long as it may take

    @staticmethod
    def told(case):
        return case.guest

    @staticmethod
    def command(options, image, folder, first):
        """QEMU's command line for a guest that begins with the first-th case of the list."""
        root, swap = os.path.join(folder, "root.img"), None
        machine.copy_sparse(image, root)
        if options.swap:
            swap = os.path.join(folder, "swap.img")
            machine.make_swap(swap, options.swap)
        line = machine.boot_line(options.disk, options.swap, "exit", "quiet", options.cmdline,
                                 f"test=/sbin/conform {options.limit} /cases.list {first}")
        return machine.qemu_command(
            mem=options.mem, disk=options.disk, root=root, swap=swap,
            kernel=os.path.join(options.kernel_build, "pagoda.elf"), cmdline=line,
            accel=options.accel, serial="stdio", drive_options=",cache=unsafe") + \
            machine.EXIT_DEVICE + ["-monitor", "none"]


class Linux:
    """The kernel whose answers are right."""

    patience = 3  # emulated, it may take longer than on a processor

    @staticmethod
    def told(case):
        return case.linux

    @staticmethod
    def command(options, image, folder, first):
        root = os.path.join(folder, "root.img")
        machine.copy_sparse(image, root)
        # Without extents its ext4 has no fallocate(2).
        subprocess.run(["tune2fs", "-O", "extents", root], check=True, capture_output=True)
        run = f"/sbin/conform {options.limit * Linux.patience} /cases.list {first} pty"
        return linuxguest.command(run, root, folder, accel=options.accel)


class Guest:
    """A running guest. lines() yields what it prints, and ends when it does, when it has panicked
    or has been silent for too long; why says which."""

    def __init__(self, line, patience):
        self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.patience = patience
        self.why = ""

    def lines(self):
        os.set_blocking(self.process.stdout.fileno(), False)
        rest, deadline = b"", time.monotonic() + self.patience
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    self.why = self.why or "the guest hangs"
                    return
                if not selector.select(left):
                    continue
                data = self.process.stdout.read()
                if not data:
                    self.why = self.why or "the guest ended"
                    return
                *whole, rest = (rest + data).split(b"\n")
                for line in whole:
                    text = line.decode(errors="replace").replace("\r", "")
                    if text.startswith("@@ "):
                        deadline = time.monotonic() + self.patience
                    panic = PANIC.match(text)
                    if panic:
                        self.why = "panic: " + panic.group(1)
                        deadline = time.monotonic() + LAST_WORDS
                    yield text

    def type_bytes(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def end(self):
        self.process.kill()
        self.process.wait()
        return self.process.returncode


class Run:
    """A list of cases, in as many guests as it takes."""

    def __init__(self, peer, cases, options, complain):
        self.peer = peer          # Pagoda or Linux
        self.cases = cases
        self.options = options
        self.complain = complain  # told what is wrong with the guest itself
        self.first = 0            # the case that comes next

    def cases_done(self, folder):
        """Yields each case when it is done."""
        image = make_image(self.options, self.cases, folder)
        while self.first < len(self.cases):
            before = self.first
            guest = Guest(self.peer.command(self.options, image, folder, self.first),
                          self.options.limit * self.peer.patience + GRACE)
            try:
                yield from self.follow(guest)
            finally:
                status = guest.end()
            if self.first == before:
                raise SystemExit(f"conform: {guest.why} before its first case:\n"
                                 + "\n".join(self.rest[-30:]))
            if not guest.why.startswith("the guest ended") or self.first < len(self.cases):
                continue
            self.judge_guest(status, os.path.join(folder, "root.img"))

    def follow(self, guest):
        current, self.rest = None, []
        typist = Typist(guest.type_bytes)
        for line in guest.lines():
            if current and current.terminal:
                typist.see(line)
            if line.startswith("@@ case "):
                current, self.rest = self.cases[self.first], []
            self.rest.append(line)
            if current and re.match("@@ (exit|signal|late) ", line):
                self.end_case(current)
                yield current
                current, self.rest = None, []
        if current:
            self.end_case(current, guest.why)
            yield current

    def end_case(self, case, why=""):
        told = self.peer.told(case)
        told.write("\n".join(self.rest) + "\n", case.terminal)
        told.failed = why
        self.first += 1

    def judge_guest(self, status, root):
        """After the last case: init's audit (see userprog/bin/init.c), and the disk."""
        if self.peer is Linux:
            return
        audit = [line for line in self.rest if line.startswith("audit: ")]
        if audit != ["audit: clean"]:
            self.complain(audit[0] if audit else f"no audit; QEMU ended with status {status}")
        fsck = subprocess.run(["e2fsck", "-fn", root], capture_output=True, text=True, check=False)
        if fsck.returncode:
            self.complain(f"e2fsck -fn of its disk: status {fsck.returncode}\n{fsck.stdout}")


def run(cases, options, complain, peer=Pagoda):
    """Yields the cases when they are done; at once those that an earlier run has finished."""
    yield from (case for case in cases if peer.told(case).known())
    left = [case for case in cases if not peer.told(case).known()]
    if left:
        with tempfile.TemporaryDirectory(dir=options.out, prefix="guest-") as folder:
            yield from Run(peer, left, options, complain).cases_done(folder)


def ask_linux(cases, options):
    """What Debian's Linux says of the cases, which takes a line of progress."""
    for count, case in enumerate(run(cases, options, print, Linux), 1):
        print(f"\r  LINUX [{count}/{len(cases)}] {case.name:<32}", end="", flush=True)
    print("\r" + " " * 60, end="\r", flush=True)
