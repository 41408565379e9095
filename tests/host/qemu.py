# SPDX-License-Identifier: MIT
"""scripts/qemu on a terminal and without, in a clone whose path has spaces: a shell that answers,
one guest on one disk, gdb on a port of one's choice, and what it says when nobody can type."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, "scripts")
import machine
from shared.built import BUILD, IMAGE, KERNEL
from shared.tap import check, done

SECONDS = 40


def make_clone(folder, kernel):
    """As far as scripts/qemu and gdb look at it; without swap and GRUB, for speed."""
    clone = os.path.join(folder, "my own clone")
    build = os.path.join(clone, "build")
    os.makedirs(build)
    shutil.copytree("scripts", os.path.join(clone, "scripts"))
    for name in ("boot", "kernel", "vm", "userprog", "lib"):
        os.symlink(os.path.abspath(name), os.path.join(clone, name))
    for name in ("programs", "rootfs"):
        os.symlink(os.path.join(BUILD, name), os.path.join(build, name))
    shutil.copy(kernel, os.path.join(build, "pagoda.elf"))
    machine.copy_sparse(IMAGE, os.path.join(build, "root.img"))
    return clone


def command(*words):
    return ["scripts/qemu", "--mem", "32", "--swap", "0", "--kernel",
            "--cmdline", "root=vda quiet", *words]


class Guest:
    def __init__(self, clone, *words):
        ours, theirs = pty.openpty()
        self.terminal, self.text = ours, ""
        self.process = subprocess.Popen(command(*words), cwd=clone, stdin=theirs, stdout=theirs,
                                        stderr=theirs)
        os.close(theirs)

    def wait_for(self, pattern):
        deadline = time.monotonic() + SECONDS
        while not re.search(pattern, self.text):
            left = max(0, deadline - time.monotonic())
            if not select.select([self.terminal], [], [], left)[0]:
                return False
            try:
                self.text += os.read(self.terminal, 4096).decode(errors="replace")
            except OSError:  # QEMU has ended
                return False
        self.text = ""
        return True

    def type(self, line):
        os.write(self.terminal, line.encode() + b"\n")

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


def without_terminal(clone, **options):
    return subprocess.run(command(), cwd=clone, text=True, capture_output=True, check=False,
                          timeout=SECONDS, **options)


def on_a_terminal(clone):
    guest = Guest(clone)
    try:
        check(guest.wait_for(r"pagoda:\S* *# "), "a shell comes up")
        second = without_terminal(clone, stdin=subprocess.DEVNULL)
        check(second.returncode == 1 and "runs already" in second.stderr
              and str(guest.process.pid) in second.stderr, "a second guest is told of the first")
        guest.type("echo it is $((6 * 7))")
        check(guest.wait_for("it is 42"), "it does what is typed")
        guest.type("poweroff")
        check(guest.process.wait(SECONDS) == 0, "poweroff ends it")
    finally:
        guest.end()


def nobody_types(clone):
    for words, options in (("nothing", {"stdin": subprocess.DEVNULL}),
                           ("a pipe that has ended", {"input": ""})):
        told = without_terminal(clone, **options)
        check(told.returncode == 1 and "at its end" in told.stderr,
              f"{words}: it says so and leaves")
    told = without_terminal(clone, input="poweroff\n")
    check("at its end" in told.stdout, "when what was typed ends, so does QEMU")


def with_gdb(clone):
    port = machine.free_port()
    guest = Guest(clone, "--gdb", str(port))
    try:
        check(guest.wait_for(rf"set \$port = {port}"), "it says how to attach gdb")
        told = subprocess.run(
            [machine.GDB, "-q", "-nx", "-batch", "build/pagoda.elf", "-ex", f"set $port = {port}",
             "-x", "scripts/gdb/attach.gdb", "-ex", "pagoda break-exec init", "-ex", "continue",
             "-ex", "pagoda user 1", "-ex", "pagoda in 1 info line main"],
            cwd=clone, text=True, capture_output=True, check=False, timeout=SECONDS)
    finally:
        guest.end()
    print(re.sub("^", "# ", told.stdout + told.stderr, flags=re.MULTILINE))
    check("symbols of /sbin/init" in told.stdout and "userprog/bin/init.c" in told.stdout,
          "gdb comes to it, and knows a program's symbols")


def main():
    with tempfile.TemporaryDirectory(prefix="pagoda-qemu-") as folder:
        clone = make_clone(folder, KERNEL)
        on_a_terminal(clone)
        nobody_types(clone)
        with_gdb(clone)
    done()


if __name__ == "__main__":
    main()
