# SPDX-License-Identifier: MIT
"""An ext2 image with blocks of 4 KiB, as a file: finds its parts and changes their bytes.

What is where: kernel/fs/ext2.h. base_image() makes one with a bit of everything in it; place()
says where something lies, for disks that cannot read or write there (machine.py).
"""

import os
import shutil
import struct
import subprocess
import tempfile

BLOCK, POINTERS, DIRECT = 4096, 1024, 12
ROOT = 2  # inode
UUID = "00000000-0000-4000-8000-000000000001"
SUPER = 1024
# Fields of the superblock, of a group's descriptor, of an inode: offset and size.
SUPER_FIELDS = {
    "inodes": (0, 4), "blocks": (4, 4), "free_blocks": (12, 4), "free_inodes": (16, 4),
    "first_data_block": (20, 4), "log_block_size": (24, 4), "blocks_per_group": (32, 4),
    "inodes_per_group": (40, 4), "magic": (56, 2), "state": (58, 2), "revision": (76, 4),
    "first_inode": (84, 4), "inode_size": (88, 2), "compatible": (92, 4),
    "incompatible": (96, 4), "read_only_compatible": (100, 4)}
GROUP_FIELDS = {"block_bitmap": (0, 4), "inode_bitmap": (4, 4), "inode_table": (8, 4),
                "free_blocks": (12, 2), "free_inodes": (14, 2), "directories": (16, 2)}
INODE_FIELDS = {"mode": (0, 2), "size": (4, 4), "dtime": (20, 4), "links": (26, 2),
                "sectors": (28, 4), "flags": (32, 4), "generation": (100, 4),
                "attributes": (104, 4), "size_high": (108, 4), "extra": (128, 2)}
INODE_FIELDS.update({f"block{i}": (40 + 4 * i, 4) for i in range(15)})
FORMATS = {1: "<B", 2: "<H", 4: "<I"}


