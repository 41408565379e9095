# SPDX-License-Identifier: MIT
"""The kernel's objects, found as the kernel finds them: threads, processes, address spaces
with their areas and anons, frames and what maps them, files."""

import functools

import gdb

from guest.memory import (ENTRIES, ENTRY, KERNEL_BASE, PAGE, SPAN_SHIFT, USER_TABLES, constants,
                          container, enumeration, frame_in, layout_of, list_of, offset_of, read,
                          read_entries, read_entry, read_string, read_word, read_words, record,
                          records, symbol, to_virtual, tree_of, variable)
from guest.text import number_of

S_IFMT, S_IFBLK = 0o170000, 0o060000


def entry_bits():
    """The bits of an entry: P, W, U, A, D ..., as page_table.h and pagedir.h name them."""
    return {**constants("kernel/mem/page_table.h", "PTE"), **constants("vm/pagedir.h", "PTE")}


# ---- threads and processes -----------------------------------------------------------

def threads():
    return list_of(symbol("threads", "kernel/sched/thread.c"), "struct thread", "all_link")


def current_thread():
    """The thread on the processor, or None before there is one."""
    address = record("struct cpu", symbol("boot_cpu")).current
    return record("struct thread", address) if address else None


def processes():
    return tree_of(symbol("processes", "userprog/process.c"), "struct process", "node")


def process_by_id(number):
    for process in processes():
        if process.id == number:
            return process
    raise gdb.GdbError(f"there is no process {number}: `pagoda ps` lists them")


def current_process():
    """The process whose thread is on the processor, or None."""
    thread = current_thread()
    if not thread or not thread.process:
        return None
    return record("struct process", thread.process)


def chosen_process(arguments, place):
    """The process that a command's PID names, or the one that runs."""
    if len(arguments) > place:
        return process_by_id(number_of(arguments[place], "process id"))
    process = current_process()
    if process:
        return process
    thread = current_thread()
    runs = f"thread {thread.id} ({thread.name}) runs" if thread else "nothing runs yet"
    raise gdb.GdbError(f"{runs}, which is no process; give a PID: `pagoda ps` lists them")


def process_name(process):
    return f"process {process.id} ({process.name})"


# ---- address spaces ------------------------------------------------------------------

def table_at(entry):
    """Where the kernel sees the page table or directory that an entry leads to."""
    return to_virtual(frame_in(entry) * PAGE)


