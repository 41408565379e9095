#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plays a trace: from the events of docs/trace-format.md to the state at each moment.

    scripts/trace/replay.py events.jsonl      plays all of it; says what does not fit together

As a module: State().apply(event), event after event, gives what is where. It notes in
`problems` what cannot be so: an entry that changes from what it was not, a frame that is taken
twice, a fault that ends without having begun. Some of it cannot be judged after events were
lost, or if not all groups were recorded: `complete` says whether all is known.
"""

import json
import sys

PAGE = 4096
WRITABLE, ACCESSED, DIRTY = 2, 0x20, 0x40
SET_BY_PROCESSOR = ACCESSED | DIRTY


class Frame:
    """A frame that is not free."""

    __slots__ = ("holder", "dirty", "anon", "file", "offset", "table", "space", "addr", "maps")

    def __init__(self, holder):
        self.holder = holder   # "vm", "heap", "stack", "boot", "absent"
        self.dirty = False
        self.anon = None       # whose page it holds; or
        self.file = None       # of which file, and
        self.offset = None     # which place in it; or
        self.table = None      # "table", "directory", "leaf", "zero"
        self.space = self.addr = None  # of which space, for which addresses
        self.maps = set()      # (space, address) of the entries that map it


class Anon:
    """An anonymous page."""

    __slots__ = ("frame", "slot", "pages")

    def __init__(self):
        self.frame = self.slot = None
        self.pages = set()     # (space, address): as many as it has references


class Space:
    """An address space."""

    __slots__ = ("areas", "entries", "anons", "resident")

    def __init__(self):
        self.areas = {}        # start: the event that last said it
        self.entries = {}      # address: page-table entry
        self.anons = {}        # address: anon
        self.resident = 0      # entries but for those of the frame of zeros


class Process:
    """A process or kernel thread."""

    __slots__ = ("name", "parent", "space")

    def __init__(self, name, parent=None, space=None):
        self.name, self.parent, self.space = name, parent, space


class State:
    """What is where, as far as the events say."""

    def __init__(self):
        self.problems = []
        self.complete = True
        self.forget()

    def forget(self):
        self.time = 0
        self.free = None
        self.frames, self.anons, self.spaces = {}, {}, {}
        self.slots = {}        # slot: anon or None
        self.files, self.disks, self.processes = {}, {}, {}
        self.faults = {}       # pid: the fault.begin of the fault it is in
        self.requests = {}     # request: its disk.start
        self.joined = False    # at the snapshot something was under way, perhaps: it may end
        self.known = set()     # threads whose faults, requests whose transfers were seen since
        self.policy = None
        self.running = None

    def wrong(self, event, words):
        if self.complete:
            self.problems.append(f"t={event['t']} {event['kind']}: {words}")

    def apply(self, event):
        self.time = event["t"]
        method = self.METHODS.get(event["kind"])
        if method:
            method(self, event)

    # ---- the stream ----

    def begin(self, event):
        self.complete = len(event["kinds"]) == 12

    def snapshot(self, event):
        if event["state"] == "begin":
            disks, policy = self.disks, self.policy
            self.forget()
            self.disks, self.policy = disks, policy
            self.joined = True   # what ends before all of it is told may have begun before
        else:
            self.joined = bool(self.processes or self.disks)
        self.free = event["free"]

    def lost(self, _):
        self.complete = False

    # ---- frames ----

    def frame_take(self, event):
        for number in range(event["frame"], event["frame"] + event.get("count", 1)):
            if number in self.frames and not event.get("snap"):
                self.wrong(event, f"frame {number} is not free")
            self.frames[number] = Frame(event["holder"])
        self.free = event["free"]

    def frame(self, event, number=None):
        number = event["frame"] if number is None else number
        if number not in self.frames:
            self.wrong(event, f"frame {number} is free")
            self.frames[number] = Frame("vm")
        return self.frames[number]

    def frame_give(self, event):
        frame = self.frame(event)
        if frame.maps or frame.anon or frame.file:
            self.wrong(event, f"frame {event['frame']} is in use")
        del self.frames[event["frame"]]
        self.free = event["free"]

    def frame_table(self, event):
        frame = self.frame(event)
        frame.table, frame.space, frame.addr = event["what"], event.get("as"), event.get("addr")

    def frame_dirty(self, event):
        self.frame(event).dirty = event["dirty"]

    # ---- anonymous pages and slots ----

    def anon(self, event):
        return self.anons.setdefault(event["anon"], Anon())

    def anon_new(self, event):
        anon = self.anon(event)
        if "slot" in event:
            anon.slot = event["slot"]
            self.slots[anon.slot] = event["anon"]
        if "frame" in event:
            anon.frame = event["frame"]
            self.frame(event).anon = event["anon"]

    def anon_attach(self, event):
        anon = self.anon(event)
        if anon.frame is not None:
            self.wrong(event, f"anon {event['anon']} has a frame")
        anon.frame = event["frame"]
        self.frame(event).anon = event["anon"]

    def anon_detach(self, event):
        anon = self.anon(event)
        if anon.frame != event["frame"]:
            self.wrong(event, f"anon {event['anon']} is in frame {anon.frame}")
        if self.frame(event).maps:
            self.wrong(event, f"frame {event['frame']} is mapped")
        anon.frame = None
        self.frame(event).anon = None

    def anon_slot(self, event):
        self.anon(event).slot = event["slot"]
        self.slots[event["slot"]] = event["anon"]

    def anon_free(self, event):
        anon = self.anons.pop(event["anon"], None)
        if anon and (anon.pages or anon.frame):
            self.wrong(event, f"anon {event['anon']} is in use")

    def swap_take(self, event):
        if event["slot"] in self.slots and not event.get("snap"):
            self.wrong(event, f"slot {event['slot']} is in use")
        self.slots.setdefault(event["slot"], None)

    def swap_give(self, event):
        if event["slot"] not in self.slots:
            self.wrong(event, f"slot {event['slot']} is free")
        holder = self.anons.get(self.slots.pop(event["slot"], None))
        if holder:
            holder.slot = None

    # ---- files ----

    def file(self, event):
        self.files[event["file"]] = event["name"]

    def cache_insert(self, event):
        frame = self.frame(event)
        frame.file, frame.offset = event["file"], event["offset"]

    def cache_remove(self, event):
        frame = self.frame(event)
        if (frame.file, frame.offset) != (event["file"], event["offset"]):
            self.wrong(event, f"frame {event['frame']} holds something else")
        frame.file = frame.offset = None

    # ---- spaces ----

    def space(self, event):
        return self.spaces.setdefault(event["as"], Space())

    def space_new(self, event):
        self.space(event)

    def space_end(self, event):
        space = self.spaces.pop(event["as"], None)
        if space and (space.areas or space.entries or space.anons):
            self.wrong(event, f"space {event['as']} is not empty")

    def area_add(self, event):
        self.space(event).areas[event["addr"]] = event

    def area_remove(self, event):
        self.space(event).areas.pop(event["addr"], None)

    def area_change(self, event):
        self.space(event).areas.pop(event["old_addr"], None)
        self.area_add(event)

    def page(self, event):
        space, place = self.space(event), (event["as"], event["addr"])
        old = self.anons.get(space.anons.pop(event["addr"], None))
        if old:
            old.pages.discard(place)
        if "anon" in event:
            space.anons[event["addr"]] = event["anon"]
            self.anon(event).pages.add(place)

    # ---- entries ----

    def check_before(self, event, space):
        before = space.entries.get(event["addr"], 0)
        if (before ^ event["before"]) & ~SET_BY_PROCESSOR:
            self.wrong(event, f"the entry was {before:#x}, not {event['before']:#x}")

    def is_zeros(self, number):
        frame = self.frames.get(number)
        return frame is not None and frame.table == "zero"

    def map(self, event):
        space, number = self.space(event), event["frame"]
        self.check_before(event, space)
        if event["addr"] not in space.entries and not self.is_zeros(number):
            space.resident += 1
        space.entries[event["addr"]] = event["after"]
        self.frame(event).maps.add((event["as"], event["addr"]))
        if event["after"] & WRITABLE and self.complete and not event.get("snap"):
            self.check_writable(event, self.frames[number])

    def check_writable(self, event, frame):
        anon = self.anons.get(frame.anon)
        if anon and len(anon.pages) > 1:
            self.wrong(event, "a page that others share became writable")

    def unmap(self, event):
        space, number = self.space(event), event["frame"]
        self.check_before(event, space)
        if space.entries.pop(event["addr"], None) is not None and not self.is_zeros(number):
            space.resident -= 1
        self.frame(event).maps.discard((event["as"], event["addr"]))

    def protect(self, event):
        space = self.space(event)
        self.check_before(event, space)
        space.entries[event["addr"]] = event["after"]

    # ---- processes ----

    def process(self, event):
        self.processes[event["pid"]] = Process(event["name"], event.get("parent"),
                                               event.get("as"))

    def fork(self, event):
        parent = self.processes.get(event["pid"])
        self.processes[event["child"]] = Process(parent.name if parent else "?", event["pid"],
                                                 event["as"])

    def exec(self, event):
        process = self.processes.setdefault(event["pid"], Process("?"))
        process.name, process.space = event["name"], event["as"]

    def name(self, event):
        self.processes.setdefault(event["pid"], Process("?")).name = event["name"]

    def exit(self, event):
        self.processes.pop(event["pid"], None)

    def switch(self, event):
        self.running = event["to"]

    def set_policy(self, event):
        self.policy = event["policy"]

    def disk(self, event):
        self.disks[event["disk"]] = event

    # ---- pairs ----

    def end_unbegun(self, event, key):
        """An end without its beginning: once, of what was under way at the snapshot."""
        if not self.joined or key in self.known:
            self.wrong(event, "without a beginning")
        self.known.add(key)

    def fault_begin(self, event):
        if event["pid"] in self.faults:
            self.wrong(event, f"thread {event['pid']} is in a fault already")
        self.faults[event["pid"]] = event
        self.known.add(("thread", event["pid"]))

    def fault_end(self, event):
        begin = self.faults.pop(event["pid"], None)
        if not begin:
            self.end_unbegun(event, ("thread", event["pid"]))
        elif (begin["as"], begin["addr"]) != (event["as"], event["addr"]):
            self.wrong(event, "another one began")

    def disk_start(self, event):
        self.requests[event["request"]] = event
        self.known.add(("request", event["request"]))

    def disk_done(self, event):
        if not self.requests.pop(event["request"], None):
            self.end_unbegun(event, ("request", event["request"]))

    METHODS = {
        "begin": begin, "snapshot": snapshot, "lost": lost, "frame.take": frame_take,
        "frame.give": frame_give, "frame.table": frame_table, "frame.dirty": frame_dirty,
        "anon.new": anon_new, "anon.attach": anon_attach, "anon.detach": anon_detach,
        "anon.slot": anon_slot, "anon.free": anon_free, "swap.take": swap_take,
        "swap.give": swap_give, "file": file, "cache.insert": cache_insert,
        "cache.remove": cache_remove, "space.new": space_new, "space.end": space_end,
        "area.add": area_add, "area.remove": area_remove, "area.change": area_change,
        "page": page, "map": map, "unmap": unmap, "protect": protect, "process": process,
        "fork": fork, "exec": exec, "name": name, "exit": exit, "switch": switch,
        "policy": set_policy, "disk": disk, "fault.begin": fault_begin,
        "fault.end": fault_end, "disk.start": disk_start, "disk.done": disk_done,
    }


def read(path):
    """The events of a file of JSON lines."""
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def main():
    state, count = State(), 0
    with open(sys.argv[1], encoding="utf-8") as lines:
        for count, line in enumerate(lines, 1):
            state.apply(json.loads(line))
    for problem in state.problems[:50]:
        print(problem)
    print(f"{count} events, {len(state.problems)} problems; at the end {state.free} frames free, "
          f"{len(state.slots)} slots used, {len(state.processes)} processes")
    sys.exit(1 if state.problems else 0)


if __name__ == "__main__":
    main()
