# SPDX-License-Identifier: MIT
"""The machine that Pagoda runs on: the one place that knows QEMU's command line.

scripts/qemu, scripts/debug and scripts/check ask qemu_command() for it.
"""

import fcntl
import os
import re
import shlex
import socket
import subprocess
import sys
import threading

import ext2damage
import ext2image

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Whether this machine's own compiler, binutils and gdb know i386.
IS_X86 = os.uname().machine in ("x86_64", "i386", "i486", "i586", "i686")
CROSS = os.environ.get("CROSS", "" if IS_X86 else "i686-linux-gnu-")
NM, ADDR2LINE, GCOV = CROSS + "nm", CROSS + "addr2line", CROSS + "gcov"
GDB = "gdb" if IS_X86 else "gdb-multiarch"
GRUB = "/usr/lib/grub/i386-pc"  # what of GRUB goes on the ISO

# A guest ends with `exit=N` as QEMU's exit status 2 * N + 1, through this device.
EXIT_DEVICE = ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]

# The kernel that is built for PAE wants a processor with it, and with NX: QEMU's own for i386 has
# no NX.
PAGING = os.environ.get("PAGING", "two-level")
CPU = "qemu32,+nx" if PAGING == "pae" else ""


def kernel_folder(build, kind=""):
    """Where in a folder of builds that kernel lies (as the Makefile puts it); kind: "", the plain one,
    "checked" or "locktimes"."""
    return os.path.join(build, "pae" if PAGING == "pae" else "", kind)


def cpu_options(cpu=""):
    """The processor; none given: QEMU's own, or what the kind of kernel needs."""
    return ["-cpu", cpu or CPU] if cpu or CPU else []


# What a test may say about its machine, in a line `guest: ...` at its head.
GUEST_DEFAULTS = {
    "mem": "16",           # MiB of RAM
    "swap": "32",          # MiB of swap; 0: none
    "disk": "virtio",      # or ata; or pio: the same in a PC without PCI, which has no DMA
    "cpu": "",             # QEMU's -cpu, as in qemu32,-fxsr; none: its usual one
    "timeout": "60",       # seconds after which the guest counts as hung
    "args": "",            # arguments of the program
    "cmdline": "",         # more words for the kernel
    "disks": "",           # further disks with an ext2 on each: see make_disks()
    "errors": "",          # what the disks fail at: see disk_errors()
    "host": "",            # a program in tests/host-checks, run on the disk image afterwards
    "trace": False,        # there is a way out for the trace; what comes is thrown away
    "grub": False,         # boot the ISO by GRUB instead of -kernel
    "pagoda-only": False,  # claims what Linux does not: not run by --linux
    "linux-root": False,   # under --linux only for root
    "writes": False,       # for the reader: this test is about the disk
}


GUEST_LISTS = ("disks", "errors")  # given again, these say more


def disk_name(disk, index):
    """What the kernel calls the index-th disk: vda, vdb, ... or hda, hdb."""
    return ("vd" if disk == "virtio" else "hd") + chr(ord("a") + index)


def boot_line(disk, swap, *words):
    """The kernel's command line: which disks, then the given words."""
    line = ["root=" + disk_name(disk, 0)]
    if swap:
        line.append("swap=" + disk_name(disk, 1))
    return " ".join(line + [word for word in words if word])


def drive(disk, index, path, options=""):
    """The options for one disk. With two, the CD-ROM is left at index 2."""
    path = path.replace(",", ",,")
    base = f"file={path},format=raw,index={index}{options}"
    if disk in ("ata", "pio"):
        return ["-drive", base + ",if=ide,media=disk"]
    return ["-drive", base + f",if=none,id=disk{index}",
            "-device", f"virtio-blk-pci,drive=disk{index}"]


