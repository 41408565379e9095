#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws the way of one page fault of a trace, as SVG: who did what, from the program's access to
its next instruction.

    scripts/trace/swimlane.py events.jsonl fault.svg --row ANON_COPY
    scripts/trace/swimlane.py events.jsonl fault.svg --row ANON_OWN --sleeps

Time goes down, not to scale. Of the faults of the row that with the fewest events is drawn, rather
one whose page was mapped before. What other threads did meanwhile is summed up.
"""

import argparse
import collections
import json
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import svg

LANES = {  # where each begins, how wide its bar's column is, its colour
    "program": (70, "#1f77b4"), "kernel": (260, "#d95f02"), "others": (760, "#8c6bb1"),
    "disk": (940, "#2ca02c")}
TITLES = {"program": "the program", "kernel": "the kernel, for it", "others": "other threads",
          "disk": "the disk"}
BAR, ROW, LINE, TOP, WIDTH = 10, 27, 15, 84, 1090
CODE_X = 540  # where the names of functions stand
GREY = "#757d87"  # to be read on white and on black


def flags_of(entry):
    """The bits of a page-table entry, as the manual names them."""
    names = [(1, "P"), (2, "W"), (4, "U"), (0x20, "A"), (0x40, "D")]
    return "".join(name if entry & bit else "-" for bit, name in names)


def entry_words(entry):
    return f"frame {entry >> 12:#x} {flags_of(entry)}" if entry else "0: not present"


# What an event of the fault's own thread says, in the kernel's lane.
SENTENCES = {
    "fault.row": lambda e: ["area and anon are looked up:", f"row {e['row']}"],
    "frame.take": lambda e: [f"frame {e['frame']:#x} is taken; {e['free']} are free"],
    "frame.give": lambda e: [f"frame {e['frame']:#x} is given back; {e['free']} are free"],
    "frame.table": lambda e: [f"frame {e['frame']:#x} becomes a {e['what']}"],
    "anon.attach": lambda e: [f"it is to hold anon {e['anon']}"],
    "anon.new": lambda e: [f"anon {e['anon']} is made, in frame {e['frame']:#x}"
                           if "frame" in e else f"anon {e['anon']} is made"],
    "swap.in": lambda e: [f"slot {e['slot']} is to be read into it"],
    "cache.insert": lambda e: [f"it is to hold the file's page {e['offset'] // 4096}"],
    "copy": lambda e: ["the page is copied:", f"frame {e['frame']:#x} to {e['to']:#x}"],
    "reuse": lambda e: ["the last reference: nothing to copy"],
    "page": lambda e: [f"the page's leaf names anon {e['anon']}" if "anon" in e
                       else "the page's leaf names nothing"],
    "unmap": lambda e: [f"the old entry goes ({entry_words(e['before'])});", "the TLB forgets it"],
    "map": lambda e: ["the entry is set:", entry_words(e["after"])],
    "span.own": lambda e: ["leaf and table were shared since fork:",
                           "it gets its own" if e.get("copied") else "it is the last to use them"],
    "evict": lambda e: [f"the policy gives up frame {e['frame']:#x}", f"({e['reason']})"],
}


# Where it happens. tests/host/docs-links.py sees to it that these functions exist.
CODE = {
    "fault.begin": "vm/fault.c:page_fault", "fault.row": "vm/fault.c:classify",
    "frame.take": "vm/frame.c:frame_alloc", "frame.give": "vm/frame.c:frame_release",
    "frame.table": "vm/pagedir.c:pagedir_prepare", "anon.attach": "vm/anon.c:anon_start_reading",
    "anon.new": "vm/fault.c:install_anon", "swap.in": "vm/swap.c:swap_read",
    "cache.insert": "vm/pagecache.c:pagecache_start", "copy": "vm/fault.c:copy_frame",
    "reuse": "vm/fault.c:anon_own", "page": "vm/spt.c:spt_anon_set",
    "unmap": "vm/pagedir.c:drop_entry", "map": "vm/pagedir.c:pagedir_set",
    "span.own": "vm/spt.c:spt_own", "evict": "vm/evict.c:evict_or_write",
    "disk.start": "kernel/dev/block.c:block_submit",
    "ahead": "vm/readahead.c:readahead_missed", "sleep": "vm/frame.c:frame_wait",
    "wake": "vm/fault.c:fault_resolve", "disk.done": "vm/frame.c:transfer_done",
    "around": "vm/readahead.c:map_neighbour", "fault.end": "kernel/cpu/entry.S:trap_leave",
}


class Fault:
    """The events from a fault's begin to its end, its own thread's and the others'."""

    def __init__(self, events, name):
        self.begin, self.end = events[0], events[-1]
        self.pid = self.begin["pid"]
        self.page = self.begin["addr"] & ~0xfff
        self.name = name
        self.events = events
        self.sleeps = sum(e["kind"] == "switch" and e["pid"] == self.pid for e in events)
        asked = [e for e in events if e["kind"] == "disk.start" and self.own(e)]
        reads = [e for e in asked if not e["write"]]
        self.span_copied = any(e["kind"] == "span.own" and e["copied"] for e in events)
        self.writes = len(reads) < len(asked)  # a page that had to go for it
        self.read = reads[0] if reads else None  # of its own page; others are read ahead
        self.ahead = len(reads) - 1

    def own(self, event):
        return event["pid"] == self.pid and not event.get("irq")


