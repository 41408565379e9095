/* SPDX-License-Identifier: MIT */
/*
 * ext2: extended attributes. On the disk they are in a block of the file's own, and perhaps, where
 * inodes are larger than 128 bytes, behind the inode (mke2fs puts them there, Linux's ext2 does not
 * look there):
 *
 *   header | entry entry ... 0 |      free      | value value     a block
 *   magic  | entry entry ... 0 | free  | value value              behind an inode
 *
 * An entry says where its value is: counted from the start of the block, or from the first entry.
 * In memory they are a list (xattr.c), read when somebody asks for the first time. A change writes
 * all of them to a block; what was behind the inode goes. A block that files share stays theirs.
 *
 * inode->lock guards the list, map_lock the inode's pointer to the block.
 */
#include <asm/errno.h>
#include <linux/limits.h>
#include <linux/xattr.h>

#include "kernel/dev/block.h"
#include "kernel/fs/ext2.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "vm/frame.h"
#include "vm/pagecache.h"

struct attribute_entry {
	uint8_t name_length, prefix;
	uint16_t value_offset;
	uint32_t value_inode; /* another place for the value; always 0 in ext2 */
	uint32_t value_size;
	uint32_t hash;
	char name[];          /* without its prefix, and without NUL */
};

#define ROUND(bytes) (((bytes) + 3) & ~3u)

/* Beginnings of names, by their numbers on the disk; longer ones first. */
static const struct {
	const char *text;
	uint8_t number;
} prefixes[] = {
	{XATTR_NAME_POSIX_ACL_ACCESS, 2}, {XATTR_NAME_POSIX_ACL_DEFAULT, 3},
	{XATTR_USER_PREFIX, 1},           {XATTR_TRUSTED_PREFIX, 4},
	{XATTR_SECURITY_PREFIX, 6},       {XATTR_SYSTEM_PREFIX, 7},
};
#define PREFIXES (sizeof(prefixes) / sizeof(prefixes[0]))

static const char *prefix_text(uint8_t number)
{
	for (uint32_t i = 0; i < PREFIXES; i++)
		if (prefixes[i].number == number)
			return prefixes[i].text;
	return NULL;
}

/* The number of the name's prefix; *rest is behind it. A name that is here has one. */
static uint8_t prefix_of(const char *name, const char **rest)
{
	uint32_t i = 0;

	while (i < PREFIXES - 1 &&
	       strncmp(name, prefixes[i].text, strlen(prefixes[i].text)) != 0)
		i++;
	*rest = name + strlen(prefixes[i].text);
	return prefixes[i].number;
}

/* --- reading ---------------------------------------------------------------------------- */

/* A place with entries; values are counted from `values`, and nothing lies at its `end`. */
struct place {
	const char *entries, *values, *end;
};

/* Whether the entry at `at` is whole, and its value too. */
static bool entry_possible(const struct place *place, const char *at)
{
	const struct attribute_entry *entry = (const void *)at;
	uint32_t space = place->end - place->values, left = place->end - at;

	return left >= sizeof(*entry) && left - sizeof(*entry) >= entry->name_length &&
	       !memchr(entry->name, '\0', entry->name_length) && !entry->value_inode &&
	       entry->value_size <= space &&
	       (!entry->value_size || entry->value_offset <= space - entry->value_size);
}

static int entry_read(const struct place *place, const struct attribute_entry *entry,
                      struct list *list)
{
	const char *prefix = prefix_text(entry->prefix);
	char name[XATTR_NAME_MAX + 32];

	if (!prefix)
		return -EOPNOTSUPP; /* nobody knows what it is, so nothing of it is changed */
	uint32_t length = strlen(prefix);
	memcpy(name, prefix, length);
	memcpy(name + length, entry->name, entry->name_length);
	name[length + entry->name_length] = '\0';
	if (attribute_find(list, name))
		return 0; /* what is behind the inode counts */
	struct attribute *attribute = attribute_create(
		name, place->values + (entry->value_size ? entry->value_offset : 0),
		entry->value_size);
	if (!attribute)
		return -ENOMEM;
	list_append(list, &attribute->link);
	return 0;
}

/* Each entry is behind the one before it, so this ends. */
static int place_read(struct ext2_inode *file, const struct place *place, struct list *list)
{
	const char *at = place->entries;
	int error = 0;

	while (!error) {
		const struct attribute_entry *entry = (const void *)at;
		if (place->end - at < (ptrdiff_t)sizeof(uint32_t) || !*(const uint32_t *)at)
			return 0;
		if (!entry_possible(place, at))
			return ext2_damaged(file->ext2, "attributes that cannot be: inode",
			                    file->inode.number);
		error = entry_read(place, entry, list);
		at += ROUND(sizeof(*entry) + entry->name_length);
	}
	return error;
}

