# SPDX-License-Identifier: MIT
"""Damage to an ext2 image, as a bad disk or an ill will makes it.

Each function below one of the tables takes the image (ext2image.Image) and a random.Random and
changes a few bytes. named() makes an image with some of them, mutant() one with some that a seed
chooses.
"""

import random

import ext2image
from ext2image import BLOCK, POINTERS, ROOT

DAMAGES = {}  # name: function


def damage(function):
    DAMAGES[function.__name__.replace("_", "-")] = function
    return function


def directories(image):
    return [number for _, number in image.tree() if image.inode(number, "mode") >> 12 == 4]


def files(image):
    return [number for _, number in image.tree() if image.inode(number, "mode") >> 12 == 8]


def any_entry(image, chance):
    """The offset of an entry of some directory."""
    found = [at for number in directories(image) + [ROOT] for at, *_ in image.entries(number)]
    return chance.choice(found)


def bad_block(image, chance):
    """A number that no block of a file has."""
    blocks = image.super("blocks")
    group = chance.randrange(image.groups)
    return chance.choice([1, blocks, blocks + 1, 0x7fffffff, 0xffffffff, blocks << 3,
                          image.group(group, "block_bitmap"), image.group(group, "inode_bitmap"),
                          image.group(group, "inode_table")])


# Names.

@damage
def directory_names_itself(image, _):
    at, _ = image.entry("/full/one")
    image.put(at, image.find("/full"))


@damage
def directory_names_ancestor(image, chance):
    at, _ = image.entry("/a/b/c/d/deep")
    image.put(at, image.find(chance.choice(["/a", "/a/b", "/a/b/c", "/a/b/c/d", "/"])))


@damage
def directory_has_two_parents(image, _):
    at, _ = image.entry("/full/two")
    image.put(at, image.find("/a/b"))


@damage
def bad_inode_number(image, chance):
    image.put(any_entry(image, chance), chance.choice(
        [1, 3, 7, 10, image.super("inodes"), image.super("inodes") + 1, 0x7fffffff, 0xffffffff]))


@damage
def name_of_another(image, chance):
    image.put(any_entry(image, chance), chance.choice([number for _, number in image.tree()]))


@damage
def bad_entry_length(image, chance):
    image.put(any_entry(image, chance) + 4,
              chance.choice([0, 1, 4, 7, 8, 11, 13, 4092, 4096, 4100, 0xffff]), 2)


@damage
def bad_last_entry(image, chance):
    """The entry that ends a block ends before or behind it, with room for a piece of another."""
    ends = [(at, length) for number in directories(image) + [ROOT]
            for at, _, length, _ in image.entries(number) if (at + length) % BLOCK == 0]
    at, length = chance.choice(ends)
    image.put(at + 4, length + chance.choice([-12, -8, -4, -1, 1, 4, 8, BLOCK]), 2)


@damage
def bad_dots(image, chance):
    """A directory's first two names are others, lead elsewhere, or are none."""
    number = chance.choice(directories(image) + [ROOT])
    entries = list(image.entries(number))
    at, _, length, _ = entries[chance.randrange(2)]
    how = chance.randrange(4)
    if how == 0:
        image.put(at, chance.choice([0, 11, number, ROOT, image.find("/a/big")]))
    elif how == 1:
        image.put(at + 6, chance.choice([0, 1, 2, 3]), 1)
    elif how == 2:
        image.put(at + 8, chance.choice([0, 46, 47, 97]), 1)
    elif length < BLOCK:
        image.put(at + 4, length + entries[1][2] if at == entries[0][0] else BLOCK - 12, 2)


@damage
def directory_with_hole(image, chance):
    number = chance.choice(directories(image) + [ROOT])
    image.inode(number, f"block{chance.randrange(2)}", 0)
    if chance.random() < 0.5:
        image.inode(number, "size", chance.choice([2, 13, 1100]) * BLOCK)


@damage
def bad_name_length(image, chance):
    image.put(any_entry(image, chance) + 6, chance.choice([0, 1, 200, 255]), 1)


@damage
def bad_name(image, chance):
    at = any_entry(image, chance)
    for i in range(image.get(at + 6, 1)):
        if chance.random() < 0.3:
            image.put(at + 8 + i, chance.choice([0, 47, 46, 255]), 1)


@damage
def bad_entry_type(image, chance):
    image.put(any_entry(image, chance) + 7, chance.randrange(256), 1)


# Inodes.

@damage
def indirect_names_itself(image, chance):
    """At the last level, in every place: a walk of 1024 ** 3 steps."""
    number = image.find("/a/sparse")
    block = image.inode(number, "block14")
    for i in range(POINTERS if chance.random() < 0.7 else 3):
        image.put(block * BLOCK + 4 * i, block)


@damage
def indirect_blocks_in_a_ring(image, chance):
    blocks = image.indirect(image.find("/a/sparse"))
    for block in blocks:
        image.put(block * BLOCK + 4 * chance.randrange(POINTERS), chance.choice(blocks))


