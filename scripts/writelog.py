# SPDX-License-Identifier: MIT
"""What a guest wrote to a disk, in order, from QEMU's driver blklogwrites; and the disk as it
would be had the power gone in between.

The log's format is that of Linux's dm-log-writes (Documentation/admin-guide/device-mapper/
log-writes.rst): a superblock, then for each write a sector with its place and flags, and its data.
"""

import os
import struct

MAGIC = 0x6A736677736872
SUPERBLOCK = struct.Struct("<QQQI")  # magic, version, entries, sector size
ENTRY = struct.Struct("<QQQQ")       # sector, sectors, flags, length of a mark
FLUSH, FUA, DISCARD = 1, 2, 4
BLOCK = 4096                         # what a disk writes whole or not at all


class Entry:
    def __init__(self, start, at, size, data, flags):
        self.start = start   # where it begins in the log
        self.at, self.size = at, size
        self.data = data     # where its bytes are in the log
        self.flags = flags


class WriteLog:
    """The log, as far as it is whole: QEMU may have been killed."""

    def __init__(self, path):
        self.file = open(path, "rb")
        magic, version, _, self.sector = SUPERBLOCK.unpack(self.file.read(SUPERBLOCK.size))
        if magic != MAGIC or version != 1:
            raise ValueError(f"{path} is no log of writes")
        self.entries = list(self.read_entries(os.path.getsize(path)))

    def read_entries(self, end):
        position = self.sector
        while position + self.sector <= end:
            self.file.seek(position)
            sector, sectors, flags, _ = ENTRY.unpack(self.file.read(ENTRY.size))
            size = 0 if flags & DISCARD else sectors * self.sector
            data = position + self.sector
            if (not sectors and not flags) or data + size > end:
                return
            yield Entry(position, sector * self.sector, size, data, flags)
            position = data + size

    def close(self):
        self.file.close()

    def apply(self, image, entry, random=None):
        """Writes an entry into the image; with `random` each block of it with an even chance."""
        if not entry.size:
            return
        self.file.seek(entry.data)
        data = self.file.read(entry.size)
        for offset in range(0, entry.size, BLOCK):
            if random is None or random.random() < 0.5:
                image.seek(entry.at + offset)
                image.write(data[offset:offset + BLOCK])

    def cut(self, image, end, random):
        """The power goes when the log was `end` bytes long. A flush by then has made durable what
        was before it; of what came after, chance decides."""
        before = [entry for entry in self.entries if entry.start < end]
        last = max((i for i, entry in enumerate(before) if entry.flags & FLUSH), default=-1)
        for i, entry in enumerate(before):
            durable = i <= last or entry.flags & FUA
            self.apply(image, entry, None if durable else random)
