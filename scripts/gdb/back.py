# SPDX-License-Identifier: MIT
"""reverse-continue and reverse-stepi for `make replay`: back to the last time that a breakpoint
or watchpoint was met before now; back by instructions.

QEMU can do this by itself, but version 7.2 then waits for itself for ever, always or now and
then. What it does reliably is go to the start and run forward again, and every run is the same.
So reverse-stepi runs as many instructions as were run before now, but one; and reverse-continue
notes from the start where it stops before now, and goes from the start again to the last of these.
"""

import contextlib
import re

import gdb

from guest.memory import forget

START = "start"  # the snapshot that scripts/record takes
BEYOND = 100     # instructions: where to stop at the latest, if nothing is met at `now` itself


def moment():
    """Instructions executed so far."""
    told = gdb.execute("monitor info replay", to_string=True)
    return int(re.search(r"instruction count = (\d+)", told).group(1))


@contextlib.contextmanager
def disabled_points():
    points = [point for point in gdb.breakpoints() or () if point.enabled]
    for point in points:
        point.enabled = False
    try:
        yield
    finally:
        for point in points:
            point.enabled = True


@contextlib.contextmanager
def quiet():
    gdb.execute("set suppress-cli-notifications on")
    try:
        yield
    finally:
        gdb.execute("set suppress-cli-notifications off")


def to_start():
    gdb.execute("stepi", to_string=True)  # QEMU does not forget that it stands at a watchpoint
    gdb.execute(f"monitor loadvm {START}", to_string=True)
    gdb.execute("maintenance flush register-cache", to_string=True)
    gdb.execute("maintenance flush dcache", to_string=True)
    forget()
    with disabled_points():
        pass  # a watchpoint looks afresh what the value is


def stops_before(now):
    """From the start, the moments of the stops before that one; ends there or a little later.
    QEMU aborts after a stop that is the moment it was told and a watchpoint's, too: so it is
    told a moment at which hardly anything is met."""
    gdb.execute(f"monitor replay_break {now + BEYOND}", to_string=True)
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
        with quiet():
            to_start()
            stops = [0, *stops_before(now)]
            to_start()
            continue_to(stops[-2] if len(stops) > 1 else 0)
        if stops[-1] == 0:
            raise gdb.GdbError("Not met before; this is the start.")
        continue_to(stops[-1])
        print(f"{now - moment()} instructions back")


class ReverseStepi(gdb.Command):
    """Back by one instruction, or by as many as the argument says."""

    def __init__(self):
        super().__init__("reverse-stepi", gdb.COMMAND_RUNNING)

    def invoke(self, arguments, _from_terminal):
        steps = int(gdb.parse_and_eval(arguments)) if arguments else 1
        wanted = moment() - steps
        if wanted <= 0:
            raise gdb.GdbError("That is before the start.")
        with quiet(), disabled_points():
            to_start()
            gdb.execute(f"monitor replay_break {wanted}", to_string=True)
            gdb.execute("continue", to_string=True)
            gdb.execute("monitor replay_delete_break", to_string=True)
        gdb.execute("frame")


ReverseContinue()
ReverseStepi()
