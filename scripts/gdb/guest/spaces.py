# SPDX-License-Identifier: MIT
"""pagoda ps, areas, walk, page: what programs were promised, and what they have."""

import gdb

from guest.fault import Fault
from guest.kernel import (area_name, area_rights, cached_frame, chosen_process,
                          current_thread, entry_bits, frame_flags, frame_number, frame_state,
                          frame, process_name, processes, space_of, table_at, zero_frame)
from guest.memory import (ENTRIES, ENTRY, KERNEL_BASE, PAGE, SPAN_SHIFT, enumeration, frame_in,
                          read_entry, read_words, record, symbol, to_virtual)
from guest.text import address_of, command, counted, lines, table

BIG_PAGE = 1 << SPAN_SHIFT
BIT_WORDS = {"P": "present", "W": "writable", "U": "user", "PWT": "write-through",
             "PCD": "uncached", "A": "accessed", "D": "dirty", "PS": "large", "G": "global",
             "LOCKED": "locked", "NX": "no code"}


def entry_words(entry):
    """An entry's flags in words."""
    if not entry:
        return "empty"
    bits = entry_bits()
    return " ".join(BIT_WORDS.get(name, name) for name, bit in bits.items() if entry & bit)


def thread_state(thread):
    cpu = record("struct cpu", symbol("boot_cpu"))
    if thread.address == cpu.idle and thread.address != cpu.current:
        return "idle"
    return enumeration("thread_state")[thread.state].replace("THREAD_", "").lower()


def process_state(process):
    if process.zombie:
        return "zombie"
    if process.stopped:
        return "stopped"
    return thread_state(record("struct thread", process.first.thread)) if process.first.thread else "exiting"


def space_counts(space):
    """(resident, on the swap device only), in pages."""
    swapped = sum(1 for _, anon in space.anons() if not record("struct anon", anon).frame)
    return space.resident(), swapped


@command("ps", completion=gdb.COMPLETE_NONE)
def ps(arguments):
    """every process: its state, its pages in memory, on swap and promised

The process whose thread is on the processor has a star."""
    rows = []
    running = current_thread()
    for process in processes():
        parent = record("struct process", process.parent).id if process.parent else 0
        counts = ["-"] * 5
        if process.spt:
            space = space_of(process)
            counts = [*space_counts(space), space.spt.areas.pages, space.spt.areas.count,
                      space.pagedir.tables]
        here = "*" if running and running.process == process.address else ""
        rows.append([here, process.id, parent, process_state(process), *counts, process.name])
    table(["", "PID", "PARENT", "STATE", "RESIDENT", "SWAPPED", "PROMISED", "AREAS", "TABLES",
           "NAME"], rows)


@command("areas [PID]")
def areas(arguments):
    """the areas of a process: what was promised, and how much of it is there

RESIDENT counts the entries that are present, ANONS the pages that became the program's
own, SWAPPED those of them that are on the swap device only."""
    process = chosen_process(arguments, 0)
    space = space_of(process)
    present = [address for address, entry in space.entries() if entry & entry_bits()["P"]]
    anons = [(address, record("struct anon", anon).frame) for address, anon in space.anons()]
    rows = []
    for area in space.areas():
        start, end = area.node.key, area.end
        own = [frame_ for address, frame_ in anons if start <= address < end]
        rows.append([f"{start:08x}-{end:08x}", area_rights(area), (end - start) // PAGE,
                     sum(start <= address < end for address in present), len(own),
                     own.count(0), area_name(area)])
    print(process_name(process))
    table(["AREA", "RIGHTS", "PAGES", "RESIDENT", "ANONS", "SWAPPED", "BEHIND IT"], rows)


# ---- walk ----------------------------------------------------------------------------

def anon_words(anon, references):
    """An anon in words."""
    where = f"frame {frame_number(anon.frame):#x}" if anon.frame else "no frame"
    slot = f"swap slot {anon.slot}" if anon.slot else "no swap slot"
    return f"anon {anon.address:#010x}: references {references}, {where}, {slot}"


def supplement_words(space, area, address):
    """What the supplemental page table says of a page."""
    anon = space.anon(address)
    if anon:
        return anon_words(anon, space.references(address, anon))
    if not area:
        return "no area"
    fault = Fault(space, address, False)
    if not fault.file_behind():
        return "no anon; zeros behind"
    cached = cached_frame(area.source, fault.source_page())
    where = f"frame {frame_number(cached.address):#x}" if cached else "not in the page cache"
    return f"no anon; page {fault.source_page()} of its file: {where}"


def leaf_words(space, address):
    leaf = space.leaves[address >> SPAN_SHIFT]
    if not leaf:
        return "no leaf of anons"
    used = sum(1 for anon in read_words(leaf, ENTRIES) if anon)
    sharers = space.leaf_frame(address).sharers
    shared = f", shared by {sharers} since a fork" if sharers > 1 else ""
    return f"leaf of {counted(used, 'anon')}{shared}"


