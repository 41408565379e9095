#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns the records of kernel/trace.h into the events of docs/trace-format.md.

    scripts/trace/decode.py events.bin > events.jsonl
    scripts/trace/decode.py --line line.bin > events.jsonl     what came by COM2

--icount: the guest ran under -icount shift=0, where one ns is one instruction. Used as a
module, events(file) yields the events as dictionaries.
"""

import argparse
import json
import os
import re
import struct

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RECORD = struct.Struct("<Q6I")
IN_INTERRUPT = 1 << 31
TEXT = struct.Struct("<5I")

# As in the kernel's headers, by number.
HOLDERS = ["absent", "free", "boot", "heap", "stack", "vm"]           # physmem.h
ANON = 2                                                              # frame.h
TABLES = {4: "table", 5: "directory", 6: "leaf", 7: "zero"}           # frame.h
ROWS = ["NO_AREA", "FORBIDDEN", "ANON_OWN", "ANON_SHARED", "ANON_COPY", "ZERO_MAP",
        "ZERO_FILL", "FILE_SHARED", "FILE_READ", "FILE_COPY", "PAST_END", "MAKE_TABLES",
        "GROW_STACK", "UNSHARE", "NOT_CODE"]
RESULTS = ["done", "maperr", "accerr", "bus", "memory", "killed"]     # fault.h
REASONS = ["file clean", "file dirty", "anon clean", "anon dirty"]    # tracepoints.h
STATES = ["runs", "ready", "sleeps", "ended"]                         # thread.h
CALLS = {"mmap": 4, "munmap": 2, "mprotect": 3, "brk": 1, "mremap": 4, "madvise": 3,
         "msync": 3, "mlock": 3}                                      # trace.h: how many arguments
PAGE, WRITABLE = 4096, 2
ENTRIES = 1024  # of a page table, if the beginning does not say otherwise
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


class Frames:
    """The records in what came by COM2, each in a frame (RFC 1055): a file to read from. What
    stands before the first end of a frame may be the rest of a record, and is dropped."""

    END, ESCAPE = 0xc0, 0xdb
    def __init__(self, file):
        self.frames = file.read().split(bytes([self.END]))[1:-1]

    def unescape(self, frame):
        for code, byte in ((0xdc, self.END), (0xdd, self.ESCAPE)):
            frame = frame.replace(bytes([self.ESCAPE, code]), bytes([byte]))
        return frame

    def read(self, size):
        count = size // RECORD.size
        taken, self.frames = self.frames[:count], self.frames[count:]
        return b"".join(map(self.unescape, taken))


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


class Space:
    """What the stream said of an address space."""

    def __init__(self):
        self.entries = {}  # page: page-table entry, without W in a shared table
        self.anons = {}    # page: number of its anon
        self.shared = {}   # first address of a page table that is shared: its frame


class Table:
    """A page table that several spaces use, of which none may write through it."""

    def __init__(self, entries):
        self.entries = entries   # page: entry, as it stands there
        self.spaces = []         # numbers of those who use it


class Decoder:
    """One stream. The kernel notes as little as will do; the rest is found out here: which row
    a fault began with, what its page's entry was, when a page has a new anon, when an anon's
    last reference went, when a frame was taken. Each method of the name of a record kind
    returns its event's fields, a list of such, or None if there is no event."""

    def __init__(self, icount=False, command=None):
        self.icount = icount
        self.command = command
        self.kinds = names_of("trace_kind", "TRACE_")[:-1]
        self.groups = groups()
        self.methods = [getattr(self, kind.lower(), None) for kind in self.kinds]
        self.methods[self.kinds.index("TELLING")] = self.set_telling
        self.event_names = [kind.lower().replace("_", ".", 1) for kind in self.kinds]
        self.spaces, self.anons, self.files = Numbers(), Numbers(), Numbers()
        self.disks, self.requests = Numbers(), Numbers()
        self.tsc_start, self.scale, self.cpu, self.lost = 0, 0, 0, 0
        self.time = self.idle = 0
        self.idle_since = None   # since when the processor has had nothing to do
        self.text = b""          # of the records of text just before
        self.begun = None        # of a beginning, what is known so far
        self.groups_on = set()
        self.policy_name = None
        self.ranges = {}         # thread: the range that its next area.change had
        self.span = ENTRIES * PAGE  # what a page table maps
        self.forget()

    def forget(self):
        """A snapshot begins: what was known of memory is told anew."""
        self.telling = False
        self.known = {}          # number of a space: Space
        self.tables = {}         # frame: a Table that several spaces share
        self.references = {}     # number of an anon: how many pages name it
        self.frames = {}         # number of an anon: its frame
        self.inside = {}         # frame: number of the anon in it
        self.addresses = {}      # number of an anon: the kernel's address of it
        self.taken = set()       # frames that are not free
        self.free = 0
        self.faults = {}         # thread: the fault it is in
        self.rows_due = {}       # thread: the fault.row event whose row is not known yet
        self.held = []           # events from the first of those on

    def events(self, file):
        while True:
            data = file.read(RECORD.size * 4096)
            for record in RECORD.iter_unpack(data[:len(data) // RECORD.size * RECORD.size]):
                yield from self.record(*record)
            if len(data) < RECORD.size * 4096:
                yield from self.release(everything=True)
                return

    def record(self, tsc, what, *words):
        kind, self.detail = what & 0xff, what >> 8 & 0xff
        self.thread, self.irq = what >> 16 & 0x7fff, what & IN_INTERRUPT
        name = self.kinds[kind]
        if name == "TEXT":
            self.text += TEXT.pack(*words)
            return
        made = self.methods[kind](*words)
        self.text = b""
        if made is None:
            if name == "FAULT_AGAIN":
                yield from self.release()
            return
        self.clock_to(tsc)
        fault = self.faults.get(self.thread)
        if fault and fault["again"] and not self.irq and name != "SWITCH":
            fault["again"] = False
            self.row_due(fault)
        for fields in made if isinstance(made, list) else [made]:
            self.held.append(self.event(self.event_names[kind], fields))
        if name == "FAULT_BEGIN":
            self.row_due(self.faults[self.thread])
        elif name == "SWITCH" and words[0] == 0:
            self.idle_since = self.time
        yield from self.release()

    def event(self, name, fields):
        event = {"t": self.time}
        if self.icount:
            event["insns"] = self.time - self.idle
        event["cpu"] = self.cpu
        event["pid"] = self.thread
        event["kind"] = fields.pop("kind", name)
        if self.telling and event["kind"] not in ("file", "snapshot"):
            event["snap"] = True
        if self.irq:
            event["irq"] = True
        event.update(fields)
        return event

    def clock_to(self, tsc):
        self.time = max(self.time, (tsc - self.tsc_start) * self.scale >> 24)
        if self.idle_since is not None:
            self.idle += self.time - self.idle_since
            self.idle_since = None

    def row_due(self, fault):
        """A fault looks at the table: an event whose row a later record will tell."""
        event = self.event("fault.row", {"as": fault["as"], "addr": fault["addr"] & -PAGE})
        self.rows_due[self.thread] = event
        self.held.append(event)

    def row_known(self):
        event = self.rows_due.pop(self.thread, None)
        if event:
            event["row"] = ROWS[self.detail]

    def release(self, everything=False):
        """The events that no unknown row holds back."""
        while self.held:
            event = self.held[0]
            if event["kind"] == "fault.row" and "row" not in event:
                if not everything:
                    return
            else:
                yield event
            self.held.pop(0)

    def said(self):
        return self.text.rstrip(b"\0").decode(errors="replace")

    # ---- what the kernel leaves out ----

    def space(self, number):
        return self.known.setdefault(number, Space())

    def use(self, frame):
        """The events before one that names the frame: it is taken, if it was free."""
        if frame in self.taken or self.telling or "frame" not in self.groups_on:
            return []
        self.taken.add(frame)
        self.free -= 1
        return [{"kind": "frame.take", "frame": frame, "holder": "vm", "free": self.free}]

    def name_anon(self, number, page, anon):
        """The page of a space names an anon (or none, 0): the events of that, and of the end of
        the anon that it named before."""
        anons, before = self.space(number).anons, self.space(number).anons.get(page, 0)
        fields = {"kind": "page", "as": number, "addr": page}
        if anon:
            fields["anon"] = anons[page] = anon
            self.references[anon] = self.references.get(anon, 0) + 1
        else:
            anons.pop(page, None)
        if not before:
            return [fields]
        self.references[before] -= 1
        return [fields] if self.references[before] else [fields, *self.end_anon(before)]

    def end_anon(self, anon):
        del self.references[anon]
        self.anons.of.pop(self.addresses.pop(anon, None), None)
        frame = self.leave_frame(anon)
        if frame:
            yield {"kind": "anon.detach", "anon": anon, "frame": frame}
        yield {"kind": "anon.free", "anon": anon}

    def enter_frame(self, anon, frame):
        self.frames[anon] = frame
        self.inside[frame] = anon

    def leave_frame(self, anon):
        frame = self.frames.pop(anon, None)
        if self.inside.get(frame) == anon:
            del self.inside[frame]
        return frame

    def anon_at(self, address, frame=None):
        """The number of an anon. A new one has no address until a record says it of its frame."""
        number = self.inside.get(frame) or self.anons.of.get(address)
        if not number:
            return self.anons.new(address)
        self.anons.of[address] = number
        self.addresses[number] = address
        return number

    def new_anon(self, number, page, frame):
        """The page of a space got a frame that is no anon's yet: it has a new one."""
        self.anons.last += 1
        anon = self.anons.last
        self.references[anon] = 0
        self.enter_frame(anon, frame)
        return (self.use(frame) + [{"kind": "anon.new", "anon": anon, "frame": frame},
                                   {"kind": "frame.dirty", "frame": frame, "dirty": True}] +
                self.name_anon(number, page, anon))

    # ---- the stream ----

    def chunk(self, _, lost, *__):
        self.cpu = self.detail
        more, self.lost = lost - self.lost, lost
        if more <= 0:
            return None
        self.text = b""
        self.faults.clear()
        self.held = [event for event in self.held if event not in self.rows_due.values()]
        self.rows_due.clear()
        return {"kind": "lost", "count": more}

    def begin(self, version, frames, slots, mask, entries):
        self.begun = {"version": version, "frames": frames}
        self.span = (entries or ENTRIES) * PAGE
        if self.span != ENTRIES * PAGE:
            self.begun["entries"] = entries
        if slots:
            self.begun["slots"] = slots
        self.begun["kinds"] = [name for i, name in enumerate(self.groups) if mask >> i & 1]
        self.groups_on = set(self.begun["kinds"])

    def clock(self, low, high, scale, *_):
        self.tsc_start, self.scale = high << 32 | low, scale

    def command_line(self, *_):
        fields = {"kind": "begin", **self.begun, "cmdline": self.said()}
        if self.command:
            fields["command"] = self.command
        return fields

    def snapshot(self, free, *_):
        if self.detail:
            self.forget()
        self.free = free
        return {"state": "begin" if self.detail else "end", "free": free}

    def set_telling(self, *_):
        self.telling = bool(self.detail)

    def end(self, *_):
        return {}

    # ---- faults ----

    def page_at(self, space, address, **fields):
        return {"as": self.spaces.get(space), "addr": address, **fields}

    def entry_now(self, fault):
        return self.space(fault["as"]).entries.get(fault["addr"] & -PAGE)

    def fault_begin(self, space, address, eip, *_):
        fault = self.page_at(space, address, access="write" if self.detail else "read")
        fields = dict(fault)
        before = self.entry_now(fault)
        if before:
            fields["before"] = before
        if eip:
            fields["eip"] = eip
        self.faults[self.thread] = fault
        fault["again"] = False
        return fields

    def fault_again(self, *_):
        self.row_known()
        if self.thread in self.faults:
            self.faults[self.thread]["again"] = True

    def fault_end(self, result, major, *_):
        fault = self.faults.pop(self.thread, None)
        if not fault:
            return None
        if fault.pop("again"):
            self.row_due(fault)
        self.row_known()
        fields = {**fault, "row": ROWS[self.detail], "result": RESULTS[result],
                  "major": bool(major & 0xff)}
        after = self.entry_now(fault)
        if after:
            fields["after"] = after
        return fields

    def copy(self, space, page, source, target, _):
        return self.use(target) + [self.page_at(space, page, frame=source, to=target,
                                                why="file" if self.detail else "anon")]

    # ---- entries ----

    def map(self, space, page, before, after, _):
        number = self.spaces.get(space)
        table = self.tables.get(self.space(number).shared.get(page & -self.span))
        if table:
            return self.map_shared(table, number, page, after) if "map" in self.groups_on else []
        frame, made = after >> 12, []
        # First of all the page lets go of the frame that it had: perhaps it was the last to name
        # the anon there, which then ends.
        if "map" in self.groups_on and before and before >> 12 != frame:
            made.append(self.page_at(space, page, kind="unmap", frame=before >> 12,
                                     before=before))
        if not self.telling:
            made += self.what_maps(number, page, before, frame)
        if "map" not in self.groups_on:
            return made
        self.space(number).entries[page] = after
        if before >> 12 != frame:
            before = 0
        made.append(self.page_at(space, page, frame=frame, before=before, after=after))
        return made

    def what_maps(self, number, page, before, frame):
        """What else it means that the page's entry becomes one for the frame."""
        if self.detail != ANON:
            return []
        if before >> 12 == frame:
            fault = self.faults.get(self.thread)
            writes = fault and fault["access"] == "write" and fault["addr"] & -PAGE == page
            return [{"kind": "reuse", "as": number, "addr": page, "frame": frame}] if writes else []
        known = self.frames.get(self.space(number).anons.get(page)) == frame
        return [] if known or "page" not in self.groups_on else self.new_anon(number, page, frame)

    def map_shared(self, table, number, page, after):
        """One of those who share a table has brought in a page: all see it. A snapshot tells
        the table of each of them."""
        table.entries[page] = after
        made = []
        for user in [number] if self.telling else table.spaces:
            self.space(user).entries[page] = after & ~WRITABLE
            made.append({"as": user, "addr": page, "frame": after >> 12, "before": 0,
                         "after": after & ~WRITABLE})
        return made

    def unmap(self, space, page, before, frame, *_):
        if not space:
            return self.change_shared(frame, page, 0)
        self.space(self.spaces.get(space)).entries.pop(page, None)
        return self.page_at(space, page, frame=before >> 12, before=before)

    def protect(self, space, page, before, after, frame):
        if not space:
            return self.change_shared(frame, page, after)
        self.space(self.spaces.get(space)).entries[page] = after
        return self.page_at(space, page, frame=before >> 12, before=before, after=after)

    def change_shared(self, frame, page, after):
        table = self.tables.get(frame)
        if not table:
            return []            # who shares it is not traced
        table.entries[page] = after
        if not after:
            del table.entries[page]
        return [fields for user in table.spaces
                for fields in self.change(user, page, after & ~WRITABLE)]

    def change(self, number, page, after):
        """The entry that a space sees becomes another one for the same frame, or 0."""
        entries = self.space(number).entries
        before = entries.pop(page, 0)
        fields = {"as": number, "addr": page, "frame": before >> 12, "before": before}
        if after:
            entries[page] = after
            fields["after"] = after
        if not before or before == after:
            return []
        return [{"kind": "protect" if after else "unmap", **fields}]

    def clear(self, space, start, end, *_):
        entries = self.space(self.spaces.get(space)).entries
        return [self.page_at(space, page, kind="unmap", frame=entries[page] >> 12,
                             before=entries.pop(page))
                for page in range(start, end, PAGE) if page in entries]

    def weaken(self, space, start, end, *_):
        entries, made = self.space(self.spaces.get(space)).entries, []
        for page in range(start, end, PAGE):
            before = entries.get(page, 0)
            if before & WRITABLE:
                entries[page] = before & ~WRITABLE
                made.append(self.page_at(space, page, kind="protect", frame=before >> 12,
                                         before=before, after=before & ~WRITABLE))
        return made

    # ---- spaces and areas ----

    def space_new(self, space, *_):
        return {"kind": "space.new", "as": self.spaces.get(space)}

    def space_end(self, space, *_):
        self.known.pop(self.spaces.get(space), None)
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
        return self.name_anon(self.spaces.get(space), page, self.anon_at(anon))

    def pages_drop(self, space, start, end, *_):
        number = self.spaces.get(space)
        anons = self.space(number).anons
        return [fields for page in range(start, end, PAGE) if page in anons
                for fields in self.name_anon(number, page, 0)]

    def pages_share(self, parent, child, start, end, _):
        anons = self.space(self.spaces.get(parent)).anons
        return [fields for page in range(start, end, PAGE) if page in anons
                for fields in self.name_anon(self.spaces.get(child), page, anons[page])]

    # ---- spans that fork shares ----

    def span_told(self, space, address, frame, *_):
        if frame:
            self.use_shared(self.tables.setdefault(frame, Table({})), frame,
                            self.spaces.get(space), address)

    def use_shared(self, table, frame, number, address):
        table.spaces.append(number)
        self.space(number).shared[address] = frame

    def span_share(self, parent, child, address, frame, _):
        parent, child = self.spaces.get(parent), self.spaces.get(child)
        anons, made = self.space(parent).anons, []
        for page in range(address, address + self.span, PAGE):
            if page in anons:
                made += self.name_anon(child, page, anons[page])
        fields = {"as": child, "addr": address, "from": parent, "pages": len(made)}
        if frame:
            fields["table"] = frame
            made += self.share_table(parent, child, address, frame)
        return [fields] + made

    def share_table(self, parent, child, address, frame):
        made, table = [], self.tables.get(frame)
        if not table:
            entries = self.space(parent).entries
            table = Table({page: entries[page] for page in
                           range(address, address + self.span, PAGE) if page in entries})
            self.tables[frame] = table
            self.use_shared(table, frame, parent, address)
            for page, entry in table.entries.items():
                made += self.change(parent, page, entry & ~WRITABLE)
        self.use_shared(table, frame, child, address)
        for page, entry in table.entries.items():
            self.space(child).entries[page] = entry & ~WRITABLE
            made.append({"kind": "map", "as": child, "addr": page, "frame": entry >> 12,
                         "before": 0, "after": entry & ~WRITABLE})
        return made

    def span_own(self, space, address, frame, *_):
        number, copied = self.spaces.get(space), bool(self.detail)
        table = self.tables.get(frame)
        if copied and table:
            table.entries = {page: entry & ~WRITABLE for page, entry in table.entries.items()}
        return self.release_table(number, address, frame,
                                  {"as": number, "addr": address, "copied": copied}, [])

    def span_leave(self, space, address, frame, *_):
        number, made = self.spaces.get(space), []
        anons = self.space(number).anons
        for page in range(address, address + self.span, PAGE):
            if page in anons:
                made += self.name_anon(number, page, 0)
        return self.release_table(number, address, frame, {"as": number, "addr": address}, made)

    def release_table(self, number, address, frame, event, made):
        """The last one who uses a shared table has it for itself; anybody else has none."""
        table, made = self.tables.get(frame), [event] + made
        if not table:
            return made
        table.spaces.remove(number)
        if table.spaces:
            event["lost"] = frame
        del self.space(number).shared[address]
        for page, entry in table.entries.items():
            made += self.change(number, page, 0 if table.spaces else entry)
        if not table.spaces:
            del self.tables[frame]
        return made

    def page_move(self, space, source, target, *_):
        number = self.spaces.get(space)
        anon = self.space(number).anons.get(source)
        if not anon:
            return None
        self.references[anon] += 1   # it must not seem to end in between
        made = self.name_anon(number, source, 0) + self.name_anon(number, target, anon)
        self.references[anon] -= 1
        return made

    def anon_told(self, anon, frame, slot, *_):
        number = self.anon_at(anon)
        if number in self.references:
            return None              # told already: a page that several share
        self.references[number] = 0
        if frame:
            self.enter_frame(number, frame)
        fields = {"kind": "anon.new", "anon": number}
        if frame:
            fields["frame"] = frame
        if slot:
            fields["slot"] = slot
        return fields

    def anon_attach(self, anon, frame, *_):
        number = self.anon_at(anon)
        self.enter_frame(number, frame)
        return self.use(frame) + [{"anon": number, "frame": frame}]

    def anon_detach(self, anon, frame, *_):
        number = self.anon_at(anon, frame)
        self.leave_frame(number)
        return {"anon": number, "frame": frame}

    def anon_slot(self, anon, slot, frame, *_):
        return {"anon": self.anon_at(anon, frame), "slot": slot}

    # ---- files ----

    def file(self, source, inode, _, *__):
        known = source in self.files.of
        number = self.files.new(source) if self.detail or not known else self.files.get(source)
        fields = {"file": number, "name": self.said() or f"inode {inode}", "inode": inode}
        return fields

    def cache_insert(self, source, page, frame, *_):
        return self.use(frame) + [self.cache_remove(source, page, frame)]

    def cache_remove(self, source, page, frame, *_):
        return {"file": self.files.get(source), "offset": page << 12, "frame": frame}

    # ---- frames and slots ----

    def frame_take(self, frame, free, count, *_):
        fields = {"frame": frame, "holder": HOLDERS[self.detail], "free": free}
        if self.telling:
            fields["count"] = count
            self.taken.update(range(frame, frame + count))
        else:
            self.taken.add(frame)
            self.free = free
        return fields

    def frame_give(self, frame, free, *_):
        self.free = free
        if frame not in self.taken:
            return None              # it was taken, and never used
        self.taken.discard(frame)
        return {"frame": frame, "free": free}

    def frame_table(self, frame, space, address, *_):
        fields = {"frame": frame, "what": TABLES[self.detail]}
        if space:
            fields["as"] = self.spaces.get(space)
        if fields["what"] in ("table", "leaf"):
            fields["addr"] = address
        return self.use(frame) + [fields]

    def frame_dirty(self, frame, *_):
        return {"frame": frame, "dirty": bool(self.detail)}

    def swap_take(self, slot, used, *_):
        return {"slot": slot, "used": used}

    swap_give = swap_take

    def swap_in(self, slot, frame, anon, *_):
        fields = {"slot": slot, "frame": frame}
        if anon:
            fields["anon"] = self.anon_at(anon, frame)
        return fields

    swap_out = swap_in

    # ---- eviction ----

    def hand(self, frame, *_):
        return {"frame": frame, "referenced": bool(self.detail)}

    def evict(self, frame, owner, page, *_):
        fields = {"frame": frame, "reason": REASONS[self.detail], "policy": self.policy_name}
        if self.detail & 2:
            fields["anon"] = self.anon_at(owner, frame)
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
    parser.add_argument("--line", action="store_true", help="the file is what came by COM2")
    parser.add_argument("--command", help="what was run, for the first line")
    options = parser.parse_args()
    write = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
    with open(options.file, "rb") as file:
        source = Frames(file) if options.line else file
        for event in events(source, options.icount, options.command):
            print(write(event))


if __name__ == "__main__":
    main()