/* What is behind the inode's own fields; NULL: nothing. */
static uint32_t *magic_in_inode(const struct ext2 *ext2, struct ext2_disk_inode *disk)
{
	const struct ext2_inode_extra *extra = (const struct ext2_inode_extra *)(disk + 1);
	uint32_t most = ext2->inode_size - sizeof(*disk);
	uint32_t *magic;

	if (most < sizeof(extra->size) || extra->size % 4 || extra->size < 4 ||
	    extra->size + sizeof(*magic) > most)
		return NULL;
	magic = (uint32_t *)((char *)(disk + 1) + extra->size);
	return *magic == EXT2_ATTRIBUTES_MAGIC ? magic : NULL;
}

static int inode_read(struct ext2_inode *file, struct list *list)
{
	struct ext2_disk_inode *disk;
	struct frame *frame;

	if (file->ext2->inode_size == EXT2_GOOD_OLD_INODE_SIZE)
		return 0;
	int error = ext2_table_get(file->ext2, file->inode.number, false, &frame, &disk);
	if (error)
		return error;
	const uint32_t *magic = magic_in_inode(file->ext2, disk);
	if (magic) {
		const char *first = (const char *)(magic + 1);
		const struct place place = {first, first,
		                            (const char *)disk + file->ext2->inode_size};
		error = place_read(file, &place, list);
	}
	ext2_block_put(frame, false);
	return error;
}

static int block_read(struct ext2_inode *file, struct list *list)
{
	struct frame *frame;
	void *data;

	if (!file->attributes)
		return 0;
	int error = ext2_block_get(file->ext2, file->attributes, false, &frame, &data);
	if (error)
		return error;
	const struct ext2_attributes *header = data;
	const struct place place = {(const char *)(header + 1), data,
	                            (const char *)data + EXT2_BLOCK_SIZE};
	if (header->magic != EXT2_ATTRIBUTES_MAGIC || header->blocks != 1)
		error = ext2_damaged(file->ext2, "attributes that cannot be: inode",
		                     file->inode.number);
	else
		error = place_read(file, &place, list);
	ext2_block_put(frame, false);
	return error;
}

int ext2_attributes(struct inode *inode, struct list **list)
{
	struct ext2_inode *file = ext2_inode(inode);
	int error = 0;

	ASSERT(mutex_held(&inode->lock));
	*list = &file->attribute_list;
	if (file->attributes_known)
		return 0;
	mutex_lock(&file->map_lock);
	error = inode_read(file, *list);
	if (!error)
		error = block_read(file, *list);
	mutex_unlock(&file->map_lock);
	if (error)
		attribute_list_free(*list);
	file->attributes_known = !error;
	return error;
}

/* --- writing ---------------------------------------------------------------------------- */

/* In the order that Linux has entries in. */
static bool comes_before(const struct attribute *a, const struct attribute *b)
{
	const char *name, *other;
	int order = prefix_of(a->text, &name) - prefix_of(b->text, &other);

	if (!order)
		order = (int)strlen(name) - (int)strlen(other);
	return order ? order < 0 : strcmp(name, other) < 0;
}

static void sort(struct list *list)
{
	struct list sorted = LIST_INIT(sorted);
	struct list_link *link;

	while ((link = list_pop(list))) {
		struct attribute *attribute = LIST_ENTRY(link, struct attribute, link);
		struct list_link *place = sorted.head.next;

		while (place != &sorted.head &&
		       !comes_before(attribute, LIST_ENTRY(place, struct attribute, link)))
			place = place->next;
		list_insert_before(place, link);
	}
	while ((link = list_pop(&sorted)))
		list_append(list, link);
}

static uint32_t rotate(uint32_t hash, uint32_t bits)
{
	return hash << bits | hash >> (32 - bits);
}

/* Of the name, and of the value with the zeros that round it up. */
static uint32_t entry_hash(const struct attribute_entry *entry, const void *value)
{
	const uint32_t *words = value;
	uint32_t hash = 0;

	for (uint32_t i = 0; i < entry->name_length; i++)
		hash = rotate(hash, 5) ^ (uint32_t)(signed char)entry->name[i];
	for (uint32_t i = 0; i < ROUND(entry->value_size) / 4; i++)
		hash = rotate(hash, 16) ^ words[i];
	return hash;
}

