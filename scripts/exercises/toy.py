# SPDX-License-Identifier: MIT
"""A toy machine that translates addresses: its sizes, its memory with page tables, its TLB.

A machine is said in words, `name=value`:

    address=14     bits of a virtual address      levels=1     levels of tables, 1 to 4
    page=64        bytes of a page                entry=2      bytes of an entry: 1, 2, 4, 8
    physical=12    bits of a physical address     flags=PWUAD  which flags an entry has, of PWUADX
    split=10,10    bits of each level's index, if they are not as equal as can be
    tlb=16/4       translations remembered, and how many ways (16/16: it is one set)
    pointer=64     bits of a pointer, if they are more: the address is sign-extended

Where they fit, flags lie as on x86, below the frame's address; else the frame's number lies above
them. X (not to be executed) is the highest bit.
"""

import random
import re

CLASSICAL = {
    "14-bit": "address=14 page=64 physical=12 levels=1 entry=2 flags=PWU tlb=16/4",
    "i386": "address=32 page=4096 physical=32 split=10,10 entry=4 flags=PWUAD tlb=8/2",
    "pae": "address=32 page=4096 physical=36 split=2,9,9 entry=8 flags=PWUADX tlb=8/2",
    "x86-64": "address=48 page=4096 physical=40 split=9,9,9,9 entry=8 flags=PWUADX tlb=8/4 "
              "pointer=64",
}
# Pages that a classical machine always has: the example of the lecture notes.
ALWAYS = {"14-bit": {2: 0x13}}
FLAG_BITS = {"P": 0, "W": 1, "U": 2, "A": 5, "D": 6}
FLAG_WORDS = {"P": "present", "W": "may be written", "U": "the program may use it",
              "A": "was used", "D": "was written", "X": "not to be executed"}
NUMBERS = ("address", "page", "physical", "levels", "entry", "pointer")
NOT_PRESENT, FORBIDDEN, NOT_CANONICAL = "not present", "forbidden", "not canonical"


class Unfit(Exception):
    """Such a machine cannot be; the sentence says why."""


def is_power(number):
    return number > 0 and number & (number - 1) == 0


def bits_of(power):
    return power.bit_length() - 1


