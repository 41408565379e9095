# SPDX-License-Identifier: MIT
"""The kernel's memory: bytes by the page, and C structures as records.

The kernel's half is the same in every address space, so it can be read whichever process
runs. Pages are kept while a command works, since each costs a message to QEMU. The layout of
structures comes from the kernel's debug information, the value of constants from its headers:
nothing is typed in again.
"""

import functools
import os
import re
import struct

import gdb

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
KERNEL_BASE = 0xC0000000
PAGE = 4096
# The kind of page tables (kernel/mem/page_table.h): bytes of an entry, entries of a table and of a
# leaf, how far a span's number is shifted, and how many spans lie below the kernel.
ENTRY = gdb.lookup_type("pte_t").sizeof
ENTRIES = PAGE // ENTRY
SPAN_SHIFT = 12 + ENTRIES.bit_length() - 1
USER_TABLES = KERNEL_BASE >> SPAN_SHIFT

_pages = {}


def forget():
    """The guest may have run: what was read counts no more."""
    _pages.clear()


def _page(start):
    if start not in _pages:
        try:
            _pages[start] = bytes(gdb.selected_inferior().read_memory(start, PAGE))
        except gdb.MemoryError:
            raise gdb.GdbError(f"kernel memory at {start:#010x} cannot be read. Has the kernel "
                               "started? (`hbreak kernel_main`, `continue`)") from None
        except gdb.error as error:
            raise gdb.GdbError(f"there is no guest to look at: {error}") from None
    return _pages[start]


def read(address, size):
    """Bytes of the kernel's half."""
    if address < PAGE:
        raise gdb.GdbError("a pointer of the kernel is null: it has not come that far yet, or "
                           "memory is damaged")
    if not KERNEL_BASE <= address <= 0xFFFFFFFF:
        raise gdb.GdbError(f"{address:#010x} is no kernel address: a pointer is broken")
    parts = []
    while size > 0:
        offset = address % PAGE
        part = _page(address - offset)[offset:offset + size]
        parts.append(part)
        address += len(part)
        size -= len(part)
    return b"".join(parts)


def read_words(address, count):
    return struct.unpack(f"<{count}I", read(address, 4 * count))


def read_word(address):
    return read_words(address, 1)[0]


def read_entries(address, count):
    """Entries of page tables, 4 bytes each or, with PAE, 8."""
    return struct.unpack(f"<{count}{'Q' if ENTRY == 8 else 'I'}", read(address, ENTRY * count))


def read_entry(address):
    return read_entries(address, 1)[0]


def frame_in(entry):
    """The number of the frame that an entry names; all are below 4 GiB."""
    return (entry & 0xFFFFFFFF) >> 12


def read_string(address):
    """A C string, up to 255 characters; "" for a null pointer."""
    text = b""
    while address and len(text) < 256 and b"\0" not in text:
        text += read(address + len(text), 16)
    return text.split(b"\0")[0].decode("latin-1")


def to_virtual(physical):
    """Where the kernel sees physical memory."""
    return physical + KERNEL_BASE


# ---- structures ----------------------------------------------------------------------

FORMATS = {(1, False): "B", (2, False): "H", (4, False): "I", (8, False): "Q",
           (1, True): "b", (2, True): "h", (4, True): "i", (8, True): "q"}


class Layout:
    """Where a structure's fields are, and how to read them: name -> (offset, reader)."""

    def __init__(self, kind):
        self.size = kind.sizeof
        self.fields = {}
        self._add(kind, 0)

    def _add(self, kind, base):
        for field in kind.fields():
            inner = _plain(field.type)
            offset = base + field.bitpos // 8
            if field.name:
                self.fields[field.name] = (offset, _reader(inner))
            else:  # an unnamed union: its fields are the structure's
                self._add(inner, offset)


def _plain(kind):
    return kind.strip_typedefs().unqualified().strip_typedefs()


def _reader(kind):
    """A function (bytes, offset, address) -> value."""
    if kind.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        layout = functools.lru_cache(lambda: Layout(kind))
        return lambda data, offset, address: Record(layout(), data, offset, address)
    if kind.code == gdb.TYPE_CODE_ARRAY:
        return _array_reader(kind)
    signed = kind.code == gdb.TYPE_CODE_INT and kind.is_signed
    scalar = struct.Struct("<" + FORMATS[kind.sizeof, signed])
    return lambda data, offset, address: scalar.unpack_from(data, offset)[0]