/* The attributes as a block. -ENOSPC: it is too small. */
static int block_fill(struct list *list, char *block)
{
	struct ext2_attributes *header = (struct ext2_attributes *)block;
	uint32_t at = sizeof(*header), value = EXT2_BLOCK_SIZE;

	memset(block, 0, EXT2_BLOCK_SIZE);
	*header = (struct ext2_attributes){
		.magic = EXT2_ATTRIBUTES_MAGIC, .references = 1, .blocks = 1,
	};
	LIST_FOR(list, const struct attribute, attribute, link) {
		struct attribute_entry *entry = (struct attribute_entry *)(block + at);
		const char *name;
		uint8_t prefix = prefix_of(attribute->text, &name);
		uint32_t length = strlen(name), size = ROUND(attribute->size);

		/* Four bytes of zeros end the entries. */
		if (at + ROUND(sizeof(*entry) + length) + 4 + size > value)
			return -ENOSPC;
		value -= size;
		*entry = (struct attribute_entry){
			.name_length = length, .prefix = prefix,
			.value_offset = size ? value : 0, .value_size = attribute->size,
		};
		memcpy(entry->name, name, length);
		memcpy(block + value, attribute_value(attribute), attribute->size);
		entry->hash = entry_hash(entry, block + value);
		header->hash = rotate(header->hash, 16) ^ entry->hash;
		at += ROUND(sizeof(*entry) + length);
	}
	return 0;
}

/* Another block for the file, which nobody refers to yet, with these bytes, on the disk for good: as
 * block_start in ext2_map.c. */
static int block_new(struct ext2_inode *file, const char *bytes, uint32_t *block)
{
	struct ext2 *ext2 = file->ext2;
	uint32_t group = (file->inode.number - 1) / ext2->inodes_per_group;
	struct frame *frame;
	int error = ext2_block_alloc(ext2, group * ext2->blocks_per_group, false, block);

	if (error)
		return error;
	error = pagecache_get_for_write(ext2->disk, *block, true, &frame);
	if (!error) {
		memcpy(frame_data(frame), bytes, EXT2_BLOCK_SIZE);
		pagecache_dirty(frame);
		error = pagecache_write_page(frame);
		frame_unpin(frame);
	}
	if (!error)
		error = block_flush(ext2->fs->disk);
	if (error)
		(void)ext2_block_free(ext2, *block); /* what failed is told */
	return error;
}

/* Whether the file's block is its own; then it has these bytes now. -EIO, -ENOMEM. */
static int block_replace(struct ext2_inode *file, const char *bytes, bool *own)
{
	struct frame *frame;
	void *data;

	*own = false;
	if (!file->attributes)
		return 0;
	int error = ext2_block_get(file->ext2, file->attributes, true, &frame, &data);
	if (error)
		return error;
	*own = ((const struct ext2_attributes *)data)->references == 1;
	if (*own)
		memcpy(data, bytes, EXT2_BLOCK_SIZE);
	ext2_block_put(frame, *own);
	return 0;
}

/* The pinned inode has these attributes from now on; NULL: none. */
static int store_locked(struct ext2_inode *file, const char *bytes)
{
	uint32_t block = 0;
	bool own = false;
	int error = bytes ? block_replace(file, bytes, &own) : 0;

	if (!error && bytes && !own)
		error = block_new(file, bytes, &block);
	if (error)
		return error;
	if (!own && ext2_attributes_free(file))
		ext2_complain(file->ext2, "attributes are not freed: inode", file->inode.number);
	if (block) {
		file->attributes = block;
		file->inode.blocks += SECTORS_PER_PAGE;
	}
	uint32_t *magic = file->ext2->inode_size > EXT2_GOOD_OLD_INODE_SIZE
	                          ? magic_in_inode(file->ext2, file->disk) : NULL;
	if (magic)
		memset(magic, 0, (char *)file->disk + file->ext2->inode_size - (char *)magic);
	ext2_inode_write_locked(file);
	return 0;
}

static int store(struct ext2_inode *file, const char *bytes)
{
	SCOPED_MUTEX(&file->map_lock);
	int error = ext2_inode_pin_locked(file);

	if (error)
		return error;
	error = bytes ? ext2_allow_attributes(file->ext2) : 0;
	if (!error)
		error = store_locked(file, bytes);
	ext2_inode_unpin_locked(file);
	return error;
}

int ext2_attributes_changed(struct inode *inode, int32_t more)
{
	struct ext2_inode *file = ext2_inode(inode);
	struct list *list = &file->attribute_list;

	(void)more;
	ASSERT(mutex_held(&inode->lock));
	if (list_empty(list))
		return store(file, NULL);
	char *bytes = kmalloc(EXT2_BLOCK_SIZE);
	if (!bytes)
		return -ENOMEM;
	sort(list);
	int error = block_fill(list, bytes);
	if (!error)
		error = store(file, bytes);
	kfree(bytes);
	return error;
}