class Space:
    """One address space: a struct spt and what it leads to."""

    def __init__(self, address):
        self.spt = record("struct spt", address)
        self.address = address
        self.pagedir = self.spt.pagedir

    @functools.cached_property
    def leaves(self):
        a_page = PAGE // 4
        pages = read_words(self.address + offset_of("struct spt", "leaves"),
                           -(-USER_TABLES // a_page))
        return [leaf for page in pages for leaf in read_words(page, a_page)][:USER_TABLES]

    @functools.cached_property
    def directory(self):
        """The entries of its directories: one for each span below the kernel."""
        if ENTRY == 4:
            return read_entries(self.pagedir.root, USER_TABLES)
        return [entry for number in self.directories()
                for entry in read_entries(to_virtual(number * PAGE), ENTRIES)]

    def directories(self):
        """The numbers of the frames that hold its directories."""
        if ENTRY == 4:
            return [(self.pagedir.root - KERNEL_BASE) // PAGE]
        return [frame_in(pointer) for pointer in read_entries(self.pagedir.root, 3)]

    def areas(self):
        return tree_of(self.address + offset_of("struct spt", "areas"), "struct area", "node")

    def area(self, address):
        """The area that holds the address, or None."""
        for area in self.areas():
            if area.node.key <= address < area.end:
                return area
        return None

    def anon(self, address):
        """The anon of a page, or None."""
        leaf = self.leaves[address >> SPAN_SHIFT]
        anon = read_word(leaf + 4 * (address >> 12 & ENTRIES - 1)) if leaf else 0
        return record("struct anon", anon) if anon else None

    def anons(self):
        """(address, anon's address) of each page that has one."""
        for index, leaf in enumerate(self.leaves):
            if leaf:
                for i, anon in enumerate(read_words(leaf, ENTRIES)):
                    if anon:
                        yield index << SPAN_SHIFT | i << 12, anon

    def tables(self):
        """(index, the page table's entries) for each page table."""
        for index in range(USER_TABLES):
            if self.directory[index]:
                yield index, read_entries(table_at(self.directory[index]), ENTRIES)

    def entry(self, address):
        """The page-table entry of an address, 0 if there is none."""
        table = self.directory[address >> SPAN_SHIFT]
        return read_entry(table_at(table) + ENTRY * (address >> 12 & ENTRIES - 1)) if table else 0

    def entries(self):
        """(address, entry) of each entry that is not empty."""
        for index, table in self.tables():
            for i, entry in enumerate(table):
                if entry:
                    yield index << SPAN_SHIFT | i << 12, entry

    def leaf_frame(self, address):
        """The frame of the leaf for an address, or None."""
        leaf = self.leaves[address >> SPAN_SHIFT]
        return frame((leaf - KERNEL_BASE) // PAGE) if leaf else None

    def references(self, address, anon):
        """How many programs' page an anon is: its references, and who shares its leaf."""
        return anon.references + self.leaf_frame(address).sharers - 1

    def resident(self):
        return sum(frame(frame_in(entry)).resident for entry in self.directory if entry)

    def name(self):
        return owners_of_spaces().get(self.address, f"the address space {self.address:#010x}")


def spaces():
    for spt in list_of(symbol("spts", "vm/spt.c"), "struct spt", "link"):
        yield Space(spt.address)


def space_of(process):
    if not process.spt:
        raise gdb.GdbError(f"{process_name(process)} has exited: it has no memory any more")
    return Space(process.spt)


def owners_of_spaces():
    """Whose each space is, in words, {address of the spt: words}."""
    owners = {}
    for process in processes():
        if process.spt:
            owners.setdefault(process.spt, []).append(process_name(process))
    return {spt: " and ".join(names) for spt, names in owners.items()}


def area_rights(area):
    """As in /proc/<pid>/maps: rwxp or rwxs."""
    flags = constants("vm/area.h", "AREA")
    return "".join(letter if area.flags & flags[name] else "-" for letter, name in
                   (("r", "READ"), ("w", "WRITE"), ("x", "EXECUTE"))) + (
                       "s" if area.flags & flags["SHARED"] else "p")


def area_name(area):
    """What lies behind an area: its file and from which page, or what kind of zeros."""
    flags = constants("vm/area.h", "AREA")
    if area.source:
        name = f"{source_name(area.source)} from page {area.first_page}"
        return name + (" (locked)" if area.flags & flags["LOCKED"] else "")
    kinds = [word for word, name in (("stack", "GROWS_DOWN"), ("heap", "HEAP"),
                                     ("locked", "LOCKED")) if area.flags & flags[name]]
    return "zeros" + (f" ({', '.join(kinds)})" if kinds else "")


# ---- frames --------------------------------------------------------------------------

FRAME_WORDS = {"NONE": "not vm's", "UNOWNED": "unowned", "ANON": "anon", "FILE": "file",
               "PAGE_TABLE": "table", "DIRECTORY": "directory", "ANON_LEAF": "leaf",
               "ZERO": "zero"}


def frame_count():
    return variable("frame_end", "kernel/mem/physmem.c")


def all_frames():
    """Every struct frame, by number."""
    return records("struct frame", variable("frames"), frame_count())


def frame(number):
    if not 0 <= number < frame_count():
        raise gdb.GdbError(f"there is no frame {number:#x}: the last is {frame_count() - 1:#x}")
    return record("struct frame", variable("frames") + number * layout_of("struct frame").size)


def frame_number(address):
    """The number of the frame whose record is at the address."""
    return (address - variable("frames")) // layout_of("struct frame").size


def zero_frame():
    return frame_number(variable("zero_frame"))


def frame_state(frame_):
    """NONE, ANON, FILE ..."""
    return enumeration("frame_state")[frame_.state].replace("FRAME_", "")


def frame_flags(frame_):
    flags = constants("vm/frame.h", "FRAME")
    return " ".join(name.lower() for name, bit in flags.items() if frame_.flags & bit)


def holders():
    """Who holds each frame, as physmem notes it, by number."""
    names = {value: name.replace("PHYSMEM_", "") for value, name in
             enumeration("physmem_holder").items()}
    data = read(variable("holders", "kernel/mem/physmem.c"), frame_count())
    return [names[byte] for byte in data]


def mapping_entries(frame_):
    """Where the entries are that map a frame: the list of rmap.c."""
    if frame_state(frame_) not in ("ANON", "FILE"):
        return                # a leaf or page table has the number of its users there
    place, count = frame_.mappings, 0
    while place:
        if place & 1:
            mapping = record("struct mapping", place & ~1)
            yield mapping.entry
            place = mapping.rest
        else:
            yield place
            place = 0
        count += 1
        if count > 1 << 16:
            raise gdb.GdbError(f"the mappings of frame {frame_number(frame_.address):#x} have "
                               "no end: memory is damaged")


def entry_places(entry):
    """The (space, address) that the entry at a kernel address stands for: several after a fork,
    while they share its page table. None if it is in no page table."""
    table = frame((entry - KERNEL_BASE) // PAGE)
    if frame_state(table) != "PAGE_TABLE":
        return []
    address = table.index + (entry % PAGE // ENTRY << 12)
    if table.owner.pagedir:
        return [(Space(table.owner.pagedir - offset_of("struct spt", "pagedir")), address)]
    number = frame_number(table.address)
    return [(space, address) for space in spaces()
            if frame_in(space.directory[address >> SPAN_SHIFT]) == number]


# ---- files ---------------------------------------------------------------------------

def inode_of(source):
    """The inode that carries a page source."""
    return container(source, "struct inode", "source")


def dentry_path(address):
    """The absolute path of a name."""
    names = []
    while address and len(names) < 256:
        dentry = record("struct dentry", address)
        if dentry.name:
            names.append(read_string(dentry.name))
            address = dentry.parent
        else:
            address = dentry.covers
    return "/" + "/".join(reversed(names))


def source_name(source):
    """The path of a source's file, or what it is if it has none."""
    if source == symbol("source", "userprog/vdso.c"):
        return "[vdso]"
    inode = inode_of(source)
    if inode.mode & S_IFMT == S_IFBLK:
        node = record("struct block_node", inode.address)
        return f"/dev/{record('struct block_device', node.device).name}"
    if inode.alias:
        return dentry_path(inode.alias)
    if record("struct page_source", source).shmem:
        return f"shared memory {inode.number}"
    return f"inode {inode.number}"


def cached_frame(source, index):
    """The page cache's frame of a page of a source, or None: pagecache_find()."""
    mask = variable("bucket_mask", "vm/pagecache.c")
    bucket = ((source * 2654435761 & 0xFFFFFFFF) >> 12) + index & mask
    place = read_word(variable("buckets", "vm/pagecache.c") + 4 * bucket)
    while place:
        found = record("struct frame", place)
        if found.owner.source == source and found.index == index:
            return found
        place = found.hash_next
    return None