def _array_reader(kind):
    element = _plain(kind.target())
    if element.sizeof == 1:
        return lambda data, offset, address: (
            data[offset:offset + kind.sizeof].split(b"\0")[0].decode("latin-1"))
    read_one, count = _reader(element), kind.sizeof // element.sizeof
    return lambda data, offset, address: [
        read_one(data, offset + i * element.sizeof, address + i * element.sizeof)
        for i in range(count)]


class Record:
    """A structure in the guest's memory: record.field, and record.address. Pointers are
    numbers; structures inside are records."""

    __slots__ = ("layout", "data", "offset", "address")

    def __init__(self, layout, data, offset, address):
        self.layout, self.data, self.offset, self.address = layout, data, offset, address

    def __getattr__(self, name):
        offset, reader = self.layout.fields[name]
        return reader(self.data, self.offset + offset, self.address + offset)


def kernel_file():
    """gdb's record of pagoda.elf. Asking it, not gdb, keeps the names of programs out."""
    for objfile in gdb.objfiles():
        if objfile.lookup_global_symbol("vm_lock"):
            return objfile
    raise gdb.GdbError("gdb knows no pagoda.elf: start it as `gdb build/pagoda.elf`")


def tagged_type(name):
    """The kernel's struct or enum of this name."""
    found = kernel_file().lookup_static_symbol(name, gdb.SYMBOL_STRUCT_DOMAIN)
    if not found:
        raise gdb.GdbError(f"the kernel's debug information has no struct or enum {name}")
    return found.type


@functools.lru_cache(maxsize=None)
def layout_of(name):
    return Layout(tagged_type(name.split()[-1]))


def record(name, address):
    """record("struct area", address)"""
    layout = layout_of(name)
    return Record(layout, read(address, layout.size), 0, address)


def records(name, address, count):
    """An array of structures."""
    layout = layout_of(name)
    data = read(address, layout.size * count)
    return [Record(layout, data, i * layout.size, address + i * layout.size)
            for i in range(count)]


def offset_of(name, field):
    return layout_of(name).fields[field][0]


def container(address, name, field):
    """The structure whose field is at the address."""
    return record(name, address - offset_of(name, field))


@functools.lru_cache(maxsize=None)
def symbol(name, file=None):
    """The address of a variable or function, or of what is static in a file, or of a place
    that linker.ld names."""
    found = None if file else kernel_file().lookup_global_symbol(name)
    try:
        if found:
            return int(found.value().address) & 0xFFFFFFFF
        where = f"'{file}'::{name}" if file else f"'{name}'"
        return int(gdb.parse_and_eval(f"(unsigned long) &{where}")) & 0xFFFFFFFF
    except gdb.error as error:
        raise gdb.GdbError(f"this kernel has no {name}: {error}") from None


def variable(name, file=None):
    """The value of a variable of the size of a word."""
    return read_word(symbol(name, file))


def list_of(head, name, link):
    """The structures of a `struct list`."""
    offset, place, seen = offset_of(name, link), read_word(head), 0
    while place != head:
        yield record(name, place - offset)
        place, seen = read_word(place), seen + 1
        if seen > 1 << 20:
            raise gdb.GdbError(f"the list at {head:#010x} has no end: memory is damaged, or "
                               "somebody is changing it just now")


def tree_of(tree, name, node):
    """The structures of a `struct tree`, in order."""
    above, place = [], record("struct tree", tree).root
    while above or place:
        while place:
            above.append(record("struct tree_node", place))
            place = above[-1].left
            if len(above) > 64:
                raise gdb.GdbError(f"the tree at {tree:#010x} is too high: memory is damaged")
        top = above.pop()
        yield container(top.address, name, node)
        place = top.right


# ---- constants -----------------------------------------------------------------------

@functools.lru_cache(maxsize=None)
def enumeration(name):
    """The names of an enum's values, {value: name}."""
    return {field.enumval: field.name for field in tagged_type(name).fields()}


@functools.lru_cache(maxsize=None)
def constants(header, prefix):
    """The numbers that a header defines as PREFIX_NAME, {NAME: value}."""
    found = {}
    with open(os.path.join(ROOT, header), encoding="utf-8") as text:
        for line in text:
            match = re.match(rf"#define {prefix}_(\w+) +([^/]+)", line)
            value = match and re.sub(r"\b(0x[0-9a-fA-F]+|\d+)u\b", r"\1", match.group(2)
                                     .replace("PAGE_SIZE", str(PAGE)).replace("(pte_t)", ""))
            if value and re.fullmatch(r"[0-9a-fA-Fx ()*<|]+", value.strip()):
                found[match.group(1)] = eval(value)  # digits and operators only
    return found