@damage
def bad_pointer(image, chance):
    number = chance.choice(files(image) + directories(image))
    places = [image.inode_at(number) + 40 + 4 * i for i in range(15)]
    places += [block * BLOCK + 4 * i for block in image.indirect(number) for i in range(20)]
    image.put(chance.choice(places), bad_block(image, chance))


@damage
def block_of_two_files(image, chance):
    one, two = chance.choice(files(image)), chance.choice(files(image) + directories(image))
    blocks = image.blocks(two)
    if blocks:
        image.inode(one, f"block{chance.randrange(15)}", chance.choice(blocks)[0])


@damage
def bad_size(image, chance):
    number = chance.choice(files(image) + directories(image) + [ROOT])
    image.inode(number, "size", chance.choice([0, 1, 4095, 4097, 0x7fffffff, 0xffffffff, 1 << 30]))
    if chance.random() < 0.4:
        image.inode(number, "size_high", chance.choice([1, 0x100, 0x7fffffff, 0xffffffff]))


@damage
def huge_size(image, chance):
    """Beyond what 31, 32, 41 bits hold, or what pointers lead to."""
    number = chance.choice(files(image) + [image.find("/short-link"), image.find("/long-link")])
    size = chance.choice([1 << 31, (1 << 32) - 1, 1 << 32, (1 << 41) - 1, 1 << 41, (1 << 41) + 1,
                          1 << 42, 1 << 63, (1 << 64) - 1, 1 << 44])
    image.inode(number, "size", size & 0xffffffff)
    image.inode(number, "size_high", size >> 32)


@damage
def bad_flags(image, chance):
    """Of features that other kinds of file systems have, and those that forbid changes."""
    number = chance.choice([number for _, number in image.tree()] + [ROOT])
    image.inode(number, "flags", chance.choice([0x10, 0x20, 0x1000, 0x80000, 0x10000000,
                                                0xffffffff, 1 << chance.randrange(32)]))


@damage
def deleted_with_name(image, chance):
    """What deleting leaves, while a name still leads there."""
    number = chance.choice([number for _, number in image.tree()])
    image.inode(number, "dtime", chance.choice([1, 0x65000000, image.super("inodes")]))
    if chance.random() < 0.5:
        image.inode(number, "links", 0)


@damage
def bad_mode(image, chance):
    number = chance.choice([number for _, number in image.tree()] + [ROOT])
    image.inode(number, "mode", chance.choice([0, 0x1000, 0x2000, 0x3000, 0x4000, 0x6000, 0x8000,
                                               0xa000, 0xc000, 0xf000]) | 0o755)


@damage
def bad_links(image, chance):
    number = chance.choice([number for _, number in image.tree()] + [ROOT])
    image.inode(number, "links", chance.choice([0, 1, 2, 31999, 32000, 65535]))


@damage
def bad_sectors(image, chance):
    number = chance.choice([number for _, number in image.tree()])
    image.inode(number, "sectors", chance.choice([0, 1, 8, 0xffffffff]))


@damage
def bad_link_target(image, chance):
    number = image.find(chance.choice(["/short-link", "/long-link"]))
    image.inode(number, "size", chance.choice([0, 59, 60, 61, 4095, 4096, 0xffffffff]))
    for i in range(15):
        image.inode(number, f"block{i}", chance.getrandbits(32))


@damage
def bad_attributes(image, chance):
    number = chance.choice([number for _, number in image.tree()])
    image.inode(number, "attributes", chance.choice([bad_block(image, chance), 60, 1500]))


@damage
def bad_inode_bytes(image, chance):
    at = image.inode_at(chance.choice([number for _, number in image.tree()] + [ROOT]))
    for _ in range(chance.randrange(1, 20)):
        image.put(at + chance.randrange(image.inode_size), chance.randrange(256), 1)


# What is free.

@damage
def used_marked_free(image, chance):
    kind = chance.choice(["block_bitmap", "inode_bitmap"])
    at = image.group(chance.randrange(image.groups), kind) * BLOCK
    for i in range(chance.choice([1, 8, 64])):
        image.put(at + i, 0, 1)


@damage
def free_marked_used(image, chance):
    kind = chance.choice(["block_bitmap", "inode_bitmap"])
    at = image.group(chance.randrange(image.groups), kind) * BLOCK
    for i in range(64):
        image.put(at + i, 0xff, 1)


