# SPDX-License-Identifier: MIT
"""A guest's shell, typed at by a test."""

import os
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, "scripts")
import machine
from shared.built import IMAGE, KERNEL

READY = b"pagoda:~# \x1b[6n"  # busybox asks where the cursor is


class Shell:
    """A guest as `make qemu MEM=... SWAP=...` gives it, but for GRUB; killed when its time is over.
    options: more for QEMU; pass_fds: files that these name."""

    def __init__(self, folder, mem, swap, seconds, options=(), pass_fds=()):
        root, swap_image = os.path.join(folder, "root.img"), os.path.join(folder, "swap.img")
        machine.copy_sparse(IMAGE, root)
        machine.make_swap(swap_image, int(swap))
        command = machine.qemu_command(
            mem=mem, disk="virtio", root=root, swap=swap_image, kernel=KERNEL, serial="stdio",
            cmdline=machine.boot_line("virtio", 1, "explain"), drive_options=",cache=unsafe")
        self.guest = subprocess.Popen([*command, "-monitor", "none", *options],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      pass_fds=pass_fds)
        self.watch = threading.Timer(seconds, self.guest.kill)
        self.watch.start()

    def close(self):
        self.watch.cancel()
        self.guest.kill()
        self.guest.wait()

    def read(self):
        """What comes until the next prompt, or until the guest has ended."""
        text = b""
        while not text.endswith(READY):
            more = os.read(self.guest.stdout.fileno(), 4096)
            if not more:
                break
            text += more
        return text.removesuffix(READY).decode(errors="replace")

    def type(self, command):
        self.guest.stdin.write(command.encode() + b"\n")
        self.guest.stdin.flush()

    def run(self, command):
        self.type(command)
        return self.read().partition("\n")[2]  # without the echo
