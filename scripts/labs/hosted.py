# SPDX-License-Identifier: MIT
"""Labs whose submission is a program of this machine (kind: host).

It is linked with scripts/labs/NAME/worker.c and runs behind the wall. The worker does what it is
told and says what came of it; what should have come of it is worked out here, by a model. So who
prints what he likes must print what is right.

A case is WHAT,LEVELS,OFFSET_BITS:

    translate    tables that the worker makes, with bits in them that mean nothing
    allocate     pages one after another: so many tables as are needed, zeros, and nothing twice
    memory       there is none at times, and addresses that are too large: all is as before
"""

import os
import random
import tempfile

import submission

FLAGS = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-fsanitize=undefined",
         "-fno-sanitize-recover=all"]
WRAPPED = "-Wl,--wrap=posix_memalign,--wrap=free"
ALLOCATIONS = 12


class Model:
    """Page tables as they should be: {page: {index: (page, flags)}}."""

    def __init__(self, levels, offset):
        self.levels, self.offset = levels, offset
        self.bits = offset - 3
        self.address_bits = levels * self.bits + offset
        self.root, self.pages, self.words = -1, 0, {}

    def new_page(self):
        self.pages += 1
        self.words[self.pages - 1] = {}
        return self.pages - 1

    def indices(self, address):
        page = address >> self.offset
        return [page >> level * self.bits & (1 << self.bits) - 1
                for level in reversed(range(self.levels))]

    def translate(self, address):
        page = self.root
        if address >> self.address_bits or page < 0:
            return "nowhere"
        for index in self.indices(address):
            page, flags = self.words[page].get(index, (0, 0))
            if not flags & 1:
                return "nowhere"
        return page, address & (1 << self.offset) - 1

    def missing(self, address):
        """How many pages the address needs that are not there."""
        page, indices = self.root, self.indices(address)
        if page < 0:
            return self.levels + 1
        for level, index in enumerate(indices):
            page, flags = self.words[page].get(index, (0, 0))
            if not flags & 1:
                return self.levels - level
        return 0


class Dump:
    """The model's tables at one moment."""

    def __init__(self, model):
        self.root, self.pages = model.root, model.pages
        self.words = {page: dict(words) for page, words in model.words.items()}


class Told:
    """What the worker is told, and what it should answer: how a line begins, where an address
    leads, or a Dump."""

    def __init__(self, model, seed):
        self.model = model
        self.random = random.Random(seed)
        self.lines = []
        self.asked = []  # (line, what should be answered)

    def say(self, line, *answers):
        self.lines.append(line)
        self.asked += [(line, answer) for answer in answers]

    def dump(self):
        self.say("dump", Dump(self.model))

    def some_address(self, near=None):
        if near is not None and self.random.random() < 0.6:
            return near ^ self.random.randrange(1 << min(self.model.offset + 2,
                                                         self.model.address_bits))
        return self.random.randrange(1 << self.model.address_bits)

    def look(self, addresses):
        """Everything that was asked for, and addresses beside it and too large."""
        for address in addresses:
            for other in (address, self.some_address(address),
                          address | 1 << self.model.address_bits):
                self.say(f"translate {other:x}", self.model.translate(other))


def tell_translate(told):
    model = told.model
    told.say("root -1")
    told.look([0, told.some_address()])

    def page():
        told.say("page")
        return model.new_page()

    def entry(table, index, target, flags):
        told.say(f"entry {table} {index} {target} {flags:x}")
        model.words[table][index] = target, flags

    junk = (1 << model.offset) - 2
    model.root = page()
    told.say(f"root {model.root}")
    addresses = [0, (1 << model.address_bits) - 1] + [told.some_address() for _ in range(6)]
    for address in addresses:
        table = model.root
        for level, index in enumerate(model.indices(address)):
            if index not in model.words[table]:
                valid = level < 1 or told.random.random() < 0.85
                entry(table, index, page(), told.random.randrange(1 << model.offset) & junk | valid)
            table = model.words[table][index][0]
    told.look(addresses)
    told.dump()
    told.look(told.random.sample(addresses, 3))


def tell_allocate(told):
    model, addresses = told.model, []
    for number in range(ALLOCATIONS):
        address = told.some_address(addresses[-1] if number % 3 and addresses else None)
        addresses.append(address)
        allocate(told, address)
        allocate(told, address ^ 1)  # the same page
        told.look(addresses[-2:])
    top = (1 << model.address_bits) - 1
    allocate(told, top)
    told.look([*addresses, 0, top])
    told.dump()


def allocate(told, address):
    model = told.model
    told.say(f"allocate {address:x}", f"result 0 calls {model.missing(address)}")
    if model.root < 0:
        model.root = model.new_page()
    page = model.root
    for index in model.indices(address):
        if index not in model.words[page]:
            model.words[page][index] = model.new_page(), 1
        page = model.words[page][index][0]


def tell_memory(told):
    model, addresses = told.model, []
    told.say(f"allocate {1 << model.address_bits:x}", "result -1 calls 0")
    for number in range(6):
        address = told.some_address()
        needed = model.missing(address)
        for limit in range(needed):
            told.say(f"limit {limit}")
            told.say(f"allocate {address:x}", "result -1")
            told.dump()
        told.say("limit -1")
        allocate(told, address)
        addresses.append(address)
        told.look(addresses)
    told.say(f"allocate {(1 << model.address_bits) | addresses[0]:x}", "result -1 calls 0")
    told.dump()