class Image:
    """The bytes are in memory; save() writes them. What is read is always the image as it was
    loaded, so that things are still found when some of them are changed."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.loaded = file.read()
        self.bytes = bytearray(self.loaded)
        self.inode_size = self.super("inode_size")
        self.groups = -(-self.super("blocks") // self.super("blocks_per_group"))
        self.inodes_per_group = self.super("inodes_per_group")

    def save(self, path=None):
        with open(path or self.path, "wb") as file:
            file.write(self.bytes)

    # Numbers, at an offset of the image.

    def get(self, offset, size=4):
        return struct.unpack_from(FORMATS[size], self.loaded, offset)[0]

    def put(self, offset, value, size=4):
        struct.pack_into(FORMATS[size], self.bytes, offset, value % (1 << 8 * size))

    def field(self, fields, base, name, value=None):
        offset, size = fields[name]
        if value is not None:
            self.put(base + offset, value, size)
        return self.get(base + offset, size)

    def super(self, name, value=None):
        return self.field(SUPER_FIELDS, SUPER, name, value)

    def group(self, number, name, value=None):
        return self.field(GROUP_FIELDS, BLOCK + 32 * number, name, value)

    def inode_at(self, number):
        group, index = divmod(number - 1, self.inodes_per_group)
        return self.group(group, "inode_table") * BLOCK + index * self.inode_size

    def inode(self, number, name, value=None):
        return self.field(INODE_FIELDS, self.inode_at(number), name, value)

    # A file's blocks.

    def below(self, block, levels):
        """(block, level) of all that is below an indirect block, and of itself: level 0 is data."""
        if not block:
            return
        yield block, levels
        for i in range(POINTERS if levels else 0):
            yield from self.below(self.get(block * BLOCK + 4 * i), levels - 1)

    def blocks(self, number):
        if self.inode(number, "mode") >> 12 not in (4, 8) and not self.inode(number, "sectors"):
            return []
        found = []
        for i in range(DIRECT + 3):
            found += self.below(self.inode(number, f"block{i}"), max(0, i - DIRECT + 1))
        return found

    def data(self, number):
        return [block for block, level in self.blocks(number) if level == 0]

    def indirect(self, number):
        return [block for block, level in self.blocks(number) if level]

    # Directories.

    def entries(self, directory):
        """(offset in the image, inode, length, name) of each entry."""
        for block in self.data(directory):
            offset = 0
            while offset < BLOCK:
                at = block * BLOCK + offset
                length, name_length = self.get(at + 4, 2), self.get(at + 6, 1)
                yield at, self.get(at), length, self.loaded[at + 8:at + 8 + name_length]
                offset += length

    def entry(self, path):
        """The offset of the path's entry, and its inode."""
        at, number = None, ROOT
        for name in path.strip("/").split("/"):
            at, number = next((at, inode) for at, inode, _, found in self.entries(number)
                              if inode and found == name.encode())
        return at, number

    def find(self, path):
        return ROOT if path == "/" else self.entry(path)[1]

    def tree(self, directory=ROOT, path=""):
        """(path, inode) of all that has a name."""
        for _, number, _, name in list(self.entries(directory)):
            if number and name not in (b".", b".."):
                yield f"{path}/{name.decode()}", number
                if self.inode(number, "mode") >> 12 == 4:
                    yield from self.tree(number, f"{path}/{name.decode()}")

    def place(self, name):
        """The blocks of what is called so: "superblock", "descriptors", "block-bitmap",
        "inode-bitmap" (of the first group), or "inode=/path", "directory=/path", "data=/path",
        "indirect=/path"."""
        kind, _, path = name.partition("=")
        if kind == "superblock":
            return [0]
        if kind == "descriptors":
            return [1]
        if kind in ("block-bitmap", "inode-bitmap"):
            return [self.group(group, kind.replace("-", "_")) for group in range(self.groups)]
        number = self.find(path)
        if kind == "inode":
            return [self.inode_at(number) // BLOCK]
        return self.indirect(number) if kind == "indirect" else self.data(number)


def fill(folder):
    """A bit of everything: see base_image()."""
    def write(path, *pieces):
        with open(os.path.join(folder, path), "wb") as file:
            for position, text in pieces:
                file.seek(position)
                file.write(text)

    for path in ("a/b/c/d", "d", "e", "full", "many"):
        os.makedirs(os.path.join(folder, path))
    pages = b"".join(bytes([ord("a") + i % 26]) * BLOCK for i in range(60))
    write("a/small", (0, b"small\n"))
    write("a/big", (0, pages))
    write("a/direct", (0, pages[:3 * BLOCK + 100]))
    second, third = (DIRECT + POINTERS) * BLOCK, (DIRECT + POINTERS + POINTERS ** 2) * BLOCK
    write("a/sparse", (0, b"0"), (20 * BLOCK, b"1"), (second + 3 * BLOCK, b"2"),
          (third + 5 * BLOCK, b"3"))
    write("a/b/c/d/deep", (0, pages[:2 * BLOCK]))
    write("full/one", (0, b"1"))
    write("full/two", (0, b"2"))
    write("many/name", (0, b"many"))
    for i in range(150):
        os.link(os.path.join(folder, "many/name"),
                os.path.join(folder, f"many/a-name-of-many-that-is-rather-long-{i:030}"))
    os.link(os.path.join(folder, "a/small"), os.path.join(folder, "hard"))
    os.symlink("a/small", os.path.join(folder, "short-link"))
    os.symlink("/" * 200 + "a/small", os.path.join(folder, "long-link"))
    os.mkfifo(os.path.join(folder, "fifo"))


def base_image(path, old=False):
    """Directories of one block and of several, empty ones, files of each depth of indirect
    blocks, holes, many names of a file, both kinds of symbolic links, a fifo; four groups. An old
    one has small inodes, and entries without types."""
    folder = tempfile.mkdtemp(prefix="pagoda-ext2-")
    try:
        fill(folder)
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext2", "-b", "4096", "-g", "512", "-N", "256",
                        "-m", "0", "-I", "128" if old else "256",
                        "-O", "^resize_inode" + (",^filetype" if old else ""), "-U", UUID,
                        "-E", f"root_owner=0:0,hash_seed={UUID}", "-d", folder, path, "8M"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={**os.environ, "E2FSPROGS_FAKE_TIME": "1700000000"})
    finally:
        shutil.rmtree(folder)