class Machine:
    def __init__(self, name, words):
        self.name, self.words = name, words
        values = self.values_of(words)
        self.address, self.physical = values["address"], values["physical"]
        self.page, self.entry = values["page"], values["entry"]
        self.pointer = values.get("pointer", self.address)
        if not is_power(self.page) or not 16 <= self.page <= 1 << 20:
            raise Unfit("page: a power of two from 16 to 1048576")
        self.offset = bits_of(self.page)
        self.split = self.split_of(values)
        self.flags = values.get("flags", "PWU")
        entries, _, ways = values.get("tlb", "8/2").partition("/")
        if not re.fullmatch(r"\d+", entries) or not re.fullmatch(r"\d+", ways):
            raise Unfit("tlb: ENTRIES/WAYS, such as 8/2")
        self.ways = int(ways)
        self.sets = int(entries) // max(self.ways, 1)
        self.check(int(entries))

    @staticmethod
    def values_of(words):
        values = {}
        for word in words.split():
            name, _, value = word.partition("=")
            if name not in (*NUMBERS, "split", "flags", "tlb"):
                raise Unfit(f"{word}: no machine has that")
            if name in NUMBERS and not re.fullmatch(r"\d+", value):
                raise Unfit(f"{word}: a number")
            values[name] = int(value) if name in NUMBERS else value
        missing = [name for name in ("address", "page", "physical", "entry") if name not in values]
        if missing:
            raise Unfit(f"it needs {', '.join(missing)}")
        return values

    def split_of(self, values):
        """Bits of each level's index, the topmost first."""
        left = self.address - self.offset
        if "split" in values:
            if not re.fullmatch(r"\d+(,\d+)*", values["split"]):
                raise Unfit("split: numbers with commas between them")
            split = [int(bits) for bits in values["split"].split(",")]
            if values.get("levels", len(split)) != len(split):
                raise Unfit("levels and split do not agree")
        else:
            levels = values.get("levels", 1)
            split = [(left + levels - 1 - level) // levels
                     for level in reversed(range(levels))] if levels else []
        if not 1 <= len(split) <= 4 or min(split) < 1 or sum(split) != left:
            raise Unfit(f"one to four levels, whose bits and the page's {self.offset} are the "
                        f"address's {self.address}")
        return split

    def check(self, entries):
        if not self.offset < self.address <= 64 or not self.offset < self.physical <= 52:
            raise Unfit("an address has more bits than an offset; a virtual one 64 at most, a "
                        "physical one 52")
        if self.entry not in (1, 2, 4, 8):
            raise Unfit("entry: 1, 2, 4 or 8 bytes")
        if set(self.flags) - set("PWUADX") or "P" not in self.flags:
            raise Unfit("flags: of PWUADX, and P among them")
        if not self.pointer >= self.address or self.pointer > 64:
            raise Unfit("pointer: as many bits as an address or more, 64 at most")
        if self.frame_shift + self.frame_bits + ("X" in self.flags) > 8 * self.entry:
            raise Unfit(f"{self.frame_bits} bits of a frame's number and the flags are more than "
                        f"{self.entry} bytes")
        if entries != self.sets * self.ways or not is_power(self.sets):
            raise Unfit("tlb: entries are sets times ways, and sets a power of two")
        if max(self.split) > 24 or self.first_free() + 12 > 1 << self.frame_bits:
            raise Unfit("there are too few frames for these tables")

    # ---- sizes ----

    @property
    def frame_bits(self):
        return self.physical - self.offset

    @property
    def levels(self):
        return len(self.split)

    def low_flags(self):
        return [flag for flag in self.flags if flag != "X"]

    @property
    def packed(self):
        """Whether flags lie side by side, since an entry has no room for them where x86 does."""
        highest = max(FLAG_BITS[flag] for flag in self.low_flags())
        return highest >= self.offset or self.physical + ("X" in self.flags) > 8 * self.entry

    @property
    def frame_shift(self):
        return len(self.low_flags()) if self.packed else self.offset

    def table_bytes(self, level):
        return (1 << self.split[level]) * self.entry

    def table_pages(self, level):
        return -(-self.table_bytes(level) // self.page)

    def first_free(self):
        """Frames below it are kept for tables: of each level but the first, four."""
        return 1 + self.table_pages(0) + 4 * sum(map(self.table_pages, range(1, self.levels)))

    # ---- addresses and entries ----

    def low(self, address):
        return address & ((1 << self.address) - 1)

    def canonical(self, address):
        """The pointer for an address: its highest bit fills those above."""
        address = self.low(address)
        if self.pointer > self.address and address >> (self.address - 1):
            address |= (1 << self.pointer) - (1 << self.address)
        return address

    def indices(self, address):
        page, found = self.low(address) >> self.offset, []
        for bits in reversed(self.split):
            found.insert(0, page & ((1 << bits) - 1))
            page >>= bits
        return found

    def flag_bit(self, flag):
        if flag == "X":
            return 8 * self.entry - 1
        return self.low_flags().index(flag) if self.packed else FLAG_BITS[flag]

    def entry_value(self, frame, flags):
        return frame << self.frame_shift | sum(1 << self.flag_bit(flag) for flag in flags)

    def frame_of(self, entry):
        return entry >> self.frame_shift & ((1 << self.frame_bits) - 1)

    def has(self, entry, flag):
        """Whether the entry has it; a right that entries cannot withhold is given."""
        return flag in "WU" if flag not in self.flags else bool(entry >> self.flag_bit(flag) & 1)

    def flags_of(self, entry):
        return "".join(flag if self.has(entry, flag) else "-" for flag in self.flags)

    def hex(self, value, bits):
        return f"0x{value:0{-(-bits // 4)}x}"

    def virtual(self, address):
        return self.hex(address, self.pointer)

    def real(self, address):
        return self.hex(address, self.physical)

    def entry_hex(self, entry):
        return self.hex(entry, 8 * self.entry)


class Memory:
    """Physical memory as far as it matters: {physical address of an entry: its value}."""

    def __init__(self, machine, seed):
        self.machine = machine
        self.random = random.Random(f"{machine.words} {seed}")
        self.entries = {}
        self.tables = {}  # {physical address: (its level, the first page that it stands for)}
        self.next_table = 1
        self.used = set()
        self.root = self.new_table(0, 0)
        self.mapped = []  # virtual page numbers that have an entry with P
        self.fill()

    def new_table(self, level, first):
        address = self.next_table << self.machine.offset
        self.next_table += self.machine.table_pages(level)
        self.tables[address] = (level, first)
        return address

    def new_frame(self):
        """One that is no table's; rather a small number, to be read by people."""
        least, most = self.machine.first_free(), min(1 << self.machine.frame_bits, 1 << 16)
        while True:
            frame = self.random.randrange(least, most)
            if frame not in self.used:
                self.used.add(frame)
                return frame

    def fill(self):
        """Pages in two places, side by side; some are not there, some may not be written."""
        machine = self.machine
        pages = 1 << (machine.address - machine.offset)
        table = 1 << machine.split[-1]
        fixed = ALWAYS.get(machine.name, {})
        for page, frame in fixed.items():
            self.used.add(frame)
            self.map(page, frame, self.some_flags())
        for place in range(2):
            first = self.random.randrange(pages // table) * table if pages > table else 0
            first += self.random.randrange(max(table - 8, 1))
            for page in range(first, min(first + 4, pages)):
                absent = self.random.random() < 0.25 and page != first
                if page not in fixed:
                    self.map(page, self.new_frame(), self.some_flags("" if absent else "P"))
        if machine.levels > 1 and "W" in machine.flags:
            self.forbid_above()

    def some_flags(self, present="P"):
        chosen = present
        for flag, chance in (("W", 0.6), ("U", 0.9), ("A", 0.5), ("D", 0.3), ("X", 0.5)):
            if flag in self.machine.flags and self.random.random() < chance:
                chosen += flag
        if not {"W", "A"} & set(chosen) == {"W", "A"} & set(self.machine.flags):
            chosen = chosen.replace("D", "")  # what was written may be written, and was used
        return chosen

    def map(self, page, frame, flags):
        machine = self.machine
        table, indices = self.root, machine.indices(page << machine.offset)
        for level, index in enumerate(indices[:-1]):
            place = table + index * machine.entry
            if place not in self.entries:
                first = page >> sum(machine.split[level + 1:]) << sum(machine.split[level + 1:])
                below = self.new_table(level + 1, first)
                rights = "".join(flag for flag in "PWU" if flag in machine.flags)
                self.entries[place] = machine.entry_value(below >> machine.offset, rights)
            table = machine.frame_of(self.entries[place]) << machine.offset
        self.entries[table + indices[-1] * machine.entry] = machine.entry_value(frame, flags)
        if "P" in flags:
            self.mapped.append(page)

    def forbid_above(self):
        """Under one of the tables of the last level nothing may be written: its entry says so."""
        above = [place for place, entry in self.entries.items()
                 if machine_level(self, place) == self.machine.levels - 2]
        if len(above) > 1 and self.random.random() < 0.5:
            place = self.random.choice(sorted(above))
            self.entries[place] &= ~(1 << self.machine.flag_bit("W"))

    def walk(self, address, access):
        """(the physical address or why there is none, the steps that lead there)"""
        machine, steps = self.machine, []
        if machine.canonical(address) != address:
            return NOT_CANONICAL, [
                f"Bits {machine.pointer - 1} to {machine.address} must all equal bit "
                f"{machine.address - 1}, which is {address >> (machine.address - 1) & 1}. They do "
                "not: the processor does not even begin."]
        offset, table, rights = address & (machine.page - 1), self.root, set("WU") | {"fetch"}
        for level, index in enumerate(machine.indices(address)):
            place = table + index * machine.entry
            entry = self.entries.get(place, 0)
            steps.append(
                f"Level {level + 1} of {machine.levels}: index {index} ({index:#x}). The table is "
                f"at {machine.real(table)}, so the entry is at {machine.real(table)} + {index} * "
                f"{machine.entry} = {machine.real(place)}: {machine.entry_hex(entry)}, "
                f"{machine.flags_of(entry)}.")
            if not machine.has(entry, "P"):
                steps.append("P is clear: a page fault. The entry's other bits mean nothing.")
                return NOT_PRESENT, steps
            rights -= {flag for flag in "WU" if not machine.has(entry, flag)}
            if "X" in machine.flags and machine.has(entry, "X"):
                rights.discard("fetch")
            table = machine.frame_of(entry) << machine.offset
        return self.judge(access, rights, table, offset, steps)

    def judge(self, access, rights, table, offset, steps):
        machine = self.machine
        needed = {"read": {"U"}, "write": {"U", "W"}, "fetch": {"U", "fetch"}}[access]
        if needed - rights:
            steps.append(f"It is there, but a {access} of the program is not allowed: an entry on "
                         "the way says so, and all have to allow it. A page fault, whose error "
                         "code says that the page is present.")
            return FORBIDDEN, steps
        steps.append(
            f"Frame {machine.hex(table >> machine.offset, machine.frame_bits)} and offset "
            f"{machine.hex(offset, machine.offset)}, side by side: {machine.real(table | offset)}.")
        return table | offset, steps


def machine_level(memory, place):
    """The level of the table in which an entry lies."""
    for table, (level, _) in memory.tables.items():
        if table <= place < table + memory.machine.table_bytes(level):
            return level
    return None


class Tlb:
    """Sets of a few ways each; the one not used for longest goes."""

    def __init__(self, machine):
        self.machine = machine
        self.sets = [[] for _ in range(machine.sets)]

    def place(self, address):
        page = self.machine.low(address) >> self.machine.offset
        return page % self.machine.sets, page // self.machine.sets

    def access(self, memory, address):
        """H, M or F: found, walked for, or a fault."""
        number, tag = self.place(address)
        ways = self.sets[number]
        if tag in ways:
            ways.remove(tag)
            ways.append(tag)
            return "H"
        if isinstance(memory.walk(address, "read")[0], str):
            return "F"
        ways.append(tag)
        del ways[:-self.machine.ways]
        return "M"


def machine_of(words):
    """A classical one by its name, or one described."""
    words = " ".join(words) if isinstance(words, list) else words
    words = words.strip() or "14-bit"
    return Machine(words, CLASSICAL[words]) if words in CLASSICAL else Machine("yours", words)
