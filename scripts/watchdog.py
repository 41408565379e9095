# SPDX-License-Identifier: MIT
"""Asks a guest whether it still works, by a non-maskable interrupt; kernel/watch.h says what the
kernel answers. scripts/check does so for each test.

What counts is what QEMU has worked: on a slow or busy machine the guest is asked later. Where
the host does not tell (no /proc), the guest is asked only when its time is up.
"""

import os
import socket
import time

WORK_SECONDS = 2.5    # of QEMU's processor time from one question to the next
IDLE_SECONDS = 2.0    # without work; the question is asked again after as long
IDLE_SHARE = 0.1      # of a processor: so little work, and so little waiting for one, is idle
APART_SECONDS = 2.0   # between two questions; twice within a second would be insisting
LAST_WORDS_SECONDS = 3.0
TICKS = os.sysconf("SC_CLK_TCK")


def work_of(pid):
    """Seconds that all threads of a process have run, and that they have waited for a processor
    while they could have run. Raises OSError where that is not told."""
    run = wait = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            nanoseconds = file.read().split()
        run += int(nanoseconds[0])
        wait += int(nanoseconds[1])
    return run / 1e9, wait / 1e9


class Watchdog:
    """For one guest: options() on QEMU's command line, fds to leave open, then look() often."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.asked_at = None   # seconds of work when it was last asked for these
        self.asked_when = 0.0  # by this machine's clock, for whatever reason
        self.calm = None       # (time, work, wait) since when it is looked whether it is idle

    def options(self):
        return ["-chardev", f"socket,id=watchdog,fd={self.theirs.fileno()}",
                "-mon", "chardev=watchdog,mode=readline"]

    def fds(self):
        return [self.theirs.fileno()]

    def close(self):
        self.ours.close()
        self.theirs.close()

    def ask(self):
        self.asked_when = time.monotonic()
        try:
            while self.ours.recv(65536):
                pass
        except OSError:
            pass
        try:
            self.ours.send(b"nmi\n")
        except OSError:
            pass

    def insist(self):
        """Asked twice within a second, the kernel stops and says what everybody does."""
        self.ask()
        time.sleep(0.3)
        self.ask()

    def look(self, pid):
        try:
            run, wait = work_of(pid)
        except (OSError, ValueError, IndexError):
            return
        now = time.monotonic()
        if self.asked_at is None:
            self.asked_at, self.calm = run, (now, run, wait)
        if now - self.asked_when < APART_SECONDS:
            return
        if run - self.asked_at >= WORK_SECONDS:
            self.asked_at = run
            self.ask()
            return
        since, run_then, wait_then = self.calm
        if now - since < IDLE_SECONDS:
            return
        if run - run_then + wait - wait_then < IDLE_SHARE * (now - since):
            self.ask()
        self.calm = (now, run, wait)