TELL = {"translate": tell_translate, "allocate": tell_allocate, "memory": tell_memory}


# ---- judging ---------------------------------------------------------------------------


class Wrong(Exception):
    """The first thing that is not as it should be, as a sentence."""


class Judge:
    """Compares answers. The worker's numbers of pages are its own: each page of the model gets one
    when it is first met, and keeps it."""

    def __init__(self, output):
        self.lines = output.splitlines()
        self.worker_of, self.model_of = {-1: -1}, {-1: -1}

    def next(self):
        if not self.lines:
            raise Wrong("the program ended")
        return self.lines.pop(0)

    def same_page(self, worker, model):
        return self.worker_of.setdefault(model, worker) == worker and \
            self.model_of.setdefault(worker, model) == model

    def check(self, line, expected):
        if isinstance(expected, Dump):
            self.check_dump(expected)
            return
        told = self.next()
        words = told.split()
        if isinstance(expected, tuple):
            page, offset = expected
            if words[:1] != ["page"] or int(words[2], 16) != offset or \
                    not self.same_page(int(words[1]), page):
                raise Wrong(f"{line}: {told}; expected byte {offset:#x} of its page")
        elif not (told + " ").startswith(expected + " "):
            raise Wrong(f"{line}: {told}; expected {expected}")

    def read_dump(self):
        """(root, {page: {index: (page or None, the value or its lower bits)}}, pages that live)"""
        root, pages = int(self.next().split()[1]), {}
        while not (line := self.next()).startswith("living "):
            words = line.split()
            if words[0] != "word":
                raise Wrong(f"{line}: PAGE_BYTES bytes, at a multiple of that, are one")
            known = words[3] == "page"
            pages.setdefault(int(words[1]), {})[int(words[2])] = \
                (int(words[4]) if known else None, int(words[5 if known else 3], 16))
        return root, pages, int(line.split()[1])

    def check_dump(self, model):
        root, pages, living = self.read_dump()
        if not self.same_page(root, model.root):
            raise Wrong("the first table is another one than before")
        for page in list(model.words):
            if page in self.worker_of or page == model.root:
                self.check_table(model, page, pages.get(self.worker_of.get(page), {}))
        if living != model.pages:
            raise Wrong(f"{living} pages are in use; {model.pages} are needed")

    def check_table(self, model, page, words):
        """A table, or the page of zeros itself, which has no words."""
        expected = model.words[page]
        for index, (target, flags) in expected.items():
            found, value = words.get(index, (None, 0))
            if value & 1 != flags & 1 or flags & 1 and (
                    found is None or not self.same_page(found, target)):
                raise Wrong(f"entry {index} of a table does not lead where it should")
        if not expected and any(word for word in words.values()):
            raise Wrong("a page is not full of zeros")
        if any(value & 1 for index, (_, value) in words.items() if index not in expected):
            raise Wrong("an entry is valid that should not be")


def run_case(grader, case, folder, path):
    """What is wrong, or ""."""
    what, levels, offset = case.split(",")
    program = os.path.join(folder, "program")
    place = f"scripts/labs/{grader.lab.name}"
    command = ["gcc", *FLAGS, f"-DLEVELS={levels}", f"-DOFFSET_BITS={offset}", f"-I{place}",
               WRAPPED, "-o", program, f"{place}/worker.c", path]
    done = grader.run_walled(command, folder)
    if done.returncode != 0:
        raise submission.Refused(f"it does not compile: {submission.first_error(done.stderr)}")
    told = Told(Model(int(levels), int(offset)), case)
    TELL[what](told)
    done = grader.run_walled([program], None, "\n".join(told.lines + [""]).encode())
    if done.returncode is None:
        return "it does not end"
    judge = Judge(done.stdout)
    try:
        for line, expected in told.asked:
            judge.check(line, expected)
    except (Wrong, ValueError, IndexError) as error:
        last = done.stderr.strip().splitlines()[:1]
        return f"{error}{': ' + last[0] if last else ''}"
    return ""


def warnings_of(grader, path):
    """What the compiler warns of; Refused if the text has no place here."""
    place = f"scripts/labs/{grader.lab.name}"
    done = grader.run_walled(["gcc", *FLAGS, "-DLEVELS=3", "-DOFFSET_BITS=12", f"-I{place}",
                              "-fsyntax-only", path], None)
    return [line for line in done.stderr.splitlines() if "warning:" in line]


def judge_host(grader, grade, files):
    (path, text), = files.items()
    submission.write_if_new(os.path.join(grader.tree.path, path), text)
    try:
        with tempfile.TemporaryDirectory(prefix="hosted-", dir=grader.tree.build) as folder:
            for item in grade.items[:-1]:
                wrong = run_case(grader, item.name, folder, path)
                item.share, item.failed = float(not wrong), bool(wrong)
                item.words = wrong or "passed"
        warnings = warnings_of(grader, path)
    finally:
        os.remove(os.path.join(grader.tree.path, path))
    wrong = submission.style(grader.lab, files, ".", warnings)
    grade.items[-1].share = max(0.0, 1 - len(wrong) / 4)
    grade.items[-1].words = "; ".join(wrong) or "no warning, no long function, no long line"
    grade.weigh()


def list_cases(lab):
    """[(kind, case, points)]"""
    for kind, field in (("public", "cases"), ("hidden", "unseen")):
        cases = lab.fields.get(field, "").split()
        for case in cases:
            yield kind, case, lab.points.get(kind, 0) / len(cases)