def faults_of(lines):
    """Every fault of the trace that ended."""
    running, names = {}, {}
    for line in lines:
        event = json.loads(line)
        kind, pid = event["kind"], event["pid"]
        if kind in ("process", "exec", "name"):
            names[pid] = event.get("name", names.get(pid))
        elif kind == "fork":
            names[event["child"]] = names.get(pid)
        if kind == "fault.begin":
            running[pid] = [event]
            continue
        for events in running.values():
            events.append(event)
        if kind == "fault.end" and pid in running:
            yield Fault(running.pop(pid), names.get(pid) or "the program")


def choose(faults, options):
    chosen = [fault for fault in faults
              if fault.end["row"] == options.row and fault.end["result"] == "done"
              and fault.name != "trace" and "eip" in fault.begin and not fault.writes
              and fault.sleeps == int(options.sleeps)
              and fault.end["major"] == bool(fault.read) == options.sleeps]
    if not chosen:
        sys.exit(f"There is no such fault of row {options.row} in the trace.")
    return min(chosen, key=lambda fault: ("before" not in fault.begin, len(fault.events)))


class Picture(svg.Drawing):
    def __init__(self, fault, command):
        lanes = {lane: place for lane, place in LANES.items()
                 if fault.sleeps or place[0] < CODE_X}
        super().__init__(WIDTH if fault.sleeps else LANES["others"][0], 0)
        self.fault = fault
        self.y = TOP
        self.begun = {}  # lane: where its bar began
        self.started = fault.begin["t"]
        access = fault.end["access"]
        what = "writes to" if access == "write" else "reads"
        self.text(20, 24, f"{fault.name}[{fault.pid}] {what} {fault.begin['addr']:#010x}: row "
                  f"{fault.end['row']}, {'major' if fault.end['major'] else 'minor'}", "start",
                  'font-weight="bold"')
        self.text(20, 42, f"from a trace of `{command}`; microseconds, not to scale", "start",
                  f'fill="{GREY}"')
        for lane, (x, colour) in lanes.items():
            self.text(x + BAR / 2, TOP - 14, TITLES[lane], "middle",
                      f'font-weight="bold" fill="{colour}"')
        self.text(CODE_X, TOP - 14, "in the code", "start", f'font-weight="bold" fill="{GREY}"')

    def time(self, event):
        self.text(46, self.y + 4, f"{(event['t'] - self.started) / 1000:.1f}", "end",
                  f'fill="{GREY}"')

    def code(self, what, y=4):
        """Where the row's event happens."""
        self.text(CODE_X, self.y + y, CODE[what].replace(":", ": "), "start", f'fill="{GREY}"')

    def start(self, lane):
        self.begun[lane] = self.y

    def stop(self, lane):
        x, colour = LANES[lane]
        start = self.begun.pop(lane, None)
        if start is not None:
            self.box(x, start, BAR, max(self.y - start, 3), colour)

    def arrow(self, source, target):
        """From one lane's bar to another's."""
        right = LANES[source][0] < LANES[target][0]
        x1 = LANES[source][0] + (BAR if right else 0)
        x2 = LANES[target][0] + (0 if right else BAR)
        back = -7 if right else 7
        self.line(x1, self.y, x2, self.y, GREY)
        self.polyline([(x2 + back, self.y - 4), (x2, self.y), (x2 + back, self.y + 4)], GREY)

    def say(self, lane, words):
        for number, line in enumerate(words):
            self.text(LANES[lane][0] + BAR + 8, self.y + 4 + LINE * number, line, "start")

    def room(self):
        """For words above an arrow."""
        self.y += 5

    def over(self, lane, words):
        """Beside an arrow that begins or ends there: above its line."""
        self.text(LANES[lane][0] + BAR + 8, self.y - 5, words, "start")

    def row(self, lines=1):
        self.y += ROW + LINE * (lines - 1)


