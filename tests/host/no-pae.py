# SPDX-License-Identifier: MIT
"""On a processor without PAE, a kernel of PAGING=pae says on the serial line and on the screen why it
does not run, and stops: no reset, no silence."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from shared.built import KERNEL
from shared.tap import check, done
import machine

SECONDS, PAUSE = 30, 0.5
SENTENCE = b"this kernel was made with PAGING=pae, and this processor has no PAE."
VGA_TEXT = 0xB8000


def monitor(path, command):
    """What QEMU's monitor answers."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        line.settimeout(SECONDS)
        line.sendall(command.encode() + b"\n")
        told = b""
        while told.count(b"(qemu)") < 2:
            told += line.recv(65536)
    return told.decode(errors="replace")


def wait_for(guest, file):
    """Until the sentence is there; False: it does not come."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and guest.poll() is None:
        with open(file, "rb") as serial:
            if SENTENCE in serial.read():
                return True
        time.sleep(PAUSE)
    return False


def screen(path):
    """The first line of the screen: every other byte."""
    told = monitor(path, f"xp /160xb {VGA_TEXT:#x}")
    found = [int(word, 16) for line in told.splitlines() if ":" in line
             for word in re.findall(r"0x([0-9a-f]{2})\b", line.partition(":")[2])]
    return bytes(found[::2])


def main():
    if machine.PAGING != "pae":
        print("for kernels of PAGING=pae")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="pagoda-no-pae-") as folder:
        serial, control = os.path.join(folder, "serial"), os.path.join(folder, "monitor")
        command = ["qemu-system-i386", "-accel", "tcg", "-m", "16", "-no-reboot", "-display", "none",
                   "-nic", "none", "-cpu", "qemu32,-pae", "-kernel", KERNEL, "-serial",
                   f"file:{serial}", "-monitor", f"unix:{control},server=on,wait=off"]
        with open(serial, "wb"):
            pass
        guest = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            check(wait_for(guest, serial), "the serial line has the sentence")
            check(SENTENCE in screen(control), "the screen, too")
            check(guest.poll() is None, "the machine stands still")
        finally:
            guest.kill()
            guest.wait()
    done()


if __name__ == "__main__":
    main()
