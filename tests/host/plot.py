# SPDX-License-Identifier: MIT
"""The pictures of `make plot` (scripts/trace/plot.py, compare.py) show what the trace and the
console say."""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

sys.dont_write_bytecode = True
sys.path[:0] = ["scripts/trace", "scripts"]
import compare
import replay
import svg

CONSOLE = """A process may have 128 pages in memory (its code takes some).
    96 pages        31190 a ms      0 faults in 1000  ####
   128 pages          159 a ms     39 faults in 1000  ##
== more and more processes, each with 805 pages, and 14500 KiB of memory for all
     1 process      23822 a ms      0 faults in 1000  ####
     2 processes       82 a ms    164 faults in 1000  ##
"""


def words(path):
    """All text of a picture; it must be well-formed."""
    return [element.text for element in ElementTree.parse(path).iter()
            if element.tag.endswith("}text")]


def under_policies():
    events = [{"kind": "begin", "command": "demo policies"}, {"kind": "policy", "policy": "clock"}]
    events += 3 * [{"kind": "hand"}] + 2 * [{"kind": "evict"}] + [{"kind": "swap.out"}]
    events += 4 * [{"kind": "fault.end", "major": True}] + [{"kind": "policy", "policy": "fifo"}]
    events += [{"kind": "evict"}] + 7 * [{"kind": "fault.end", "major": False}]
    return events + [{"kind": "policy", "policy": "clock"}, {"kind": "evict"}]


def with_marks():
    """The same, but of clock's events all but the last eviction are set-up, or come after the end."""
    mark = [{"kind": "name", "pid": 5, "name": name} for name in ("== begins", "== ends")]
    events = under_policies()
    first = next(n for n, event in enumerate(events) if event.get("policy") == "fifo")
    return [*events[:first], mark[0], {"kind": "evict"}, mark[1], {"kind": "evict"},
            {"kind": "fault.end", "major": True}, *events[first:first + 3]]


def pictures(folder):
    with open(os.path.join(folder, "console.log"), "w", encoding="utf-8") as file:
        file.write(CONSOLE)
    events = os.path.join(folder, "events.jsonl")
    with open("scripts/trace/sample.jsonl", encoding="utf-8") as sample, \
            open(events, "w", encoding="utf-8") as file:
        file.write(sample.read())
    done = subprocess.run([sys.executable, "scripts/trace/plot.py", events, folder],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    count = {major: sum(event["kind"] == "fault.end" and not event.get("snap") and
                        event["major"] == major for event in replay.read(events))
             for major in (False, True)}
    faults = words(os.path.join(folder, "faults.svg"))
    thrashing = words(os.path.join(folder, "thrashing.svg"))
    yield (f"minor: {count[False]:,}" in faults and f"major (disk): {count[True]:,}" in faults,
           "faults.svg counts the faults of the trace")
    yield (all(words(os.path.join(folder, name + ".svg")) for name in ("resident", "memory")),
           "resident.svg and memory.svg are pictures")
    yield ({"31,190", "159", "39", "23,822", "82", "164", "may have 128"} <= set(thrashing),
           "thrashing.svg has the figures that the demo printed")
    yield ("policies.svg, side by side: make plot CMD=" in done,
           "what the trace does not have is not drawn, and it says how to get it")


def comparisons(folder):
    compared = compare.periods(under_policies())
    yield ([(period.policy, period.evicted, period.looks) for period in compared] ==
           [("clock", 2, 3), ("fifo", 1, 0)], "each policy's busiest period counts")
    marked = {period.policy: (period.evicted, sum(period.faults.values()))
              for period in compare.periods(with_marks())}
    yield (marked == {"clock": (1, 0), "fifo": (1, 1)}, "with marks, what lies between them counts")
    yield (compare.draw_policies(under_policies(), folder), "there are two to compare")
    shown = words(os.path.join(folder, "policies.svg"))
    yield ({"clock", "fifo", "4", "7", "1.5"} <= set(shown), "policies.svg shows their figures")
    yield (not compare.draw_thrashing("nothing", os.path.join(folder, "no.svg")),
           "a console without figures gives no picture")
    with open("userprog/bin/demo/thrashing.c", encoding="utf-8") as source:
        yield ('"  %4u %-9s %8u a ms %6u faults in 1000' in source.read(),
               "the demo prints its lines as they are read here")
    yield ([svg.round_up(n) for n in (0, 1, 7, 101, 1100)] == [4, 4, 8, 120, 1200],
           "axes end at four round steps")


def main():
    with tempfile.TemporaryDirectory() as folder:
        tests = [*pictures(folder), *comparisons(folder)]
    print(f"1..{len(tests)}")
    for number, (holds, what) in enumerate(tests, 1):
        print(f"{'ok' if holds else 'not ok'} {number} - {what}")
    sys.exit(not all(holds for holds, _ in tests))


if __name__ == "__main__":
    main()
