# SPDX-License-Identifier: MIT
"""pagoda audit: the promises of vm/README.md, checked from outside.

The same questions as vm/audit.c asks, but no line of the kernel runs: it can be asked in a
panic, and about an auditor that is wrong. In the middle of an update, while vm_lock is held, a
promise may be broken for a moment; the command says so.
"""

import collections

from guest.frames import SLOT_PAGE_BITS, swap_devices
from guest.kernel import (all_frames, cached_frame, entry_bits, entry_places, frame_state,
                          holders, mapping_entries, spaces, table_at, zero_frame)
from guest.memory import (ENTRIES, ENTRY, KERNEL_BASE, PAGE, SPAN_SHIFT, constants, frame_in,
                          read_entry, read_word, read_words, record, symbol, variable)
from guest.text import command, counted

COMPLAINTS_SHOWN = 20


class Audit:
    """One pass over all of memory; broken: [(promise, words)]."""

    def __init__(self):
        self.broken = []
        self.frames = all_frames()
        self.zero = zero_frame()
        self.bits = entry_bits()
        self.flags = constants("vm/frame.h", "FRAME")
        self.anons = collections.Counter()  # address -> how often it is named
        self.entries = {}                   # where a present entry is -> frame it maps
        self.sharers = collections.Counter() # number of a leaf's or table's frame -> spaces

    def expect(self, promise, holds, words):
        if not holds:
            self.broken.append((promise, words))

    def run(self):
        for space in spaces():
            self.check_space(space)
        for number, holder in enumerate(holders()):
            if number:
                self.check_frame(number, holder)
        self.check_mappings()
        self.check_anons()
        self.check_sharers()
        return self

    # Promise 1: the page table follows from the supplemental page table.

    def check_space(self, space):
        tables = 0
        for index, table in space.tables():
            tables += 1
            self.check_table(space, index, table)
        self.expect(1, tables == space.pagedir.tables,
                    f"{space.name()} counts {space.pagedir.tables} page tables and has {tables}")
        for leaf in filter(None, space.leaves):
            number = (leaf - KERNEL_BASE) // PAGE
            self.sharers[number] += 1
            if self.sharers[number] == 1:
                named = [anon for anon in read_words(leaf, ENTRIES) if anon]
                self.anons.update(named)
                self.expect(4, len(named) == self.frames[number].used,
                            f"the leaf in frame {number:#x} counts "
                            f"{self.frames[number].used} anons and names {len(named)}")

    def check_table(self, space, index, table):
        number = frame_in(space.directory[index])
        base = table_at(space.directory[index])
        frame = self.frames[number]
        where = f"the page table for {index << SPAN_SHIFT:#010x} of {space.name()}"
        owner = frame.owner.pagedir
        self.expect(2, frame_state(frame) == "PAGE_TABLE" and owner in (0, space.pagedir.address),
                    f"{where} is in frame {number:#x}, which has another owner")
        self.expect(6, bool(space.directory[index] & self.bits["W"]) == bool(owner),
                    f"{where} can be written through, and {frame.sharers} share it")
        self.sharers[number] += 1
        if self.sharers[number] > 1:
            return
        resident = 0
        for i, entry in enumerate(table):
            if entry:
                resident += frame_in(entry) != self.zero
                self.check_entry(space, index << SPAN_SHIFT | i << 12, entry, base + ENTRY * i)
        self.expect(1, resident == frame.resident,
                    f"{where} counts {frame.resident} resident pages and has {resident}")

    def check_entry(self, space, address, entry, place):
        number = frame_in(entry)
        where = f"{address:#010x} of {space.name()}"
        usual = self.bits["P"] | self.bits["U"]
        self.expect(1, entry & usual == usual and number < len(self.frames),
                    f"the entry for {where} is no user entry: {entry:#010x}")
        if entry & usual != usual or number >= len(self.frames):
            return
        area, anon = space.area(address), space.anon(address)
        self.expect(1, area, f"{where} is mapped, and no area promises it")
        if number == self.zero:
            self.expect(1, not anon, f"{where} maps the frame of zeros, but has an anon")
            self.expect(6, not entry & self.bits["W"],
                        f"{where} may write to the shared frame of zeros")
            return
        self.entries[place] = number
        frame = self.frames[number]
        if anon:
            self.expect(1, anon.frame == frame.address,
                        f"{where} is mapped to frame {number:#x}, which is not its anon's")
        elif area and area.source:
            page = area.first_page + ((address - area.node.key) >> 12)
            self.expect(1, frame_state(frame) == "FILE" and frame.index == page and
                        frame.owner.source == area.source,
                        f"{where} is mapped to frame {number:#x}, which is not its file's page")
        else:
            self.expect(1, not area, f"{where} is mapped to frame {number:#x}, but has no anon")
        if entry & self.bits["W"]:
            self.check_writable(where, frame, number)

    def check_writable(self, where, frame, number):
        if frame_state(frame) == "ANON":
            sharers = record("struct anon", frame.owner.anon).references
            self.expect(6, sharers == 1, f"{where} may write to frame {number:#x}, which "
                        f"{sharers} share copy-on-write")
        else:
            self.expect(6, frame.flags & self.flags["DIRTY"],
                        f"{where} may write unseen to the clean page in frame {number:#x}")

    # Promise 2: a frame is free, or has one owner, which points back.

    def check_frame(self, number, holder):
        frame = self.frames[number]
        state = frame_state(frame)
        ours = state not in ("NONE", "ZERO")
        self.expect(2, ours == (holder == "VM"),
                    f"frame {number:#x} is {holder.lower()}'s for physmem, and {state} for vm")
        if state == "ANON":
            self.expect(2, record("struct anon", frame.owner.anon).frame == frame.address,
                        f"frame {number:#x} belongs to an anon that is elsewhere")
            self.expect(4, frame.owner.anon in self.anons,
                        f"frame {number:#x} belongs to an anon that nobody names")
        if state == "FILE":
            cached = cached_frame(frame.owner.source, frame.index)
            self.expect(2, cached and cached.address == frame.address,
                        f"frame {number:#x} is not where the page cache would find it")
        if state == "UNOWNED":
            transfer = frame.flags & self.flags["ORPHAN"]
            self.expect(2, frame.pins or transfer, f"frame {number:#x} has neither owner nor "
                        "pin nor transfer, and is not free")

    # Promise 3: every entry is in its frame's list, and the reverse.

    def check_mappings(self):
        listed = {}
        for number, frame in enumerate(self.frames):
            if frame_state(frame) in ("ANON", "FILE"):
                for place in mapping_entries(frame):
                    listed[place] = number
                    if place not in self.entries:
                        self.expect(3, False, f"frame {number:#x} lists the entry at "
                                    f"{place:#010x}, which maps {frame_in(read_entry(place)):#x}")
        for place, number in self.entries.items():
            if listed.get(place) != number:
                space, address = entry_places(place)[0]
                self.expect(3, False, f"{address:#010x} of {space.name()} maps frame "
                            f"{number:#x}, which does not list it")

    # Promise 6: who shares a leaf or a page table is counted.

    def check_sharers(self):
        for number, sharers in self.sharers.items():
            counted_there = self.frames[number].sharers
            self.expect(6, counted_there == sharers, f"the {frame_state(self.frames[number])} in "
                        f"frame {number:#x} counts {counted_there} users and has {sharers}")

    # Promise 4: an anon's references are those that name it. Promise 5: swap slots.

    def check_anons(self):
        slots = collections.Counter()
        for address, named in self.anons.items():
            anon = record("struct anon", address)
            self.expect(4, anon.references == named, f"anon {address:#010x} counts "
                        f"{anon.references} references and is named {named} times")
            self.expect(2, anon.frame or anon.slot,
                        f"anon {address:#010x} has neither frame nor slot: its page is lost")
            if anon.slot:
                slots[anon.slot] += 1
        devices = swap_devices()
        for slot, count in slots.items():
            self.expect(5, count == 1, f"swap slot {slot} is held by {count} anons")
            self.expect(5, slot_in_use(devices, slot), f"swap slot {slot} is held, and free")
        writing = sum(1 for frame in self.frames if frame_state(frame) == "UNOWNED"
                      and frame.flags & self.flags["HAS_SLOT"])
        held = len(slots) + writing + variable("slots_held", "vm/shmem.c")
        used = sum(device.used for device in devices.values())
        self.expect(5, held == used, f"{used} swap slots are in use, and {held} pages have one")


def slot_in_use(devices, slot):
    """Whether the slot's bit is set in its device's bitmaps, of one page each."""
    device = devices.get(slot >> SLOT_PAGE_BITS)
    page = slot & (1 << SLOT_PAGE_BITS) - 1
    if not device or not 0 < page <= device.last_page:
        return False
    words, bit = device.chunks[page // (PAGE * 8)].words, page % (PAGE * 8)
    return bool(read_word(words + bit // 32 * 4) >> bit % 32 & 1)


@command("audit")
def audit(arguments):
    """the promises of virtual memory (vm/README.md, 1 to 6), checked from outside"""
    result = Audit().run()
    if record("struct spinlock", symbol("vm_lock")).owner:
        print("vm_lock is held: somebody is just changing what is checked here")
    for promise, words in result.broken[:COMPLAINTS_SHOWN]:
        print(f"promise {promise}: {words}")
    if result.broken:
        print(f"audit: {counted(len(result.broken), 'broken promise')}")
    else:
        print(f"audit: clean ({counted(len(result.entries), 'mapped page')}, "
              f"{counted(len(result.anons), 'anon')}, {len(result.frames)} frames)")
