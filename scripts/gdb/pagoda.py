# SPDX-License-Identifier: MIT
"""GDB commands that speak of Pagoda's memory in the words of docs and headers.

    (gdb) source scripts/gdb/pagoda.py      `make debug` does it
    (gdb) pagoda help

Page directories and page tables are read from the guest's memory as the processor reads
them, through the kernel's direct map; see the Intel manual, volume 3, section 4.3.
"""

import struct

import gdb

KERNEL_BASE = 0xC0000000
DIRECT_MAP_MAX = 896 << 20
PAGE = 4096
BIG_PAGE = 4 << 20
CR0_PG = 1 << 31

# Bits of an entry, in the manual's names.
P, RW, US, PWT, PCD, A, D, PS, G = (1 << bit for bit in range(9))
FLAGS = [(RW, "writable"), (US, "user"), (PWT, "write-through"), (PCD, "uncached"),
         (A, "accessed"), (D, "dirty"), (PS, "4 MiB"), (G, "global")]


def register(name):
    return int(gdb.parse_and_eval("$" + name)) & 0xFFFFFFFF


def read_word(physical):
    """A word of physical memory, by its place in the direct map."""
    if physical >= DIRECT_MAP_MAX:
        raise gdb.GdbError(f"{physical:#x} is above the direct map")
    memory = gdb.selected_inferior().read_memory(KERNEL_BASE + physical, 4)
    return struct.unpack("<I", bytes(memory))[0]


def words(entry):
    """An entry's flags, as words."""
    return " ".join(name for bit, name in FLAGS if entry & bit) or "no flags"


def symbol_of(address):
    text = gdb.execute(f"info symbol {address:#x}", to_string=True).strip()
    return "" if text.startswith("No symbol") else f"  ({text})"


class Pagoda(gdb.Command):
    """Look at Pagoda's memory; `pagoda help` lists what there is."""

    def __init__(self):
        super().__init__("pagoda", gdb.COMMAND_DATA, prefix=True)


class Help(gdb.Command):
    """pagoda help -- the commands, a line each."""

    def __init__(self):
        super().__init__("pagoda help", gdb.COMMAND_SUPPORT)

    def invoke(self, argument, from_tty):
        for command in COMMANDS:
            print(command.__doc__.splitlines()[0])


class Walk(gdb.Command):
    """pagoda walk ADDRESS -- the way of an address through page directory and page table.

The page directory is the one in CR3, that of the process that runs."""

    def __init__(self):
        super().__init__("pagoda walk", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError("pagoda walk ADDRESS")
        address = int(gdb.parse_and_eval(f"(unsigned long) ({argument})")) & 0xFFFFFFFF
        if not register("cr0") & CR0_PG:
            raise gdb.GdbError("paging is not on yet: every address is physical")
        directory = register("cr3") & ~(PAGE - 1)
        print(f"address   {address:#010x} = directory entry {address >> 22}, "
              f"table entry {address >> 12 & 1023}, offset {address & (PAGE - 1):#x}")
        self.walk_directory(address, directory)

    def walk_directory(self, address, directory):
        entry = read_word(directory + (address >> 22) * 4)
        print(f"directory {directory:#010x}: entry {entry:#010x}  "
              + (words(entry) if entry & P else "not present"))
        if not entry & P:
            return
        if entry & PS:
            physical = (entry & ~(BIG_PAGE - 1)) | (address & (BIG_PAGE - 1))
            print(f"memory    {physical:#010x}, in a 4 MiB page{symbol_of(address)}")
            return
        self.walk_table(address, entry & ~(PAGE - 1))

    def walk_table(self, address, table):
        entry = read_word(table + (address >> 12 & 1023) * 4)
        print(f"table     {table:#010x}: entry {entry:#010x}  "
              + (words(entry) if entry & P else "not present"))
        if entry & P:
            physical = (entry & ~(PAGE - 1)) | (address & (PAGE - 1))
            print(f"memory    {physical:#010x}, frame {physical // PAGE}{symbol_of(address)}")


Pagoda()
COMMANDS = [Help(), Walk()]
