# SPDX-License-Identifier: MIT
"""A made-up trace of any length: processes that use more memory than there is, and a clock.

Frames are taken and given, pages are swapped out and in, so that a viewer has as much to do as
with a real trace of the worst kind. The events fit together as docs/trace-format.md wants.
"""

import collections
import json
import random

PAGE = 4096
FRAMES, KERNEL_FRAMES, SLOTS = 8192, 700, 16384
PROCESSES, PAGES = 6, 2400            # six times 2400 pages in 7,000 frames
HEAP = 0x0A000000
PRESENT, WRITE, USER, ACCESSED, DIRTY = 1, 2, 4, 0x20, 0x40
KINDS = ["fault", "map", "area", "page", "cache", "frame", "swap", "evict", "disk", "process",
         "switch", "call"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = []
        self.time = 10_000_000
        self.pid = 0
        self.free = collections.deque(range(KERNEL_FRAMES, FRAMES))
        self.free_slots = collections.deque(range(1, SLOTS))
        self.ring = collections.deque()   # (frame, pid, page) in the order of the clock
        self.entries = {}                 # (pid, page): [frame, referenced]
        self.anons = {}                   # (pid, page): (anon, slot or None)
        self.requests = 0
        self.last_anon = 0

    def note(self, kind, took=150, **fields):
        self.time += took
        fields = {"t": self.time, "insns": self.time // 2, "cpu": 0, "pid": self.pid,
                  "kind": kind, **fields}
        self.lines.append(json.dumps(fields, separators=(",", ":")))

    def begin(self):
        self.note("begin", version=1, frames=FRAMES, slots=SLOTS, policy="clock", kinds=KINDS,
                  cmdline="root=vda swap=vdb", command="thrash")
        self.note("disk", disk=1, name="vdb", swap=True)
        self.note("snapshot", state="begin", free=len(self.free))
        self.note("frame.take", frame=0, count=KERNEL_FRAMES, holder="boot", free=len(self.free),
                  snap=True)
        for pid in range(1, PROCESSES + 1):
            self.note("space.new", snap=True, **{"as": pid})
            self.note("process", snap=True, name=f"thrash-{pid}", **{"as": pid, "pid": pid})
            self.note("area.add", addr=HEAP, end=HEAP + PAGES * PAGE, rights="rw-", shared=False,
                      what="heap", locked=False, snap=True, **{"as": pid})
            for what, addr in (("directory", 0), ("table", HEAP), ("table", HEAP + 0x400000),
                               ("table", HEAP + 0x800000)):
                frame = self.free.popleft()
                self.note("frame.take", frame=frame, holder="vm", free=len(self.free), snap=True)
                self.note("frame.table", frame=frame, what=what, addr=addr, snap=True,
                          **{"as": pid})
        self.note("snapshot", state="end", free=len(self.free))

    def disk(self, write, slot, frame):
        self.requests += 1
        request = {"disk": 1, "sector": slot * 8, "count": 8, "write": write, "frame": frame,
                   "request": self.requests}
        self.note("disk.start", **request)
        pid = self.pid
        self.note("switch", to=0, why="sleeps")
        self.pid = 0
        self.note("disk.done", took=90_000, irq=True, **request)
        self.note("switch", to=pid, why="ready")
        self.pid = pid

    def evict(self):
        """The clock goes round until a page was not referenced; that one is written out."""
        while True:
            frame, pid, page = self.ring.popleft()
            entry = self.entries[pid, page]
            self.note("hand", frame=frame, referenced=entry[1])
            if not entry[1]:
                break
            entry[1] = False
            self.ring.append((frame, pid, page))
        anon, _ = self.anons[pid, page]
        slot = self.free_slots.popleft()
        self.note("swap.take", slot=slot, used=SLOTS - 1 - len(self.free_slots))
        self.note("anon.slot", anon=anon, slot=slot)
        self.note("evict", frame=frame, reason="anon dirty", policy="clock", anon=anon)
        self.note("unmap", addr=HEAP + page * PAGE, frame=frame,
                  before=frame << 12 | PRESENT | WRITE | USER | ACCESSED | DIRTY, **{"as": pid})
        self.note("frame.dirty", frame=frame, dirty=False)
        self.note("swap.out", anon=anon, slot=slot, frame=frame)
        self.disk(True, slot, frame)
        self.note("anon.detach", anon=anon, frame=frame)
        del self.entries[pid, page]
        self.anons[pid, page] = anon, slot
        self.free.append(frame)
        self.note("frame.give", frame=frame, free=len(self.free))

    def fault(self, page):
        place = self.pid, page
        where = {"as": self.pid, "addr": HEAP + page * PAGE + 16}
        anon, slot = self.anons.get(place, (None, None))
        row = "ANON_OWN" if anon else "ZERO_FILL"
        self.note("fault.begin", access="write", eip=0x8048123, **where)
        self.note("fault.row", row=row, **where)
        if len(self.free) < 8:
            self.evict()
        frame = self.free.popleft()
        self.note("frame.take", frame=frame, holder="vm", free=len(self.free))
        if anon:
            self.note("anon.attach", anon=anon, frame=frame)
            self.note("swap.in", anon=anon, slot=slot, frame=frame)
            self.disk(False, slot, frame)
            self.note("fault.row", row=row, **where)
            self.free_slots.append(slot)
            self.note("swap.give", slot=slot, used=SLOTS - 1 - len(self.free_slots))
        else:
            self.last_anon += 1
            anon = self.last_anon
            self.note("anon.new", anon=anon, frame=frame)
            self.note("page", addr=HEAP + page * PAGE, anon=anon, **{"as": self.pid})
        self.anons[place] = anon, None
        self.note("frame.dirty", frame=frame, dirty=True)
        after = frame << 12 | PRESENT | WRITE | USER
        self.note("map", addr=HEAP + page * PAGE, frame=frame, before=0, after=after,
                  **{"as": self.pid})
        self.note("fault.end", row=row, access="write", result="done", major=slot is not None,
                  after=after, **where)
        self.entries[place] = [frame, True]
        self.ring.append((frame, *place))

    def run(self, count):
        self.begin()
        while len(self.lines) < count:
            before = self.pid
            pid = self.random.randint(1, PROCESSES)
            if pid != before:
                self.note("switch", to=pid, why="ready")
            self.pid = pid
            base = self.random.randrange(PAGES)
            for _ in range(self.random.randint(1, 40)):
                page = (base + self.random.randrange(300)) % PAGES
                if (pid, page) in self.entries:
                    self.entries[pid, page][1] = True
                else:
                    self.fault(page)


def write(path, count, seed=1):
    """Writes a trace of a few more than `count` events."""
    maker = Maker(seed)
    maker.run(count)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(maker.lines) + "\n")
