# SPDX-License-Identifier: MIT
"""What may be on a disk after its power went, given which operations had begun and ended.

A value (a page's content, a file's size, what a name means) is `sure` from the operation that
promises it; what it was changed to since may have reached the disk or not.
"""

import os
import struct

PAGE = 4096
MAGIC = 0x70A60DA0  # tests/crash/work.c
RECORD = struct.Struct("<4I")
ZEROS = bytes(PAGE)
DIRECTORY = "a directory"


class Value:
    def __init__(self, sure):
        self.sure = self.now = sure
        self.maybe = set()

    def change(self, now):
        self.now = now
        self.maybe.add(now)

    def settle(self):
        self.sure = self.now
        self.maybe = set()

    def allowed(self):
        return self.maybe | {self.sure}


class Page(Value):
    """Its content's version, 0 for zeros. A block that is new to the file may show, until it is
    synced, what it was before: `loose`."""

    def __init__(self):
        super().__init__(0)
        self.loose = False

    def change(self, now):
        self.loose |= now != 0 and 0 in self.allowed()
        super().change(now)

    def settle(self):
        super().settle()
        self.loose = False


class File:
    def __init__(self, number):
        self.number = number
        self.size = Value(0)  # in pages
        self.pages = {}

    def page(self, index):
        return self.pages.setdefault(index, Page())

    def write(self, first, count, version):
        for index in range(first, first + count):
            self.page(index).change(version)
        for size in range(max(self.size.now, first) + 1, first + count + 1):
            self.size.change(size)  # it grows page by page

    def truncate(self, size):
        for index, page in self.pages.items():
            if index >= size and page.now:
                page.change(0)
        # Its blocks go one after the other. Where some are left behind the new end, e2fsck makes the
        # file so long that it has them.
        self.size.maybe.update(range(size, self.size.now))
        self.size.change(size)

    def settle(self, first=0, count=1 << 30):
        self.size.settle()
        for index, page in self.pages.items():
            if first <= index < first + count:
                page.settle()

    def content(self, index, version):
        return RECORD.pack(self.number, index, version, MAGIC) * (PAGE // RECORD.size) \
            if version else ZEROS

    def differs(self, data):
        """In what the bytes cannot be this file; or an empty string."""
        if len(data) % PAGE or len(data) // PAGE not in self.size.allowed():
            return f"{len(data)} bytes, not {sorted(self.size.allowed())} pages"
        for index in range(len(data) // PAGE):
            page = self.pages.get(index) or Page()
            found = data[index * PAGE:(index + 1) * PAGE]
            if not page.loose and not any(found == self.content(index, version)
                                          for version in page.allowed()):
                return (f"page {index} has {RECORD.unpack(found[:RECORD.size])}, not file "
                        f"{self.number}'s version {sorted(page.allowed())}")
        return ""


class Model:
    """All files by name. An operation is a letter and arguments, as tests/crash/work.c has it."""

    PROMISES = "sdMfFSY"

    def __init__(self, top):
        self.names = {top: Value(DIRECTORY)}
        self.promises = 0

    def begin(self, words):
        """The operation may have had an effect from now on."""
        letter, path, arguments = words[0], words[1] if len(words) > 1 else "", words[2:]
        if letter == "c":
            self.change(path, File(int(arguments[0])))
        elif letter == "k":
            self.change(path, DIRECTORY)
        elif letter in "Ku":
            self.change(path, None)
        elif letter in "wsdm":
            _, first, count, version = map(int, arguments)
            self.names[path].now.write(first, count, version)
        elif letter == "t":
            self.names[path].now.truncate(int(arguments[0]))
        elif letter == "l":
            self.change(arguments[0], self.names[path].now)
        elif letter == "r":
            moved = self.names[path].now
            self.change(path, None)
            self.change(arguments[0], moved)

    def end(self, words):
        """It has returned 0: what it promises holds."""
        letter = words[0]
        self.promises += letter in self.PROMISES
        if letter in "SY":
            for name in self.names.values():
                for value in name.allowed() | {name.now}:
                    if isinstance(value, File):
                        value.settle()
                name.settle()
        elif letter in "sdMfF":
            self.settle_one(letter, words[1], words[2:])

    def settle_one(self, letter, path, arguments):
        now = self.names[path].now
        if now == DIRECTORY:
            for name, value in self.names.items():
                if os.path.dirname(name) == path:
                    value.settle()
        elif letter in "sd":
            now.settle(int(arguments[1]), int(arguments[2]))
        elif letter == "M":
            now.settle(int(arguments[0]), int(arguments[1]))
        else:
            now.settle()

    def change(self, path, meaning):
        self.names.setdefault(path, Value(None)).change(meaning)

    # ---- against what is there ----

    def judge(self, found, strays):
        """`found`: from path to content, or DIRECTORY; `strays`: contents in lost+found. What
        contradicts a promise, as sentences."""
        wrong = []
        for path, value in sorted(self.names.items()):
            above = os.path.dirname(path)
            if above not in self.names or above in found:
                wrong += self.judge_name(path, value, found.get(path))
        return wrong + self.judge_moved(found, strays)

    @staticmethod
    def judge_name(path, value, there):
        allowed = value.allowed()
        if there is None:
            return [] if None in allowed else [f"{path} is missing"]
        if there == DIRECTORY:
            return [] if DIRECTORY in allowed else [f"{path} is a directory"]
        differences = [file.differs(there) for file in allowed if isinstance(file, File)]
        if not differences:
            return [f"{path} is there"]
        return [] if "" in differences else [f"{path}: " + "; or ".join(differences)]

    def judge_moved(self, found, strays):
        """A file whose sure name was changed for another has one of them, or lies in
        lost+found."""
        wrong = []
        for path, value in sorted(self.names.items()):
            file = value.sure
            names = [name for name, other in self.names.items() if file in other.allowed()]
            if (not isinstance(file, File) or not any(other.now is file for other in
                                                      self.names.values())
                    or 0 in file.size.allowed() or path in found):
                continue
            there = [found[name] for name in names if found.get(name, DIRECTORY) != DIRECTORY]
            if not any(file.differs(data) == "" for data in there + strays):
                wrong.append(f"the file that was {path} is lost")
        return wrong
