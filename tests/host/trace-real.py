# SPDX-License-Identifier: MIT
"""A real trace: what its events come to is what the guest itself says, and what it costs.

tests/vm/traced.c runs under `trace` in a guest; the events are played, and at the moment at
which it calls itself "checked" its entries and slots must be those that pagemap told it.
tests/bench/trace-cost.c measures page faults in instructions, with the trace off and on.
"""

import collections
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path[:0] = ["scripts", "scripts/trace"]
import chrome
import decode
import machine
import replay
from shared.built import IMAGE, KERNEL
from shared.tap import check, done

SECONDS, HOUR = 90, 3600
NOTHING = bytes([0x0f, 0x1f, 0x44, 0, 0])  # tracing() of kernel/trace.h
LEFT = 5   # that it may cost more, when it is off again, than before: programs vary by 2
MOST = 30  # per cent that a fault costs more with the trace on: map-again has 133 for four events


def run(folder, kernel, test, *words, before=""):
    """Runs a test's program in its guest; returns its console and the events' file."""
    trace = os.path.join(folder, "events.bin")
    command = machine.test_guest(test, f"tests/{test}.c", folder,
                                 IMAGE, kernel, "stdio",
                                 ("quiet", *words))
    line = command.index("-append") + 1
    command[line] = command[line].replace("test=", "test=" + before)
    command += ["-icount", "shift=0"] + machine.trace_options(trace)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          errors="replace", timeout=SECONDS, check=False)
    console = done.stdout.replace("\r", "")
    print(re.sub("^", "# ", console, flags=re.MULTILINE))
    check("verdict: exit 0" in console and "audit: clean" in console, f"{test}: it ends well")
    return console, trace


def events_of(trace):
    with open(trace, "rb") as file:
        return list(decode.events(file, icount=True))


def play(events):
    """Plays all; returns the state, and what was mapped and swapped when it was checked."""
    state, there = replay.State(), {}
    for event in events:
        state.apply(event)
        if event["kind"] == "name" and event["name"] == "checked":
            space = state.spaces[state.processes[event["pid"]].space]
            there = {page: ("frame", entry >> 12) for page, entry in space.entries.items()}
            for page, anon in space.anons.items():
                if page not in there and state.anons[anon].frame is None:
                    there[page] = ("slot", state.anons[anon].slot)
    return state, there


def check_pages(console, there):
    said = {int(page, 16): (kind, int(number, 16)) for page, kind, number
            in re.findall(r"^page: (\S+) (\S+) (\S+)$", console, re.MULTILINE)}
    # pagemap has the slot's number above 5 bits for its area (proc(5)).
    said = {page: (kind, number if kind == "frame" else number >> 5)
            for page, (kind, number) in said.items()}
    played = {page: (kind, number if kind == "frame" else number & (1 << 28) - 1)
              for page, (kind, number) in there.items()}
    for kind, least in ("frame", 20), ("slot", 1):
        mine = {page: place for page, place in said.items() if place[0] == kind}
        theirs = {page: place for page, place in played.items() if place[0] == kind}
        for page in sorted(mine.items() ^ theirs.items()):
            print(f"# {page[0]:x}: pagemap says {said.get(page[0])}, the events {played.get(page[0])}")
        check(len(mine) >= least and mine == theirs,
              f"{len(mine)} pages are in the {kind}s that pagemap says")