class Story:
    """Goes through the fault's events and draws each."""

    def __init__(self, fault, command):
        self.fault = fault
        self.picture = Picture(fault, command)
        self.reading_ahead = False
        self.neighbours = 0  # pages that are mapped besides
        self.others = None  # the events of others, while the fault's thread is away
        self.picture.start("program")
        self.picture.row()
        for event in fault.events:
            self.draw(event)
        self.picture.stop("program")
        self.picture.height = int(self.picture.y + 20)

    def draw(self, event):
        kind, read = event["kind"], self.fault.read
        if kind == "disk.done" and read and event["request"] == read["request"]:
            self.disk_done(event)
        elif kind == "switch" and event["to"] == self.fault.pid:
            self.back(event)
        elif not self.fault.own(event):
            if self.others is not None:
                self.others.append(event)
        elif kind == "fault.begin":
            self.cross(event, "program", "kernel", "program",
                       entry_words(event["before"]) if event.get("before") else "not present")
            self.picture.say("kernel", [f"page fault, at eip {event['eip']:#x}"])
            self.picture.code(kind)
            self.picture.row()
        elif kind == "fault.end":
            self.tell_neighbours()
            self.picture.code(kind)
            self.cross(event, "kernel", "program", "program", "iret: the same instruction")
        elif kind == "switch":
            self.away(event)
        elif kind == "disk.start":
            self.disk_start(event)
        elif kind == "unmap" and self.fault.span_copied:
            pass  # of all its pages: the new table has no entries yet
        elif kind == "map" and event["addr"] & ~0xfff != self.fault.page:
            self.neighbours += 1
        elif kind in SENTENCES and not self.reading_ahead:
            words = self.words_of(event)
            self.picture.time(event)
            self.picture.say("kernel", words)
            self.picture.code(kind)
            self.picture.row(len(words))

    def tell_neighbours(self):
        if self.neighbours:
            self.picture.say("kernel", ["so is that of its neighbour" if self.neighbours == 1 else
                                        f"so are those of {self.neighbours} neighbours"])
            self.picture.code("around")
            self.picture.row()

    def words_of(self, event):
        page = event.get("addr", 0) & ~0xfff
        if event["kind"] == "unmap" and page != self.fault.page:
            return [f"the page {page:#x} loses its entry",
                    f"({entry_words(event['before'])}); the TLB forgets it"]
        return SENTENCES[event["kind"]](event)

    def cross(self, event, source, target, beside, words):
        """From one lane to another, which goes on in its place."""
        picture = self.picture
        picture.time(event)
        picture.arrow(source, target)
        picture.over(beside, words)
        picture.stop(source)
        picture.start(target)
        picture.row()

    def disk_start(self, event):
        if event is not self.fault.read:
            return
        self.picture.room()
        self.picture.time(event)
        self.picture.arrow("kernel", "disk")
        self.picture.over("kernel", f"read sector {event['sector']} into frame {event['frame']:#x}")
        self.picture.code("disk.start", -5)
        self.picture.start("disk")
        self.picture.row()
        self.reading_ahead = self.fault.ahead > 0
        if self.reading_ahead:
            pages = "page" if self.fault.ahead == 1 else "pages"
            self.picture.say("kernel", [f"{self.fault.ahead} more {pages} are read ahead"])
            self.picture.code("ahead")
            self.picture.row()

    def disk_done(self, event):
        self.sum_up()
        self.picture.time(event)
        self.picture.arrow("disk", "kernel" if self.others is None else "others")
        self.picture.over("disk", "interrupt: done")
        self.picture.code("disk.done", -5)
        self.picture.stop("disk")
        self.picture.row()

    def away(self, event):
        self.reading_ahead = False
        self.others = []
        self.picture.room()
        self.picture.code("sleep", -5)
        self.cross(event, "kernel", "others", "kernel", "it sleeps, with no lock held")

    def back(self, event):
        self.sum_up()
        self.others = None
        self.picture.room()
        self.picture.code("wake", -5)
        self.cross(event, "others", "kernel", "kernel", "it runs again, and starts from the top")

    def sum_up(self):
        """What others did since, in a few words."""
        words = []
        counted = collections.Counter(e["kind"] for e in self.others or () if not e.get("irq"))
        for kind, name in (("evict", "evicted"), ("swap.out", "written to swap"),
                           ("frame.give", "frames freed")):
            if counted[kind]:
                words.append(f"{counted[kind]} {name}")
        if words:
            self.picture.say("others", words)
            self.picture.row(len(words))
            self.others = []


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", help="events.jsonl of make trace")
    parser.add_argument("picture", help="the SVG to write")
    parser.add_argument("--row", default="ANON_COPY", help="of the table in vm/fault.c")
    parser.add_argument("--sleeps", action="store_true", help="one that had to wait for the disk")
    options = parser.parse_args()
    with open(options.events, encoding="utf-8") as lines:
        command = json.loads(lines.readline()).get("command", "a program")
        fault = choose(faults_of(lines), options)
    Story(fault, command).picture.save(options.picture)


if __name__ == "__main__":
    main()
