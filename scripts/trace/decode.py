#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns the records of kernel/trace.h into the events of docs/trace-format.md.

    scripts/trace/decode.py events.bin > events.jsonl

--icount: the guest ran under -icount shift=0, where one ns is one instruction. Used as a
module, events(file) yields the events as dictionaries.
"""

import argparse
import json
import os
import re
import struct
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RECORD = struct.Struct("<QBBH5I")
IN_INTERRUPT, IN_SNAPSHOT = 0x8000, 0x80
TEXT = struct.Struct("<5I")

# As in the kernel's headers, by number.
HOLDERS = ["absent", "free", "boot", "heap", "stack", "vm"]           # physmem.h
TABLES = {4: "table", 5: "directory", 6: "leaf", 7: "zero"}           # frame.h
ROWS = ["NO_AREA", "FORBIDDEN", "ANON_OWN", "ANON_SHARED", "ANON_COPY", "ZERO_MAP",
        "ZERO_FILL", "FILE_SHARED", "FILE_READ", "FILE_COPY", "PAST_END", "NO_TABLES"]
RESULTS = ["done", "maperr", "accerr", "bus", "memory"]               # fault.h
REASONS = ["file clean", "file dirty", "anon clean", "anon dirty"]    # tracepoints.h
STATES = ["runs", "ready", "sleeps", "ended"]                         # thread.h
CALLS = {"mmap": 4, "munmap": 2, "mprotect": 3, "brk": 1, "mremap": 4, "madvise": 3,
         "msync": 3, "mlock": 3}                                      # trace.h: how many arguments
READ, WRITE, EXECUTE, SHARED, STACK, HEAP, LOCKED = 1, 2, 4, 8, 0x10, 0x20, 0x80  # area.h


def names_of(enum, prefix, header="kernel/trace.h"):
    """The names of an enumeration in the kernel's header, in order."""
    with open(os.path.join(ROOT, header), encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
    body = re.search(r"enum " + enum + r" \{(.*?)\}", text, re.DOTALL).group(1)
    return [name.removeprefix(prefix) for name in re.findall(r"\w+", body)]


def groups():
    with open(os.path.join(ROOT, "kernel/trace.h"), encoding="utf-8") as file:
        lines = re.search(r"#define TRACE_GROUPS(.*?)\n\n", file.read(), re.DOTALL).group(1)
    return re.findall(r"group\((\w+)\)", lines)


class Numbers:
    """Small numbers for kernel addresses, each used once though the address may return."""

    def __init__(self):
        self.of = {}
        self.last = 0

    def new(self, address):
        self.last += 1
        self.of[address] = self.last
        return self.last

    def get(self, address):
        return self.of.get(address) or self.new(address)

    def end(self, address):
        number = self.get(address)
        del self.of[address]
        return number


class Decoder:
    """One stream. Each method of the name of a record kind gives its event's fields, or None
    if there is no event (yet)."""

    def __init__(self, icount=False, command=None):
        self.icount = icount
        self.command = command
        self.kinds = names_of("trace_kind", "TRACE_")[:-1]
        self.groups = groups()
        self.methods = [getattr(self, kind.lower(), None) for kind in self.kinds]
        self.spaces, self.anons, self.files = Numbers(), Numbers(), Numbers()
        self.disks, self.requests = Numbers(), Numbers()
        self.text = b""
        self.begun = None        # of a beginning, what is known so far
        self.ranges = {}         # thread: the range that its next area.change had
        self.policy_name = None
        self.lost = 0
        self.in_snapshot = set() # anons that this snapshot told already
        self.tsc_start, self.scale = 0, 0
        self.cpu = 0
        self.time = self.idle = 0
        self.idle_since = None   # since when the processor has had nothing to do

    def events(self, file):
        while True:
            data = file.read(RECORD.size * 4096)
            for record in RECORD.iter_unpack(data[:len(data) // RECORD.size * RECORD.size]):
                event = self.event(*record)
                if event:
                    yield event
            if len(data) < RECORD.size * 4096:
                return

    def event(self, tsc, kind, detail, thread, *words):
        self.detail, self.thread, self.snap = detail, thread & ~IN_INTERRUPT, kind & IN_SNAPSHOT
        name = self.kinds[kind & ~IN_SNAPSHOT]
        if name == "TEXT":
            self.text += TEXT.pack(*words)
            return None
        fields = self.methods[kind & ~IN_SNAPSHOT](*words)
        self.text = b""
        if fields is None:
            return None
        event = self.stamp(tsc)
        if name == "SWITCH" and fields["to"] == 0:
            self.idle_since = self.time
        event["pid"] = self.thread
        event["kind"] = fields.pop("kind", name.lower().replace("_", ".", 1))
        if self.snap:
            event["snap"] = True
        if thread & IN_INTERRUPT:
            event["irq"] = True
        event.update(fields)
        return event

    def stamp(self, tsc):
        time = (tsc - self.tsc_start) * self.scale >> 24
        self.time = max(self.time, time)
        if self.idle_since is not None:
            self.idle += self.time - self.idle_since
            self.idle_since = None
        stamp = {"t": self.time}
        if self.icount:
            stamp["insns"] = self.time - self.idle
        stamp["cpu"] = self.cpu
        return stamp

    def said(self):
        return self.text.rstrip(b"\0").decode(errors="replace")

    # ---- the stream ----

    def chunk(self, number, lost, *_):
        self.cpu = self.detail
        more, self.lost = lost - self.lost, lost
        if more <= 0:
            return None
        self.text = b""
        return {"kind": "lost", "count": more}

    def begin(self, version, frames, slots, mask, _):
        self.begun = {"version": version, "frames": frames}
        if slots:
            self.begun["slots"] = slots
        self.begun["kinds"] = [name for i, name in enumerate(self.groups) if mask >> i & 1]

    def clock(self, low, high, scale, *_):
        self.tsc_start, self.scale = high << 32 | low, scale

    def command_line(self, *_):
        fields = {"kind": "begin", **self.begun, "cmdline": self.said()}
        if self.command:
            fields["command"] = self.command
        return fields

    def snapshot(self, free, *_):
        self.in_snapshot = set()
        return {"state": "begin" if self.detail else "end", "free": free}

    def end(self, *_):
        return {}

    # ---- faults ----

    def page_at(self, space, address, **fields):
        return {"as": self.spaces.get(space), "addr": address, **fields}

    def fault_begin(self, space, address, before, eip, _):
        fields = self.page_at(space, address, access="write" if self.detail else "read")
        if before:
            fields["before"] = before
        if eip:
            fields["eip"] = eip
        return fields

    def fault_row(self, space, page, *_):
        return self.page_at(space, page, row=ROWS[self.detail])

    def fault_end(self, space, address, after, result, how):
        fields = self.page_at(space, address, row=ROWS[self.detail],
                              access="write" if how & 1 else "read", result=RESULTS[result],
                              major=bool(how & 2))
        if after:
            fields["after"] = after
        return fields

    def copy(self, space, page, source, target, _):
        return self.page_at(space, page, frame=source, to=target,
                            why="file" if self.detail else "anon")

    def reuse(self, space, page, frame, *_):
        return self.page_at(space, page, frame=frame)

    # ---- entries ----

    def map(self, space, page, before, after, _):
        return self.page_at(space, page, frame=after >> 12, before=before, after=after)

    def unmap(self, space, page, before, *_):
        return self.page_at(space, page, frame=before >> 12, before=before)

    def protect(self, space, page, before, after, _):
        return self.page_at(space, page, frame=before >> 12, before=before, after=after)

    # ---- spaces and areas ----

    def space_new(self, space, *_):
        return {"kind": "space.new", "as": self.spaces.get(space)}

    def space_end(self, space, *_):
        return {"kind": "space.end", "as": self.spaces.end(space)}

    def area_range(self, start, end, *_):
        self.ranges[self.thread] = (start, end)

    def area_add(self, space, start, end, source, first_page):
        flags = self.detail
        fields = {"as": self.spaces.get(space), "addr": start, "end": end,
                  "rights": "".join(letter if flags & bit else "-" for letter, bit in
                                    (("r", READ), ("w", WRITE), ("x", EXECUTE))),
                  "shared": bool(flags & SHARED), "locked": bool(flags & LOCKED)}
        if flags & (STACK | HEAP):
            fields["what"] = "stack" if flags & STACK else "heap"
        if source:
            fields.update(file=self.files.get(source), offset=first_page << 12)
        return fields

    def area_remove(self, space, start, end, *_):
        return {"as": self.spaces.get(space), "addr": start, "end": end}

    def area_change(self, *words):
        old_start, old_end = self.ranges.pop(self.thread, words[1:3])
        return {**self.area_add(*words), "old_addr": old_start, "old_end": old_end}

    # ---- pages ----

    def page(self, space, page, anon, *_):
        fields = self.page_at(space, page)
        if anon:
            fields["anon"] = self.anons.get(anon)
        return fields

    def anon_new(self, anon, frame, slot, *_):
        if not self.snap:
            return {"kind": "anon.new", "anon": self.anons.new(anon)}
        if anon in self.in_snapshot:
            return None
        self.in_snapshot.add(anon)
        fields = {"kind": "anon.new", "anon": self.anons.get(anon)}
        if frame:
            fields["frame"] = frame
        if slot:
            fields["slot"] = slot
        return fields

    def anon_attach(self, anon, frame, *_):
        return {"anon": self.anons.get(anon), "frame": frame}

    anon_detach = anon_attach

    def anon_slot(self, anon, slot, *_):
        return {"anon": self.anons.get(anon), "slot": slot}

    def anon_free(self, anon, *_):
        return {"anon": self.anons.end(anon)}

    # ---- files ----

    def file(self, source, inode, _, *__):
        known = source in self.files.of
        number = self.files.new(source) if self.detail or not known else self.files.get(source)
        fields = {"file": number, "name": self.said() or f"inode {inode}", "inode": inode}
        return fields

    def cache_insert(self, source, page, frame, *_):
        return {"file": self.files.get(source), "offset": page << 12, "frame": frame}

    cache_remove = cache_insert

    # ---- frames and slots ----

    def frame_take(self, frame, free, count, *_):
        fields = {"frame": frame, "holder": HOLDERS[self.detail], "free": free}
        if self.snap:
            fields["count"] = count
        return fields

    def frame_give(self, frame, free, *_):
        return {"frame": frame, "free": free}

    def frame_table(self, frame, space, address, *_):
        fields = {"frame": frame, "what": TABLES[self.detail]}
        if space:
            fields["as"] = self.spaces.get(space)
        if fields["what"] in ("table", "leaf"):
            fields["addr"] = address
        return fields

    def frame_dirty(self, frame, *_):
        return {"frame": frame, "dirty": bool(self.detail)}

    def swap_take(self, slot, used, *_):
        return {"slot": slot, "used": used}

    swap_give = swap_take

    def swap_in(self, slot, frame, anon, *_):
        fields = {"slot": slot, "frame": frame}
        if anon:
            fields["anon"] = self.anons.get(anon)
        return fields

    swap_out = swap_in

    # ---- eviction ----

    def hand(self, frame, *_):
        return {"frame": frame, "referenced": bool(self.detail)}

    def evict(self, frame, owner, page, *_):
        fields = {"frame": frame, "reason": REASONS[self.detail], "policy": self.policy_name}
        if self.detail & 2:
            fields["anon"] = self.anons.get(owner)
        else:
            fields.update(file=self.files.get(owner), offset=page << 12)
        return fields

    def evict_back(self, frame, *_):
        return {"frame": frame}

    def policy(self, *_):
        self.policy_name = self.said()
        return {"policy": self.policy_name}

    # ---- disks ----

    def disk(self, disk, *_):
        fields = {"disk": self.disks.get(disk) - 1, "name": self.said()}
        if self.detail:
            fields["swap"] = True
        return fields

    def transfer(self, disk, request, sector, count, frame):
        return {"disk": self.disks.get(disk) - 1, "sector": sector, "count": count,
                "write": bool(self.detail), "frame": frame, "request": request}

    def disk_start(self, disk, request, sector, count, frame):
        return self.transfer(disk, self.requests.new(request), sector, count, frame)

    def disk_done(self, disk, request, sector, count, frame):
        error, count = count >> 8, count & 0xff
        fields = self.transfer(disk, self.requests.end(request), sector, count, frame)
        if error:
            fields["error"] = error
        return fields

    # ---- processes ----

    def process(self, pid, parent, space, *_):
        self.thread = pid
        fields = {"name": self.said()}
        if parent:
            fields["parent"] = parent
        if space:
            fields["as"] = self.spaces.get(space)
        return fields

    def fork(self, child, space, *_):
        return {"child": child, "as": self.spaces.get(space), "vfork": bool(self.detail)}

    def exec(self, space, *_):
        return {"as": self.spaces.get(space), "name": self.said()}

    def name(self, *_):
        return {"name": self.said()}

    def exit(self, status, *_):
        return {"status": status}

    def oom(self, victim, *_):
        return {"victim": victim}

    def switch(self, to, *_):
        return {"to": to, "why": STATES[self.detail]}

    def call(self, result, *arguments):
        name = list(CALLS)[self.detail]
        return {"name": name, "args": list(arguments[:CALLS[name]]), "result": result}


def events(file, icount=False, command=None):
    """The events of a file that is open for reading bytes."""
    return Decoder(icount, command).events(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="what the guest's virtio console wrote")
    parser.add_argument("--icount", action="store_true", help="one ns is one instruction")
    parser.add_argument("--command", help="what was run, for the first line")
    options = parser.parse_args()
    write = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
    with open(options.file, "rb") as file:
        for event in events(file, options.icount, options.command):
            print(write(event))


if __name__ == "__main__":
    main()