def qemu_command(*, mem, disk, root, swap=None, disks=(), kernel=None, iso=None, cmdline="",
                 accel="tcg", display="none", serial="mon:stdio", drive_options="", cpu=""):
    """root, swap, disks: paths of images. kernel (with cmdline) or iso (which carries its own)."""
    if disk == "pio":
        machine, cpu = ["-machine", "isapc"], cpu or "pentium3"
    else:
        machine = []
    command = ["qemu-system-i386", *machine, "-accel", accel, "-m", str(mem), "-no-reboot",
               *cpu_options(cpu), "-display", display, "-serial", serial, "-nic", "none"]
    command += drive(disk, 0, root, drive_options)
    if swap:
        command += drive(disk, 1, swap, drive_options)
    for index, path in enumerate(disks, 2 if swap else 1):
        command += drive(disk, index, path, drive_options)
    if kernel:
        command += ["-kernel", kernel, "-append", cmdline]
    else:
        command += ["-drive", f"file={iso},format=raw,index=2,if=ide,media=cdrom,readonly=on",
                    "-boot", "d"]
    return command


def take_disk(build):
    """Makes this process the one that has the root disk of the folder, until its end, also as
    another program (exec); leaves with a sentence if there is one already."""
    lock = os.open(os.path.join(build, "root.taken"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"A guest on this tree's disk runs already: process {os.read(lock, 20).decode()}."
                 " Leave it, or give this one a folder of its own: make qemu BUILD=build-2")
    os.set_inheritable(lock, True)
    os.truncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())


def trace_options(path):
    """The options for the trace's way out, into a file. Without ioeventfd the device takes
    what it is given before the guest goes on, so nothing is ever lost."""
    path = path.replace(",", ",,")
    return ["-device", "virtio-serial-pci,ioeventfd=off,max_ports=1",
            "-chardev", f"file,id=trace,path={path}", "-device", "virtconsole,chardev=trace"]


def line_options(fd):
    """The options for the third serial port, ttyS2 (the second is left alone): the line is a
    connected socket, which QEMU inherits."""
    return ["-serial", "null", "-serial", "chardev:line", "-chardev", f"socket,id=line,fd={fd}"]


def make_swap(path, mib):
    """A fresh swap image of that size; sparse."""
    if os.path.exists(path):
        os.remove(path)
    with open(path, "wb") as image:
        image.truncate(mib << 20)
    os.chmod(path, 0o600)
    subprocess.run(["mkswap", "-q", path], check=True, stdout=subprocess.DEVNULL)


def recorded_disks(settings):
    return ["root", "swap"] if int(settings["swap"]) else ["root"]


def recorded_command(mode, name, settings, folder, words, serial):
    """QEMU's command line that records an in-guest test, or replays it (mode), with what is in
    the folder: pagoda.elf, root.qcow2, swap.qcow2. The first snapshot of the disks and the
    machine, "start", is where replaying begins. -kernel always: GRUB adds nothing here."""
    line = boot_line(settings["disk"], int(settings["swap"]), "exit", settings["cmdline"], words,
                     f"test=/tests/{name} {settings['args']}".strip())
    inside = os.path.join(folder, "").replace(",", ",,")
    command = ["qemu-system-i386", "-accel", "tcg", "-m", settings["mem"], "-no-reboot",
               *cpu_options(settings["cpu"]), "-display", "none", "-serial", serial, "-nic", "none",
               *EXIT_DEVICE, "-icount",
               f"shift=auto,rr={mode},rrfile={inside}events,rrsnapshot=start",
               "-kernel", os.path.join(folder, "pagoda.elf"), "-append", line]
    for index, disk in enumerate(recorded_disks(settings)):
        command += ["-drive", f"file={inside}{disk}.qcow2,if=none,id={disk}",
                    "-drive", f"driver=blkreplay,if=none,image={disk},id=disk{index}"]
        device = f"ide-hd,unit={index}" if settings["disk"] == "ata" else "virtio-blk-pci"
        command += ["-device", f"{device},drive=disk{index}"]
    return command


