# SPDX-License-Identifier: MIT
"""Two guests on one serial line share memory, and prove it (`demo dsm`); and a line loses nothing,
however fast the bytes come and however late they are read (CRTSCTS)."""

import hashlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, "scripts")
import machine
from shared.built import BUILD, KERNEL_BUILD
from shared.shell import Shell
from shared.tap import check, done

SECONDS = 150
BYTES = 300_000  # far more than a line's buffers hold
SENT_BACK = 100_000
PAGE = 4096


def check_demo():
    told = subprocess.run(
        ["scripts/dsm", "--build", BUILD, "--kernel-build", KERNEL_BUILD],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)
    print(re.sub("^", "# ", told.stdout, flags=re.MULTILINE))
    check(told.returncode == 0, "both machines' claims hold")
    check("two processes take" not in told.stdout, "the machines are two, not two processes")
    came, went = {}, {}
    for name in "AB":
        said = "".join(re.findall(rf"^{name}\|(.*\n)", told.stdout, re.MULTILINE))
        came[name] = [int(number) for number in re.findall(r"; (\d+) pages came", said)]
        went[name] = [int(number) for number in re.findall(r"(\d+) went,", said)]
    check(len(came["A"]) == 2 and came["A"] == went["B"] and came["B"] == went["A"],
          f"what one machine sent the other received: {came}, {went}")


def read_slowly(line, n):
    """Some bytes at a time, with pauses in which the buffers fill."""
    data = b""
    while len(data) < n:
        more = line.recv(min(PAGE, n - len(data)))
        if not more:
            break
        data += more
        threading.Event().wait(0.01)
    return data


def check_line(folder):
    ours, guests = socket.socketpair()
    ours.settimeout(SECONDS)
    shell = Shell(folder, 16, 8, SECONDS, machine.line_options(guests.fileno()), [guests.fileno()])
    guests.close()
    data = os.urandom(BYTES)
    try:
        shell.read()
        shell.run("stty -F /dev/ttyS2 raw -echo crtscts")
        sender = threading.Thread(target=ours.sendall, args=(data,), daemon=True)
        sender.start()
        said = shell.run(f"(sleep 1; head -c {BYTES}) </dev/ttyS2 | md5sum")
        check(hashlib.md5(data).hexdigest() in said, f"{BYTES} bytes at once, read later: {said}")
        shell.type(f"head -c {SENT_BACK} /bin/busybox | tee /dev/ttyS2 | md5sum")
        back = read_slowly(ours, SENT_BACK)
        check(hashlib.md5(back).hexdigest() in shell.read(), f"{len(back)} bytes to a slow reader")
        said = shell.run("ls /dev/ttyS*; stty -F /dev/ttyS1")
        check("/dev/ttyS2" in said and "/dev/ttyS3" not in said, "a line that is not there")
        said = shell.run("mknod /tmp/absent c 4 67; cat /tmp/absent")
        check("No such device" in said, "and a node for it does not open: " + said)
    finally:
        shell.close()


def main():
    check_demo()
    with tempfile.TemporaryDirectory(prefix="pagoda-line-") as folder:
        check_line(folder)
    done()


if __name__ == "__main__":
    main()
