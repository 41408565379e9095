# SPDX-License-Identifier: MIT
"""pagoda frames, frame, swap, cache: physical memory and who owns it."""

import collections

import gdb

from guest.kernel import (FRAME_WORDS, S_IFBLK, S_IFMT, all_frames, entry_places,
                          frame, frame_count, frame_flags, frame_number, frame_state, holders,
                          inode_of, mapping_entries, process_by_id, source_name, space_of,
                          spaces)
from guest.memory import (KERNEL_BASE, PAGE, constants, frame_in, list_of, offset_of, read_entry,
                          record, records, symbol, to_virtual, variable)
from guest.spaces import anon_words, entry_words
from guest.text import command, counted, lines, number_of, table

ROWS_SHOWN = 100
SLOT_PAGE_BITS = constants("vm/swap.c", "PAGE")["BITS"]


def state_word(frame_):
    return FRAME_WORDS.get(frame_state(frame_), frame_state(frame_).lower())


def sharers_words(frame_):
    return f", shared by {frame_.sharers}" if frame_.sharers > 1 else ""


def owner_words(frame_):
    """Whose the frame is."""
    state = frame_state(frame_)
    if state == "FILE":
        return f"page {frame_.index} of {source_name(frame_.owner.source)}"
    if state == "ANON":
        anon = record("struct anon", frame_.owner.anon)
        slot = f", swap slot {anon.slot}" if anon.slot else ""
        return f"anon {anon.address:#010x}, references {anon.references}{slot}"
    if state == "PAGE_TABLE":
        return f"maps from {frame_.index:#010x} on{sharers_words(frame_)}"
    if state == "ANON_LEAF":
        return f"anons from {frame_.index:#010x} on{sharers_words(frame_)}"
    return ""


def shown(rows, what):
    """The first rows; says how many are left out."""
    rows = list(rows)
    if len(rows) > ROWS_SHOWN:
        print(f"(the first {ROWS_SHOWN} of {len(rows)} {what})")
    return rows[:ROWS_SHOWN]


@command("frames [FILTER...]")
def frames(arguments):
    """physical memory: how many frames are what; with a filter, which ones

The filter's words, all of which must hold: a state (anon, file, table, directory, leaf,
unowned), a flag (busy, dirty, valid, error, writing, touched), pinned, mapped, shared (mapped
more than once), or the number of a process: what it maps, and its tables."""
    if not arguments:
        frames_summary()
        return
    tests = [frame_test(word.lower()) for word in arguments]
    found = [(number, frame_) for number, frame_ in enumerate(all_frames())
             if frame_state(frame_) != "NONE" and all(test(frame_) for test in tests)]
    print(counted(len(found), "frame"))
    table(["FRAME", "STATE", "PINS", "MAPPED", "FLAGS", "OWNER"],
          ([f"{number:#x}", state_word(frame_), frame_.pins, mapped(frame_),
            frame_flags(frame_), owner_words(frame_)]
           for number, frame_ in shown(found, "frames")))


def mapped(frame_):
    return sum(1 for _ in mapping_entries(frame_))


