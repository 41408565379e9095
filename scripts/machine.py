# SPDX-License-Identifier: MIT
"""The machine that Pagoda runs on: the one place that knows QEMU's command line.

scripts/qemu, scripts/debug and scripts/check ask qemu_command() for it.
"""

import os
import socket
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# A guest ends with `exit=N` as QEMU's exit status 2 * N + 1, through this device.
EXIT_DEVICE = ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]


def disk_name(disk, index):
    """What the kernel calls the index-th disk: vda, vdb or hda, hdb."""
    return ("hd" if disk == "ata" else "vd") + "ab"[index]


def boot_line(disk, swap, *words):
    """The kernel's command line: which disks, then the given words."""
    line = ["root=" + disk_name(disk, 0)]
    if swap:
        line.append("swap=" + disk_name(disk, 1))
    return " ".join(line + [word for word in words if word])


def test_line(disk, swap, name, arguments, *words):
    """The same for a test; init takes all that follows test= for the test's own."""
    return boot_line(disk, swap, *words, f"test=/tests/{name} {arguments}".strip())


def drive(disk, index, path, options=""):
    """The options for one disk. With two, the CD-ROM is left at index 2."""
    path = path.replace(",", ",,")
    base = f"file={path},format=raw,index={index}{options}"
    if disk == "ata":
        return ["-drive", base + ",if=ide,media=disk"]
    return ["-drive", base + f",if=none,id=disk{index}",
            "-device", f"virtio-blk-pci,drive=disk{index}"]


def qemu_command(*, mem, disk, root, swap=None, kernel=None, iso=None, cmdline="",
                 accel="tcg", display="none", serial="mon:stdio", drive_options=""):
    """root, swap: paths of images. kernel (with cmdline) or iso (which carries its own)."""
    command = ["qemu-system-i386", "-accel", accel, "-m", str(mem), "-no-reboot",
               "-display", display, "-serial", serial, "-nic", "none"]
    command += drive(disk, 0, root, drive_options)
    if swap:
        command += drive(disk, 1, swap, drive_options)
    if kernel:
        command += ["-kernel", kernel, "-append", cmdline]
    else:
        command += ["-drive", f"file={iso},format=raw,index=2,if=ide,media=cdrom,readonly=on",
                    "-boot", "d"]
    return command


def make_swap(path, mib):
    """A fresh swap image of that size; sparse."""
    if os.path.exists(path):
        os.remove(path)
    with open(path, "wb") as image:
        image.truncate(mib << 20)
    os.chmod(path, 0o600)
    subprocess.run(["mkswap", "-q", path], check=True, stdout=subprocess.DEVNULL)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