def clear_bit(image, at, bit):
    """Also if some of its neighbours were cleared before."""
    image.bytes[at + bit // 8] &= 0xff ^ 1 << bit % 8


@damage
def one_marked_free(image, chance):
    """A file's number, a block of it, or one that describes others, and nothing near it."""
    number = chance.choice([number for _, number in image.tree()] + [ROOT])
    group, index = divmod(number - 1, image.inodes_per_group)
    blocks = [block for block, _ in image.blocks(number)]
    blocks += [0, 1] + [image.group(group, name) for name in
                        ("block_bitmap", "inode_bitmap", "inode_table")]
    if chance.random() < 0.5:
        clear_bit(image, image.group(group, "inode_bitmap") * BLOCK, index)
        return
    group, index = divmod(chance.choice(blocks), image.super("blocks_per_group"))
    clear_bit(image, image.group(group, "block_bitmap") * BLOCK, index)


@damage
def free_beyond_the_end(image, chance):
    """Bits of bitmaps that stand for nothing are clear, and counted."""
    group = chance.choice([0, image.groups - 1])
    blocks, of_group = image.super("blocks"), image.super("blocks_per_group")
    first = min(of_group, blocks - group * of_group)
    kind, name = chance.choice([("block_bitmap", "free_blocks"), ("inode_bitmap", "free_inodes")])
    first = first if kind == "block_bitmap" else image.inodes_per_group
    for bit in range(first, min(8 * BLOCK, first + chance.choice([1, 64, 8 * BLOCK]))):
        clear_bit(image, image.group(group, kind) * BLOCK, bit)
    image.group(group, name, image.group(group, name) + chance.choice([1, 64, 1000]))
    image.super(name, image.super(name) + chance.choice([0, 1, 64, 1000]))


@damage
def bad_counts(image, chance):
    group = chance.randrange(image.groups)
    for name in ("free_blocks", "free_inodes", "directories"):
        if chance.random() < 0.5:
            image.group(group, name, chance.choice([0, 1, 511, 512, 0xffff]))
    for name in ("free_blocks", "free_inodes"):
        if chance.random() < 0.5:
            image.super(name, chance.choice([0, 1, 0xffffffff]))


# What describes the rest. These mostly end at mount.

@damage
def bad_descriptor(image, chance):
    image.group(chance.randrange(image.groups),
                chance.choice(["block_bitmap", "inode_bitmap", "inode_table"]),
                chance.choice([0, 1, 2, 3, 4, 95, 600, image.super("blocks") - 1,
                               image.super("blocks"), 0xffffffff]))


@damage
def bad_super_field(image, chance):
    name = chance.choice(sorted(ext2image.SUPER_FIELDS))
    image.super(name, chance.choice([0, 1, 2, 3, 10, 11, 12, 100, 255, 256, 4095, 4096, 32768,
                                     0xffff, 0x7fffffff, 0xffffffff, chance.getrandbits(32)]))


@damage
def bad_metadata_bytes(image, chance):
    """A piece of some block that describes others is overwritten: zeros, ones, chance, another."""
    group = chance.randrange(image.groups)
    everything = [block for number in directories(image) for block in image.data(number)]
    everything += [block for number in files(image) for block in image.indirect(number)]
    everything += [image.group(group, "inode_table"), image.group(group, "inode_table") + 1, 0, 1]
    at = chance.choice(everything) * BLOCK
    length = chance.choice([4, 32, 128, 1024, BLOCK])
    start = chance.randrange(0, BLOCK - length + 1, 4)
    other = chance.choice(everything) * BLOCK
    image.bytes[at + start:at + start + length] = chance.choice([
        bytes(length), b"\xff" * length, chance.randbytes(length),
        image.loaded[other + start:other + start + length]])


# For tests that want to meet it at a certain place.

@damage
def file_links_wrong(image, _):
    image.inode(image.find("/hard"), "links", 1)


@damage
def all_marked_free(image, _):
    """But what lies in front of files' blocks: so says the first group's bitmaps."""
    for bitmap in ("block_bitmap", "inode_bitmap"):
        at = image.group(0, bitmap) * BLOCK
        image.bytes[at:at + 64] = bytes(64)


@damage
def big_outside(image, _):
    at = image.inode(image.find("/a/big"), "block12") * BLOCK
    image.put(at + 4 * (50 - 12), image.super("blocks"))
    image.put(at + 4 * (51 - 12), image.group(1, "inode_table"))


RARE = {"bad-descriptor", "bad-super-field"}  # few of these can be mounted at all


def named(path, names):
    """Makes an image with the damages of these names, joined by "+"; or with none."""
    ext2image.base_image(path)
    image, chance = ext2image.Image(path), random.Random(1)
    for name in names.split("+") if names else ():
        DAMAGES[name](image, chance)
    image.save()


def mutant(path, seed):
    """Makes an image with one to four damages, which the seed chooses. Their names."""
    chance = random.Random(seed)
    ext2image.base_image(path, old=chance.random() < 0.2)
    image = ext2image.Image(path)
    usual = sorted(set(DAMAGES) - RARE)
    names = []
    for _ in range(chance.choice([1, 1, 1, 2, 2, 3, 4])):
        names.append(chance.choice(sorted(RARE) if chance.random() < 0.06 else usual))
        DAMAGES[names[-1]](image, chance)
    image.save()
    return names