def logged_command(*, mem, disk, root, log, swap, kernel, cmdline):
    """QEMU's command line for a guest whose console is its standard input and output, and whose
    writes to the root disk go into a log as well, flushes among them (writelog.py). The host's own
    disk is not flushed for them."""
    def escaped(path):
        return path.replace(",", ",,")
    root_file = f"file.driver=file,file.filename={escaped(root)},file.cache.no-flush=on"
    log_file = f"log.driver=file,log.filename={escaped(log)},log.cache.no-flush=on"
    command = ["qemu-system-i386", "-accel", "tcg", "-m", str(mem), "-no-reboot",
               *cpu_options(), "-display", "none", "-serial", "stdio", "-monitor", "none", "-nic", "none",
               "-kernel", kernel, "-append", cmdline,
               "-blockdev", f"driver=blklogwrites,node-name=root,{root_file},{log_file}",
               "-blockdev", f"driver=file,node-name=swap,filename={escaped(swap)},"
                            "cache.no-flush=on"]
    for index, node in enumerate(("root", "swap")):
        device = f"ide-hd,bus=ide.0,unit={index}" if disk == "ata" else "virtio-blk-pci"
        command += ["-device", f"{device},drive={node}"]
    return command


def end_after(process, seconds):
    """Kills the process when its time is over; cancel() the timer that is returned."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    return timer


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class BadSettings(Exception):
    pass


def comment_words(path, key):
    """What follows `key:` in the comment at the head of a source, on one line or several, as
    shell words."""
    words = []
    with open(path, encoding="utf-8") as source:
        for _, line in zip(range(60), source):
            found = re.match(r"\s*/?\*+\s*" + key + r":\s*(.*?)\s*(\*/)?\s*$", line)
            if found:
                words += shlex.split(found.group(1))
    return words


def guest_settings(path):
    """What its `guest:` line says. A word behind "pae:" counts only for the kernel of that kind."""
    settings = dict(GUEST_DEFAULTS)
    for word in comment_words(path, "guest"):
        if word.startswith("pae:") and PAGING != "pae":
            continue
        name, equals, value = word.removeprefix("pae:").partition("=")
        if name not in settings or isinstance(settings[name], bool) == bool(equals):
            raise BadSettings(f"{path}: `guest:` does not know {word}")
        if name in GUEST_LISTS and settings[name]:
            value = settings[name] + " " + value
        settings[name] = value if equals else True
    return settings


def copy_sparse(source, target):
    subprocess.run(["cp", "--reflink=auto", "--sparse=always", source, target], check=True)


ERRORS_FILE, ERRORS_PAGES = "/root/errors", 12  # all of them direct blocks


def make_errors_file(root, folder):
    """Puts a file on the root disk, page k full of the k-th letter. The sector of each page."""
    source = os.path.join(folder, "errors")
    with open(source, "wb") as file:
        file.write(b"".join(bytes([ord("a") + k]) * 4096 for k in range(ERRORS_PAGES)))

    def debugfs(*arguments):
        return subprocess.run(["debugfs", *arguments, root], check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    debugfs("-w", "-R", f'write "{source}" {ERRORS_FILE}')
    return [8 * int(block) for block in debugfs("-R", f"blocks {ERRORS_FILE}").split()]


def make_disks(words, folder):
    """Further disks, behind root and swap: a word makes one. Each is a small ext2 with a bit of
    everything (ext2image.base_image): "good"; "damage:NAME+NAME", so damaged (ext2damage.DAMAGES);
    "mutant:SEED", damaged as a seed wants it. Their paths."""
    paths = []
    for number, word in enumerate(words.split()):
        path = os.path.join(folder, f"disk{number}.img")
        kind, _, how = word.partition(":")
        if kind == "mutant":
            ext2damage.mutant(path, how)
        elif kind == "damage" or word == "good":
            ext2damage.named(path, how)
        else:
            raise BadSettings(f"disks= does not know {word}")
        paths.append(path)
    return paths


def error_rules(operation, times, sector):
    """sector: None for any."""
    place = "" if sector is None else f'sector = "{sector}"\n'
    return (2 if times == "-twice" else 1) * [
        f'[inject-error]\nevent = "none"\niotype = "{operation}"\nerrno = "5"\n'
        f'{place}once = "{"on" if times else "off"}"\n']


def disk_errors(words, root, disks, folder):
    """For {"root", "swap", "disk0", ...} the rules of QEMU's blkdebug driver that make the disk
    fail, a file.

    Each word is DISK:OPERATION:FIRST[-LAST], as in "swap:read:1-400 root:write-twice:3": the
    operation (read or write) fails at these swap slots or pages of ERRORS_FILE, with -once or
    -twice only the first times; "all": everywhere. The kernel tries everything twice itself. On
    one of the further disks a place has a name: "disk0:read:indirect=/a/big"
    (ext2image.Image.place), with [N] behind it the N-th block of several."""
    rules = {}
    on_root = any(word.startswith("root:") for word in words.split())
    pages = make_errors_file(root, folder) if on_root else []
    sectors = {"root": lambda page: pages[page], "swap": lambda slot: 8 * slot}
    for word in words.split():
        found = re.fullmatch(r"(root|swap|disk\d+):(read|write)(-once|-twice)?:"
                             r"(?:(\d+)(?:-(\d+))?|([a-z].*?)(?:\[(\d+)\])?)", word)
        everywhere = found and found[6] == "all"
        if not found or (found[1] in sectors) != bool(found[4]) and not everywhere:
            raise BadSettings(f"errors= does not know {word}")
        disk, operation, times, first, last, name, which = found.groups()
        if everywhere:
            places = [None]
        elif name:
            blocks = ext2image.Image(disks[int(disk[4:])]).place(name)
            places = [8 * block for block in (blocks[int(which):][:1] if which else blocks)]
        else:
            places = [sectors[disk](i) for i in range(int(first), int(last or first) + 1)]
        for place in places:
            rules.setdefault(disk, []).extend(error_rules(operation, times, place))
    paths = {}
    for disk, texts in rules.items():
        paths[disk] = os.path.join(folder, f"{disk}.errors")
        with open(paths[disk], "w", encoding="utf-8") as file:
            file.write("\n".join(texts))
    return paths


def failing(path, rules):
    """QEMU's name for the image with the rules."""
    return f"blkdebug:{rules}:{path}" if rules else path


