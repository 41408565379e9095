# SPDX-License-Identifier: MIT
"""Questions about a toy machine, with their answers and the steps that lead there."""

import random

from toy import ALWAYS, FLAG_WORDS, FORBIDDEN, NOT_CANONICAL, NOT_PRESENT, Tlb

KINDS = ("split", "translate", "entry", "fill", "size", "tlb")
TLB_ACCESSES = 10


class Question:
    def __init__(self, kind, title, words, answer, steps, **facts):
        self.kind, self.title, self.words = kind, title, words
        self.answer, self.steps = answer, steps
        self.facts = facts  # what it asks about, for programs

    @property
    def accepted(self):
        """The answer as people may write it. Whoever compares only letters, as Moodle does, needs
        each: a hexadecimal number without its zeros, and what stands in a row with spaces."""
        if self.kind == "split":
            return [self.answer, self.answer.replace(",", ", ")]
        if self.kind == "tlb":
            return [self.answer, *(between.join(self.answer) for between in (" ", ",", ", "))]
        if not self.answer.startswith("0x"):
            return [self.answer]
        digits = self.answer[2:]
        short = digits.lstrip("0") or "0"
        return list(dict.fromkeys([self.answer, "0x" + short, digits, short]))


class Sheet:
    def __init__(self, machine, memory, seed, kinds, count):
        self.machine, self.memory, self.seed = machine, memory, seed
        self.random = random.Random(f"questions {machine.words} {seed}")
        self.asked = set()
        self.questions = []
        for kind in kinds:
            self.questions += getattr(self, kind)(count)

    # ---- which addresses ----

    def some_offset(self):
        return self.random.randrange(self.machine.page)

    def address_of_kind(self, kind):
        """mapped: its page has a present entry; near: one beside those; far: anywhere."""
        pages = 1 << (self.machine.address - self.machine.offset)
        if kind == "far":
            page = self.random.randrange(pages)
        else:
            page = self.random.choice(self.memory.mapped)
            page = (page + self.random.choice((-1, 1, 2)) * (kind == "near")) % pages
        return self.machine.canonical(page << self.machine.offset | self.some_offset())

    def new_address(self, kind):
        for _ in range(100):
            address = self.address_of_kind(kind)
            if address not in self.asked:
                break
        self.asked.add(address)
        return address

    # ---- the kinds ----

    def split(self, count):
        machine = self.machine
        for _ in range(min(count, 2)):
            address = self.new_address("mapped")
            parts = machine.indices(address) + [address & (machine.page - 1)]
            words = (f"Cut the virtual address {machine.virtual(address)} into "
                     f"{'index' if machine.levels == 1 else 'indices'} and offset: decimal "
                     "numbers, the topmost first, with commas between them.")
            bits, steps, left = [*machine.split, machine.offset], [], machine.address
            for width, part in zip(bits, parts):
                steps.append(f"Bits {left - 1} to {left - width}: {part:0{width}b}, {part}.")
                left -= width
            yield Question("split", machine.virtual(address), words,
                           ",".join(map(str, parts)), steps, address=address)

    def translate(self, count):
        fixed = ALWAYS.get(self.machine.name, {})
        given = [page << self.machine.offset | 0x16 for page in fixed]
        kinds = ["mapped", "near", "mapped", "mapped", "far", "near"]
        for number in range(count):
            address = given[number] if number < len(given) else \
                self.new_address(kinds[number % len(kinds)])
            if self.machine.pointer > self.machine.address and number == count - 1 and number:
                address ^= 1 << self.machine.address  # one that is not canonical
            accesses = ["read", "write", "write"] + ["fetch"] * ("X" in self.machine.flags)
            access = "read" if number < len(given) else self.random.choice(accesses)
            found, steps = self.memory.walk(address, access)
            answer = found if isinstance(found, str) else self.machine.real(found)
            words = (f"The program does a {access} at the virtual address "
                     f"{self.machine.virtual(address)}. Where is that in physical memory, or what "
                     f"happens? ({self.possible()})")
            yield Question("translate", f"{access} {self.machine.virtual(address)}", words, answer,
                           steps, address=address, access=access)

    def possible(self):
        found = ["an address", NOT_PRESENT, FORBIDDEN]
        return ", ".join(found + [NOT_CANONICAL] * (self.machine.pointer > self.machine.address))

    def entry(self, count):
        """Where the last entry of a walk lies."""
        machine = self.machine
        for _ in range(min(count, 2)):
            address = self.new_address("mapped")
            table = self.memory.root
            for index in machine.indices(address)[:-1]:
                table = machine.frame_of(self.memory.entries[table + index * machine.entry]) \
                    << machine.offset
            index = machine.indices(address)[-1]
            place = table + index * machine.entry
            _, steps = self.memory.walk(address, "read")
            yield Question("entry", machine.virtual(address),
                           "At which physical address lies the last entry that the processor reads "
                           f"for {machine.virtual(address)}?", machine.real(place),
                           steps[:machine.levels], address=address)

    def fill(self, count):
        """An entry to be written."""
        machine = self.machine
        for _ in range(min(count, 2)):
            address = self.new_address("near")
            frame = self.memory.new_frame()
            flags = "".join(flag for flag in "PWUX" if flag in machine.flags)
            value = machine.entry_value(frame, flags)
            words = (f"The page of {machine.virtual(address)} is to be in frame "
                     f"{machine.hex(frame, machine.frame_bits)}: "
                     f"{', '.join(FLAG_WORDS[flag] for flag in flags)}; nothing else. What value "
                     "does its entry get?")
            steps = [f"The frame's number, moved up by {machine.frame_shift} bits: "
                     f"{machine.entry_hex(frame << machine.frame_shift)}."]
            steps += [f"{flag} is bit {machine.flag_bit(flag)}: {1 << machine.flag_bit(flag):#x}."
                      for flag in flags]
            steps.append(f"All of them: {machine.entry_hex(value)}.")
            yield Question("fill", machine.virtual(address), words, machine.entry_hex(value), steps,
                           address=address, frame=frame, flags=flags)

    def size(self, count):
        machine = self.machine
        last = 1 << machine.split[-1]
        flat = (1 << (machine.address - machine.offset)) * machine.entry
        asked = [Question("size", "entries", "How many entries has a table of the last level?",
                          str(last), [f"Its index has {machine.split[-1]} bits: 2^"
                                      f"{machine.split[-1]}."], what="entries"),
                 Question("size", "flat", "How many bytes would one flat table of all pages take?",
                          str(flat), [f"{machine.address} - {machine.offset} bits choose the page: "
                                      f"2^{machine.address - machine.offset} entries of "
                                      f"{machine.entry} bytes."], what="flat")]
        if machine.levels > 1:
            asked += [self.tables_question(pages, apart) for pages, apart in
                      ((self.random.randrange(2, min(last, 1000)), False),
                       (self.random.randrange(2, min(1 << machine.split[-2], 64)), True))]
        yield from asked[:count]

    def tables_question(self, pages, apart):
        """How much the tables of a process take; the first page begins a table of each level."""
        machine = self.machine
        count = [1] * machine.levels
        if apart:
            count[-1] = pages
        steps = [f"Level {level + 1}: {count[level]} of {machine.table_bytes(level)} bytes, "
                 f"each in {machine.table_pages(level)} of the machine's pages."
                 for level in range(machine.levels)]
        total = sum(n * machine.table_pages(level) for level, n in enumerate(count)) * machine.page
        where = f"each {1 << machine.split[-1]} pages from the last" if apart else \
            "one after another"
        words = (f"A process uses {pages} pages from address 0 on, {where}. How many bytes do its "
                 "tables take? (A table takes whole pages.)")
        return Question("size", "apart" if apart else "together", words, str(total), steps,
                        what="apart" if apart else "together", pages=pages)

    def tlb(self, count):
        if not count:
            return
        machine, tlb = self.machine, Tlb(self.machine)
        pool = self.random.sample(self.memory.mapped, min(4, len(self.memory.mapped)))
        pages = [self.random.choice(pool) for _ in range(TLB_ACCESSES)]
        pages[self.random.randrange(3, TLB_ACCESSES)] = pool[0] + 1
        limit = 1 << (machine.address - machine.offset)
        addresses = [machine.canonical(page % limit << machine.offset | self.some_offset())
                     for page in pages]
        told, steps = [], []
        for address in addresses:
            number, tag = tlb.place(address)
            told.append(tlb.access(self.memory, address))
            happens = {"H": "hit", "M": "miss: it is walked for, and remembered",
                       "F": "a miss, and the walk ends with a fault: nothing is remembered"}
            page = machine.low(address) >> machine.offset
            steps.append(f"{machine.virtual(address)}: page {page:#x}, "
                         f"set {number}, tag {tag:#x}: {happens[told[-1]]}.")
        words = (f"The TLB is empty. It has {machine.sets * machine.ways} entries in sets of "
                 f"{machine.ways}; of a set, the one not used for longest goes. The program reads "
                 f"at {', '.join(map(machine.virtual, addresses))}. Write a letter for each: H "
                 "hit, M miss, F fault.")
        yield Question("tlb", "hit, miss, fault", words, "".join(told), steps, addresses=addresses)
