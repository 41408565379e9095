# SPDX-License-Identifier: MIT
"""The kernels that the bench programs run under: Pagoda, and Debian's Linux for i386.

Both boot in QEMU with the same disks: the test image, and an empty swap disk. Under Linux a
small initramfs (busybox and the modules for those disks) mounts the first and changes to it,
so that the very same binaries run.
"""

import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import linuxguest
import machine

# A nanosecond of virtual time is an instruction; an idle processor's time is skipped.
ICOUNT = ["-icount", "shift=0,sleep=off"]
ICOUNT_WAITING = ["-icount", "shift=0"]  # an idle processor's time goes by
# What Linux would spend on defence or chance, Pagoda does not either.
LINUX_WORDS = ("console=ttyS0 quiet loglevel=3 mitigations=off nokaslr norandmaps "
               "randomize_kstack_offset=off")

# /boot is tests/bench/boot: it tells when the first command of the first shell runs, here with
# no disk yet.
LINUX_INIT = "#!/bin/busybox sh\n/boot" + linuxguest.MOUNT_ROOT + """
mount -t tmpfs tmp /mnt/tmp
swapon /dev/vdb
mkdir -p /mnt/root/scratch
chroot /mnt /bin/sh -c "cd /root/scratch; ${line##*bench=}"
poweroff -f
"""


class GuestFailed(Exception):
    pass


class Peer:
    """A kernel in a setting. run() boots it and returns what the programs told. `drive`: more
    options of QEMU for the disks."""

    def __init__(self, name, build, mem, words="", drive=""):
        self.name = name
        self.build = build
        self.mem = mem
        self.words = words
        self.drive = drive

    def command(self, programs, folder, swap, accel="tcg"):
        """QEMU's command line for a guest that runs these command lines one after another."""
        root = os.path.join(folder, "root.img")
        swap_image = os.path.join(folder, "swap.img")
        machine.copy_sparse(os.path.join(self.build, "test.img"), root)
        machine.make_swap(swap_image, swap)
        kernel, line, more = self.kernel(programs, folder)
        return machine.qemu_command(
            mem=self.mem, disk="virtio", root=root, swap=swap_image, kernel=kernel,
            cmdline=line, accel=accel, serial="stdio",
            drive_options=",cache=unsafe" + self.drive) + \
            machine.EXIT_DEVICE + ["-monitor", "none"] + more

    def run(self, programs, options=(), accel="tcg", swap=256, timeout=600):
        told = ""
        for batch in self.batches(programs):
            told += self.boot(batch, options, accel, swap, timeout)
        return told

    def boot(self, programs, options, accel, swap, timeout):
        with tempfile.TemporaryDirectory(prefix="pagoda-bench-") as folder:
            command = self.command(programs, folder, swap, accel) + list(options)
            try:
                done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                      timeout=timeout)
            except subprocess.TimeoutExpired as late:
                raise GuestFailed(self.failure(programs, late.stdout)) from late
        told = done.stdout.decode(errors="replace").replace("\r", "")
        if not self.ended_well(told):
            raise GuestFailed(self.failure(programs, done.stdout + done.stderr))
        return told

    def failure(self, programs, output):
        words = (output or b"").decode(errors="replace")[-2000:]
        return f"{self.name} did not finish {programs}:\n{words}"


class Pagoda(Peer):
    def batches(self, programs):
        return [[program] for program in programs]

    def kernel(self, programs, folder):
        program = "/tests/bench/" + programs[0]
        if programs[0] == "boot":
            program = "/bin/sh -c " + program
        line = machine.boot_line("virtio", True, "exit", "quiet", self.words, "test=" + program)
        return os.path.join(machine.kernel_folder(self.build), "pagoda.elf"), line, []

    def ended_well(self, told):
        return "verdict: exit 0" in told and "audit: clean" in told


class Linux(Peer):
    def batches(self, programs):
        return [programs]

    def kernel(self, programs, folder):
        initramfs = os.path.join(folder, "initramfs")
        with open(initramfs, "wb") as file:
            file.write(self.initramfs())
        commands = ";".join("/tests/bench/" + program for program in programs)
        line = f"{LINUX_WORDS} {self.words} bench={commands};echo bench-end"
        return os.path.join(linuxguest.PEER, "vmlinuz"), line, ["-initrd", initramfs]

    def initramfs(self):
        boot = linuxguest.read(os.path.join(self.build, "rootfs/tests/bench/boot"))
        return linuxguest.initramfs(linuxguest.PEER, LINUX_INIT, [("boot", 0o100755, boot)])

    def ended_well(self, told):
        return "bench-end" in told


def linux_version():
    return linuxguest.read(os.path.join(linuxguest.PEER, "version")).decode().strip()


# ---- what the programs tell --------------------------------------------------------------


def rows(told):
    """{row: ticks}"""
    return {name: int(value) for name, value in re.findall(r"^row (\S+) (\d+)$", told, re.M)}


def seconds(told):
    """{row: seconds}, by the clock line that follows each program's rows."""
    result, pending = {}, {}
    for word, first, second in re.findall(r"^(row|clock) (\S+) (\d+)$", told, re.M):
        if word == "row":
            pending[first] = int(second)
        else:
            tick = int(second) / int(first) / 1e9
            result.update((name, value * tick) for name, value in pending.items())
            pending = {}
    return result


def counts(told):
    """{row: {what: number}}"""
    result = {}
    for name, pairs in re.findall(r"^counts (\S+) (.*)$", told, re.M):
        words = pairs.split()
        result[name] = dict(zip(words[::2], map(int, words[1::2])))
    return result


def curves(told):
    """{curve: [(x, ticks)]}"""
    result = {}
    for name, x, value in re.findall(r"^curve (\S+) (\d+) (\d+)$", told, re.M):
        result.setdefault(name, []).append((int(x), int(value)))
    return result
