# SPDX-License-Identifier: MIT
"""Debian's Linux in QEMU: the yardstick where this machine's own kernel runs no i386 programs
(arm64, or a kernel without that emulation), and the peer of the bench.

runs_here() says whether the machine's own will do. The yardstick is Linux for amd64, which runs
i386 programs as almost every machine does on which people make them; the bench's peer is i386's.
"""

import functools
import os
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine

CACHE = os.path.join(machine.ROOT, ".cache")
PEER = os.path.join(CACHE, "linux")
YARDSTICK = os.path.join(CACHE, "linux-amd64")
WORDS = "console=ttyS0 quiet loglevel=3 mitigations=off random.trust_cpu=on"
NOT_HERE = "this machine's Linux runs no i386 programs"
MEM = 512  # MiB: what a program is told of the machine's memory is not compared

# How every /init goes on after its first line: the root disk on /mnt, the command line in `line`.
MOUNT_ROOT = """
export PATH=/bin
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
for module in /modules/*; do insmod $module; done
mount -t ext4 /dev/vda /mnt
mount -t proc proc /mnt/proc
mount -t devtmpfs dev /mnt/dev
read -r line </mnt/proc/cmdline
"""

# The root disk becomes /, with what a guest of Pagoda's has mounted; then a command.
INIT = "#!/bin/busybox sh" + MOUNT_ROOT + """
mkdir -p /mnt/dev/pts /mnt/dev/shm /mnt/root/scratch /mnt/tmp
mount -t devpts devpts /mnt/dev/pts
mount -t tmpfs -o mode=1777,size=32m tmp /mnt/tmp
mount -t tmpfs -o mode=1777,size=32m tmp /mnt/dev/shm
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
exec switch_root /mnt /bin/sh -c "cd /root/scratch; ${line##*run=}; sync; poweroff -f"
"""

# exit(0), for i386.
EXIT = b"\x31\xdb\x31\xc0\x40\xcd\x80"


@functools.lru_cache
def runs_here():
    """Whether this machine's kernel runs i386 programs."""
    base, header = 0x08048000, 52 + 32
    elf = struct.pack("<4sBBB9xHHIIIIIHHHHHH", b"\x7fELF", 1, 1, 1, 2, 3, 1, base + header, 52, 0,
                      0, 52, 32, 1, 0, 0, 0)
    size = header + len(EXIT)
    elf += struct.pack("<8I", 1, 0, base, base, size, size, 5, 4096) + EXIT
    with tempfile.TemporaryDirectory(prefix="pagoda-") as folder:
        path = os.path.join(folder, "exit")
        with open(path, "wb") as file:
            file.write(elf)
        os.chmod(path, 0o700)
        try:
            return subprocess.run([path], check=False).returncode == 0
        except OSError:
            return False


def fetch():
    """The kernel and its modules, once for all."""
    subprocess.run(["make", "-s", "-C", machine.ROOT, ".cache/linux-amd64", ".cache/busybox"], check=True,
                   stdout=subprocess.DEVNULL, env={**os.environ, "MAKEFLAGS": ""})


def read(path):
    with open(path, "rb") as file:
        return file.read()


def cpio(entries):
    """An archive in the format `newc` of (name, mode, contents)."""
    archive = bytearray()
    for number, (name, mode, data) in enumerate(entries + [("TRAILER!!!", 0, b"")], 1):
        path = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
        archive += b"070701" + b"".join(b"%08x" % field for field in fields) + path
        archive += b"\0" * (-len(archive) % 4) + data
        archive += b"\0" * (-len(archive) % 4)
    return bytes(archive)


def initramfs(kernel, init, more=()):
    """busybox, the kernel's modules for a virtio disk with ext2, /init, and more entries for
    cpio(). `kernel`: the folder that scripts/fetch-linux made."""
    entries = [(name, 0o40755, b"") for name in ("bin", "dev", "modules", "mnt", "proc")]
    entries += [("bin/busybox", 0o100755, read(os.path.join(CACHE, "busybox"))),
                ("init", 0o100755, init.encode()), *more]
    for name in sorted(os.listdir(kernel)):
        if name.endswith(".ko"):
            entries.append(("modules/" + name, 0o100644, read(os.path.join(kernel, name))))
    return cpio(entries)


def command(run, root, folder, disks=(), accel="tcg"):
    """QEMU's command line for a guest that boots from a root disk, runs a command of the shell,
    and ends. `folder`: where a file may lie as long as it runs."""
    fetch()
    archive = os.path.join(folder, "initramfs")
    with open(archive, "wb") as file:
        file.write(initramfs(YARDSTICK, INIT))
    line = machine.qemu_command(
        mem=MEM, disk="virtio", root=root, disks=disks, kernel=os.path.join(YARDSTICK, "vmlinuz"),
        cmdline=f"{WORDS} run={run}", accel=accel, serial="stdio", drive_options=",cache=unsafe")
    return ["qemu-system-x86_64", *line[1:], "-cpu", "max,-pku", "-monitor", "none", "-initrd", archive]