def current_root():
    """The kernel address of what CR3 names: the page directory, or the pointers to four."""
    if not int(gdb.parse_and_eval("$cr0")) & 1 << 31:
        raise gdb.GdbError("paging is not on yet: every address is physical")
    return to_virtual(int(gdb.parse_and_eval("$cr3")) & 0xFFFFFFE0)


def symbol_at(address):
    text = gdb.execute(f"info symbol {address:#x}", to_string=True).strip()
    return "" if text.startswith("No symbol") else text.split(" in section")[0]


@command("walk ADDRESS [PID]")
def walk(arguments):
    """the way of an address through page directory and page table

Beside each level stands what the supplemental page table says. Without PID: the process
that runs, or for the kernel's half whatever CR3 names."""
    if not arguments:
        raise gdb.GdbError("pagoda walk ADDRESS [PID]")
    address = address_of(arguments[0])
    space = None
    if address < KERNEL_BASE or len(arguments) > 1:
        process = chosen_process(arguments, 1)
        space = space_of(process)
        whose = process_name(process)
    else:
        whose = "the kernel's half, the same for all"
    pointer = f"pointer {address >> 30}, " if ENTRY == 8 else ""
    print(f"{address:#010x} = {pointer}directory entry {directory_index(address)}, table entry "
          f"{address >> 12 & ENTRIES - 1}, offset {address % PAGE:#05x}   ({whose})")
    root = space.pagedir.root if space else current_root()
    user = space if address < KERNEL_BASE else None
    area = user.area(address) if user else None
    if area:
        print(f"area {area.node.key:08x}-{area.end:08x} {area_rights(area)}, {area_name(area)}")
    table(["LEVEL", "AT", "ENTRY", "FRAME", "FLAGS", "THE SUPPLEMENTAL PAGE TABLE" if user
           else ""], walk_levels(user, area, address, root))


def directory_index(address):
    return (address >> SPAN_SHIFT) % ENTRIES


def walk_levels(user, area, address, root):
    """The rows of the walk's table."""
    bits = entry_bits()
    directory = root
    if ENTRY == 8:
        place = root + ENTRY * (address >> 30)
        yield level("pointers", place, read_entry(place), "")
        directory = table_at(read_entry(place))
    place = directory + ENTRY * directory_index(address)
    entry = read_entry(place)
    beside = leaf_words(user, address) if user else ""
    yield level("directory", place, entry, beside)
    if entry & bits["P"] and entry & bits["PS"]:
        yield memory_level(frame_in(entry) * PAGE & -BIG_PAGE | address % BIG_PAGE, address)
        return
    beside = supplement_words(user, area, address) if user else ""
    if not entry & bits["P"]:
        yield ["table", "none", "", "", "", beside]
        return
    place = table_at(entry) + ENTRY * (address >> 12 & ENTRIES - 1)
    entry = read_entry(place)
    yield level("table", place, entry, beside)
    if entry & bits["P"]:
        yield memory_level(frame_in(entry) * PAGE | address % PAGE, address)


def level(name, place, entry, beside):
    present = entry & entry_bits()["P"]
    return [name, f"{place - KERNEL_BASE:#010x}", f"{entry:#0{2 + 2 * ENTRY}x}",
            f"{frame_in(entry):#x}" if present else "", entry_words(entry), beside]


def memory_level(physical, address):
    return ["memory", f"{physical:#010x}", "", f"{physical >> 12:#x}",
            symbol_at(address) if address >= KERNEL_BASE else "", ""]


# ---- page ----------------------------------------------------------------------------

@command("page ADDRESS [PID]")
def page(arguments):
    """what a page is, and which row of the fault table an access would meet"""
    if not arguments:
        raise gdb.GdbError("pagoda page ADDRESS [PID]")
    address = address_of(arguments[0])
    process = chosen_process(arguments, 1)
    space = space_of(process)
    print(f"the page {address & -PAGE:#010x} of {process_name(process)}")
    lines(page_facts(space, address))
    print()
    rows = []
    for name, write in (("read", False), ("write", True)):
        fault = Fault(space, address, write)
        rows.append([name, "yes", fault.row, fault.what_happens()] if fault.happens()
                    else [name, "no", "", "the entry allows it"])
    table(["ACCESS", "FAULTS", "ROW", "WHAT HAPPENS"], rows)


def page_facts(space, address):
    """What is known of the page, as (name, words)."""
    if address >= KERNEL_BASE:
        yield "area", "none: this is the kernel's half"
        return
    area = space.area(address)
    yield "area", (f"{area.node.key:08x}-{area.end:08x} {area_rights(area)}, {area_name(area)}"
                   if area else "none")
    yield "page", supplement_words(space, area, address)
    entry = space.entry(address)
    yield "entry", f"{entry:#010x}  {entry_words(entry)}"
    if entry & entry_bits()["P"]:
        yield "frame", frame_words(frame_in(entry))


def frame_words(number):
    """A frame in words, on one line."""
    if number == zero_frame():
        return f"{number:#x}: the frame of zeros that all untouched pages share"
    frame_ = frame(number)
    return (f"{number:#x}: {frame_state(frame_).lower().replace('_', ' ')}, "
            f"{frame_flags(frame_) or 'no flags'}, {counted(frame_.pins, 'pin')}")
