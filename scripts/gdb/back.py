# SPDX-License-Identifier: MIT
"""reverse-continue for `make replay`: back to the last time that a breakpoint or watchpoint
was met before now.

QEMU can do this by itself, but version 7.2 then waits for itself for ever (docs/record-replay.md).
What it does reliably is go to the start and run forward again, and every run is the same. So:
from the start, note where it stops before now; then from the start again to the last of these.
"""

import re

import gdb

from guest.memory import forget

START = "start"  # the snapshot that scripts/record takes


def moment():
    """Instructions executed so far."""
    told = gdb.execute("monitor info replay", to_string=True)
    return int(re.search(r"instruction count = (\d+)", told).group(1))


def to_start():
    gdb.execute("stepi", to_string=True)  # QEMU does not forget that it stands at a watchpoint
    gdb.execute(f"monitor loadvm {START}", to_string=True)
    gdb.execute("maintenance flush register-cache", to_string=True)
    gdb.execute("maintenance flush dcache", to_string=True)
    forget()
    for point in gdb.breakpoints():  # a watchpoint looks afresh what the value is
        if point.enabled:
            point.enabled = False
            point.enabled = True


def stops_before(now):
    """From the start, the moments of the stops before that one; ends there."""
    gdb.execute(f"monitor replay_break {now}", to_string=True)
    stops = []
    while True:
        gdb.execute("continue", to_string=True)
        at = moment()
        if at >= now:
            gdb.execute("monitor replay_delete_break", to_string=True)
            return stops
        stops.append(at)


def continue_to(wanted):
    while moment() < wanted:
        gdb.execute("continue")


class ReverseContinue(gdb.Command):
    """Back to the last time that a breakpoint or watchpoint was met. A watchpoint stops after
    the instruction that wrote; `reverse-stepi` goes before it."""

    def __init__(self):
        super().__init__("reverse-continue", gdb.COMMAND_RUNNING)

    def invoke(self, _arguments, _from_terminal):
        if not any(point.enabled for point in gdb.breakpoints() or ()):
            raise gdb.GdbError("Where to? Set a breakpoint or a watchpoint first.")
        now = moment()
        gdb.execute("set suppress-cli-notifications on")
        try:
            to_start()
            stops = [0, *stops_before(now)]
            to_start()
            continue_to(stops[-2] if len(stops) > 1 else 0)
        finally:
            gdb.execute("set suppress-cli-notifications off")
        if stops[-1] == 0:
            raise gdb.GdbError("Not met before; this is the start.")
        continue_to(stops[-1])
        print(f"{now - moment()} instructions back")


ReverseContinue()