def check_events(events, state):
    kinds = collections.Counter(event["kind"] for event in events)
    rows = {event["row"] for event in events if event["kind"] == "fault.end"}
    reasons = {event["reason"] for event in events if event["kind"] == "evict"}
    check(state.problems == [], f"everything fits together {state.problems[:3]}")
    check(kinds["lost"] == 0, "nothing was lost")
    check(kinds["fault.begin"] == kinds["fault.end"] > 1000, "each fault that began has ended")
    check({"NO_AREA", "ANON_OWN", "ANON_COPY", "ZERO_MAP", "ZERO_FILL", "FILE_SHARED",
           "FILE_READ", "FILE_COPY"} <= rows, f"the rows that it meets: {sorted(rows)}")
    check({"anon dirty", "file clean"} <= reasons, f"evictions: {sorted(reasons)}")
    missing = {"copy", "reuse", "swap.in", "swap.out", "hand", "fork", "exit", "exec", "call",
               "switch", "area.change", "protect", "disk.done"} - set(kinds)
    check(not missing, f"it has events of each sort {sorted(missing)}")
    check(any(event["result"] == "maperr" and event["addr"] == 16 for event in events
              if event["kind"] == "fault.end"), "the access that failed")
    check(all(later["t"] >= event["t"] and later["insns"] >= event["insns"]
              for event, later in zip(events, events[1:])), "time does not go back")
    told = {event["pid"] for event in events if event["kind"] == "process"} | {
        event["child"] for event in events if event["kind"] == "fork"}
    unknown = {event["pid"] for event in events} - told
    check(not unknown, f"it is told who each thread is {sorted(unknown)}")
    ran = {event["pid"] for event in events if event["kind"] == "fault.begin"}
    traced = {event["pid"] for event in events if event["kind"] == "exec"} | {
        event["child"] for event in events if event["kind"] == "fork"}
    check(ran == traced, "faults of the program and its children, and of nobody else")


def check_chrome(folder, events):
    path = os.path.join(folder, "chrome.json")
    chrome.write(events, path)
    with open(path, encoding="utf-8") as file:
        out = json.load(file)["traceEvents"]
    faults = [event for event in out if event["ph"] == "X" and event["name"] in decode.ROWS]
    check(len(faults) == sum(event["kind"] == "fault.end" for event in events),
          "Perfetto's file has every fault")
    check({"free frames", "resident pages", "swap slots used"} <=
          {event["name"] for event in out if event["ph"] == "C"}, "and the counters")


def plain_kernel(kernel):
    """The kernel that does not check itself, as `make check` builds it beside the other: there a
    fault takes an eighth of the instructions. If it is not there or older, the other."""
    plain = os.path.join(os.path.dirname(os.path.dirname(kernel)), "pagoda.elf")
    fresh = os.path.exists(plain) and os.path.getmtime(plain) >= os.path.getmtime(kernel) - HOUR
    print(f"# what it costs: {plain if fresh else kernel}")
    return plain if fresh else kernel


def check_cost(console):
    costs = re.findall(r"cost: (\S+) off (\d+) on (\d+) off (\d+)", console)
    check(len(costs) == 4, "four costs are measured")
    for name, off, on, again in costs:
        more = 100 * (int(on) - int(off)) / int(off)
        check(more <= MOST, f"{name}: {off} instructions, {more:.0f} % more if traced")
        check(int(again) <= int(off) * (1 + LEFT / 100), f"{name}: {again} when it is off again")


def check_sites(kernel):
    """Off, each tracepoint is one instruction that does nothing: what the table of them says."""
    with open(kernel, "rb") as file:
        image = file.read()
    segments, count = struct.unpack_from("<I", image, 28)[0], struct.unpack_from("<H", image, 44)[0]
    loads = [struct.unpack_from("<8I", image, segments + 32 * n) for n in range(count)]

    def words(address, size):
        at = next(offset + address - start for kind, offset, start, _, length, *_ in loads
                  if kind == 1 and start <= address < start + length)
        return image[at:at + size]

    names = dict(reversed(line.split()[::2]) for line in subprocess.run(
        [machine.NM, kernel], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines())
    first, end = (int(names[f"trace_sites_{which}"], 16) for which in ("start", "end"))
    sites = struct.unpack(f"<{(end - first) // 4}I", words(first, end - first))[::3]
    check(len(sites) > 50 and all(words(site, len(NOTHING)) == NOTHING for site in sites),
          f"{len(sites)} tracepoints are one instruction each while nothing is recorded")


def main():
    with tempfile.TemporaryDirectory(prefix="pagoda-trace-") as folder:
        console, trace = run(folder, KERNEL, "vm/traced", before="/bin/trace ")
        events = events_of(trace)
        state, there = play(events)
        check_pages(console, there)
        check_events(events, state)
        check_chrome(folder, events)
        console, _ = run(folder, plain_kernel(KERNEL), "bench/trace-cost")
        check_cost(console)
        check_sites(KERNEL)
        console, trace = run(folder, KERNEL, "vm/traced", "trace=all")
        state, _ = play(events_of(trace))
        check(state.complete and state.problems == [],
              f"all of it, from start-up on, fits together {state.problems[:3]}")
    done()


if __name__ == "__main__":
    main()