def frame_test(word):
    """The function that a word of a filter stands for."""
    flags = {name.lower(): bit for name, bit in constants("vm/frame.h", "FRAME").items()}
    if word in flags:
        return lambda frame_: frame_.flags & flags[word]
    if word in FRAME_WORDS.values():
        return lambda frame_: state_word(frame_) == word
    if word == "pinned":
        return lambda frame_: frame_.pins
    if word == "mapped":
        return mapped
    if word == "shared":
        return lambda frame_: mapped(frame_) > 1
    if word.isdigit():
        space = space_of(process_by_id(int(word)))
        numbers = {frame_in(entry) for _, entry in space.entries()}
        numbers |= {frame_in(entry) for entry in space.directory if entry}
        numbers |= {(leaf - KERNEL_BASE) // PAGE for leaf in space.leaves if leaf}
        numbers |= set(space.directories())
        return lambda frame_: frame_number(frame_.address) in numbers
    raise gdb.GdbError(f"{word} is neither a state nor a flag nor a process; "
                       "`help pagoda frames` lists what may stand here")


def frames_summary():
    counts = collections.Counter(holder.lower() for holder in holders())
    states = collections.Counter()
    flags = collections.Counter()
    for frame_ in all_frames():
        if frame_state(frame_) != "NONE":
            states[state_word(frame_)] += 1
            flags.update(frame_flags(frame_).split())
    print(f"{frame_count()} frames of 4 KiB; held by")
    table(["HOLDER", "FRAMES", "KIB"], ([name, count, count * 4]
                                        for name, count in sorted(counts.items())))
    print("\nvm's, by state")
    table(["STATE", "FRAMES", "KIB"], ([name, count, count * 4]
                                       for name, count in sorted(states.items())))
    print("\nflags: " + ", ".join(f"{name} {count}" for name, count in sorted(flags.items())))


@command("frame NUMBER")
def one_frame(arguments):
    """one frame: its owner, its flags, and every page that maps it"""
    if len(arguments) != 1:
        raise gdb.GdbError("pagoda frame NUMBER   (a physical address / 4096)")
    number = number_of(arguments[0], "frame number")
    frame_ = frame(number)
    places = list(mapping_entries(frame_))
    lines([("frame", f"{number:#x}, physical {number * PAGE:#010x}, the kernel sees it at "
            f"{to_virtual(number * PAGE):#010x}"),
           ("held by", holders()[number].lower()),
           ("state", state_word(frame_)),
           ("owner", owner_words(frame_) or "none"),
           ("flags", frame_state(frame_) != "NONE" and frame_flags(frame_) or "none"),
           ("pins", str(frame_.pins)),
           ("mapped", counted(len(places), "time"))])
    if places:
        print()
        table(["ENTRY", "ADDRESS", "FLAGS", "OF"],
              [row for place in places for row in mapping_rows(place)])
    if frame_state(frame_) == "ANON":
        named = [f"{address:#010x} of {space.name()}" for space in spaces()
                 for address, anon in space.anons() if anon == frame_.owner.anon]
        print("\nthe anon is named by " + (", ".join(named) or "nobody"))


def mapping_rows(place):
    found = entry_places(place)
    if not found:
        return [[f"{place:#010x}", "?", "", "no page table: the list is broken"]]
    return [[f"{place:#010x}", f"{address:#010x}", entry_words(read_entry(place)), space.name()]
            for space, address in found]


@command("swap")
def swap(arguments):
    """the swap devices: their slots, and which page holds each

A slot's number says its device in the top four bits and its page there in the rest."""
    devices = swap_devices()
    if not devices:
        raise gdb.GdbError("there is no swap: boot with swap= on the command line, or use swapon")
    holders_ = collections.defaultdict(list)
    slots = {}
    for space in spaces():
        name = space.name()
        for address, anon in space.anons():
            slot = record("struct anon", anon).slot
            if slot:
                slots[slot] = anon
                holders_[slot].append(f"{address:#010x} of {name}")
    table(["DEVICE", "KIND", "SLOTS", "KIB", "USED", "NEXT", "PIECES", "STATE", "NAME"],
          ([number, "file" if device.file else "disk", device.slots, device.slots * 4,
            device.used, device.next, device.extent_count,
            "open" if device.open else "closed", device.name]
           for number, device in devices.items()))
    others = variable("slots_held", "vm/shmem.c")
    print(f"held by anons {len(slots)}, by shared memory {others}")
    if slots:
        print()
        table(["SLOT", "HELD BY", "PAGE"],
              ([slot_words(slot),
                anon_words(record("struct anon", slots[slot]), len(holders_[slot])),
                ", ".join(holders_[slot])] for slot in shown(sorted(slots), "slots")))


def swap_devices():
    """The devices of swap.c in use: number -> struct swap_device."""
    count = int(gdb.parse_and_eval("sizeof('vm/swap.c'::devices) / sizeof(struct swap_device)"))
    every = records("struct swap_device", symbol("devices", "vm/swap.c"), count)
    return {number: device for number, device in enumerate(every) if device.name}


def slot_words(slot):
    """A slot of device 0 by its page alone, as nearly all machines have one device."""
    device, page = slot >> SLOT_PAGE_BITS, slot & (1 << SLOT_PAGE_BITS) - 1
    return f"{device}:{page}" if device else f"{page}"


@command("cache [FILE or INODE]", completion=gdb.COMPLETE_NONE)
def cache(arguments):
    """the page cache: how many pages of which file; of one file, each page"""
    if arguments:
        cache_of(arguments[0])
        return
    counts = collections.defaultdict(lambda: [0, 0, 0])
    for frame_ in all_frames():
        if frame_state(frame_) == "FILE":
            count = counts[frame_.owner.source]
            count[0] += 1
            count[1] += "dirty" in frame_flags(frame_).split()
            count[2] += frame_.mappings != 0
    rows = [[inode_of(source).number, *count, size_of(source), source_name(source)]
            for source, count in counts.items()]
    table(["INODE", "CACHED", "DIRTY", "MAPPED", "PAGES", "FILE"],
          shown(sorted(rows, key=lambda row: (-row[1], row[5])), "files"))


def size_of(source):
    """The source's size in pages; a block device's is no matter."""
    if inode_of(source).mode & S_IFMT == S_IFBLK:
        return 0
    return (record("struct page_source", source).size + PAGE - 1) // PAGE


def cache_of(wanted):
    found = {frame_.owner.source for frame_ in all_frames() if frame_state(frame_) == "FILE"}
    found = [source for source in found
             if wanted in (source_name(source), str(inode_of(source).number))]
    if not found:
        raise gdb.GdbError(f"no page of {wanted} is in the page cache; `pagoda cache` lists the "
                           "files that have some")
    for source in found:
        print(f"{source_name(source)}: inode {inode_of(source).number}, "
              f"{record('struct page_source', source).size} bytes")
        pages = list_of(source + offset_of("struct page_source", "frames"), "struct frame",
                        "source_link")
        table(["PAGE", "FRAME", "PINS", "MAPPED", "FLAGS"],
              ([frame_.index, f"{frame_number(frame_.address):#x}", frame_.pins, mapped(frame_),
                frame_flags(frame_)]
               for frame_ in shown(sorted(pages, key=lambda frame_: frame_.index), "pages")))