def test_guest(name, source, folder, image, kernel, serial, words=(), accel="tcg",
               settings=None):
    """QEMU's command line for an in-guest test; makes its disks (and ISO) in the folder, the
    root disk as root.img, a copy of the image. settings come before what the source says."""
    settings = {**guest_settings(source), **(settings or {})}
    disk, swap_mib, swap = settings["disk"], int(settings["swap"]), None
    root = os.path.join(folder, "root.img")
    copy_sparse(image, root)
    if swap_mib:
        swap = os.path.join(folder, "swap.img")
        make_swap(swap, swap_mib)
    # init takes all that follows test= for the test's own.
    line = boot_line(disk, swap_mib, "exit", settings["cmdline"], *words,
                     f"test=/tests/{name} {settings['args']}".strip())
    disks = make_disks(settings["disks"], folder)
    errors = disk_errors(settings["errors"], root, disks, folder)
    root, swap = failing(root, errors.get("root")), failing(swap, errors.get("swap"))
    disks = [failing(path, errors.get(f"disk{i}")) for i, path in enumerate(disks)]
    iso = None
    if settings["grub"]:
        iso = os.path.join(folder, "pagoda.iso")
        subprocess.run([os.path.join(ROOT, "scripts/make-iso"), iso, kernel, line], check=True,
                       stdout=subprocess.DEVNULL)
        kernel = None
    command = qemu_command(mem=settings["mem"], disk=disk, root=root, swap=swap, disks=disks,
                           kernel=kernel, iso=iso, cmdline=line, accel=accel, serial=serial,
                           drive_options=",cache=unsafe", cpu=settings["cpu"])
    if settings["trace"]:
        command += trace_options("/dev/null")
    return command + EXIT_DEVICE + ["-monitor", "none"]
