# SPDX-License-Identifier: MIT
"""gdb stops at each change of a program's variable: scripts/gdb/watch.gdb on `demo gdb`, as
the demo itself describes it."""

import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, "scripts")
import machine
from shared.built import IMAGE, KERNEL
from shared.tap import check, done

SECONDS = 60
CHANGES = [(0, 1), (1, 4), (4, 9), (9, 16), (16, 25)]


def start_guest(folder, kernel, port):
    root, console = os.path.join(folder, "root.img"), os.path.join(folder, "console")
    machine.copy_sparse(IMAGE, root)
    command = machine.qemu_command(
        mem=32, disk="virtio", root=root, kernel=kernel, serial=f"file:{console}",
        cmdline=machine.boot_line("virtio", 0, "exit", "quiet", "test=/bin/demo gdb"))
    command += machine.EXIT_DEVICE + ["-monitor", "none", "-S", "-gdb", f"tcp:127.0.0.1:{port}"]
    return console, subprocess.Popen(command, stdin=subprocess.DEVNULL)


def run_gdb(kernel, port):
    command = [machine.GDB, "-q", "-nx", "-batch", kernel]
    for line in ("set confirm off", "set architecture i386", "set pagination off",
                 "set width 0", "set tcp connect-timeout 20",
                 f"target remote 127.0.0.1:{port}", "source scripts/gdb/pagoda.py",
                 "source scripts/gdb/watch.gdb", "detach"):
        command += ["-ex", line]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False).stdout


def main():
    port = machine.free_port()
    with tempfile.TemporaryDirectory(prefix="pagoda-gdb-") as folder:
        console, guest = start_guest(folder, KERNEL, port)
        try:
            told = run_gdb(KERNEL, port)
            guest.wait(timeout=20)
        finally:
            guest.kill()
            guest.wait()
        with open(console, encoding="utf-8", errors="replace") as file:
            said = file.read()
    print(re.sub("^", "# ", told + said, flags=re.MULTILINE))
    seen = re.findall(r"Old value = (\d+)\nNew value = (\d+)\n", told)
    culprits = re.findall(r"^#0 .* in demo_change \(", told, re.MULTILINE)
    check([tuple(map(int, pair)) for pair in seen] == CHANGES, "each change, old value and new")
    check(len(culprits) == len(CHANGES), "and who did it")
    check("verdict: exit 0" in said and "audit: clean" in said, "the guest noticed nothing")
    done()


if __name__ == "__main__":
    main()
