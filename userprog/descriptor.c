/* SPDX-License-Identifier: MIT */
/* Descriptor tables (descriptor.h). Files are closed with no lock held, since that may
 * sleep; larger arrays are allocated before the lock is taken. */
#include "userprog/descriptor.h"

#include <asm/errno.h>

#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"

#define FIRST_CAPACITY 32u

static bool flag_get(const struct descriptor_table *table, uint32_t number)
{
	return table->close_on_exec[number / 32] >> number % 32 & 1;
}

static void flag_put(struct descriptor_table *table, uint32_t number, bool set)
{
	uint32_t bit = 1u << number % 32;
	if (set)
		table->close_on_exec[number / 32] |= bit;
	else
		table->close_on_exec[number / 32] &= ~bit;
}

static struct descriptor_table *table_create(uint32_t capacity)
{
	struct descriptor_table *table = kmalloc_zeroed(sizeof *table);
	if (!table)
		return NULL;
	table->references = 1;
	spinlock_init(&table->lock, "descriptors");
	table->capacity = capacity;
	table->files = kmalloc_zeroed(capacity * sizeof *table->files);
	if (!table->files) {
		kfree(table);
		return NULL;
	}
	return table;
}

struct descriptor_table *descriptors_create(void)
{
	return table_create(FIRST_CAPACITY);
}

struct descriptor_table *descriptors_copy(struct descriptor_table *from)
{
	/* Only its own process makes a table larger, and that is who copies it. */
	struct descriptor_table *table = table_create(from->capacity);
	if (!table)
		return NULL;
	spin_lock(&from->lock);
	for (uint32_t i = 0; i < from->capacity; i++)
		table->files[i] = from->files[i] ? file_get(from->files[i]) : NULL;
	memcpy(table->close_on_exec, from->close_on_exec, sizeof table->close_on_exec);
	spin_unlock(&from->lock);
	return table;
}

void descriptors_get(struct descriptor_table *table)
{
	__atomic_fetch_add(&table->references, 1, __ATOMIC_RELAXED);
}

void descriptors_put(struct descriptor_table *table)
{
	if (__atomic_sub_fetch(&table->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (uint32_t i = 0; i < table->capacity; i++)
		if (table->files[i])
			file_put(table->files[i]);
	kfree(table->files);
	kfree(table);
}

struct file *descriptor_file(struct descriptor_table *table, int number)
{
	struct file *file = NULL;
	spin_lock(&table->lock);
	if (number >= 0 && (uint32_t)number < table->capacity && table->files[number])
		file = file_get(table->files[number]);
	spin_unlock(&table->lock);
	return file;
}

/* Makes room for `number`, which is below DESCRIPTORS_MAX. 0 or -ENOMEM. */
static int table_grow(struct descriptor_table *table, uint32_t number)
{
	uint32_t capacity = table->capacity;
	if (number < capacity)
		return 0;
	while (capacity <= number)
		capacity *= 2;
	struct file **files = kmalloc_zeroed(capacity * sizeof *files);
	if (!files)
		return -ENOMEM;
	spin_lock(&table->lock);
	struct file **old = table->files;
	memcpy(files, old, table->capacity * sizeof *files);
	table->files = files;
	table->capacity = capacity;
	spin_unlock(&table->lock);
	kfree(old);
	return 0;
}

static uint32_t first_free(const struct descriptor_table *table, uint32_t from)
{
	while (from < table->capacity && table->files[from])
		from++;
	return from;
}

int descriptor_add(struct descriptor_table *table, struct file *file, uint32_t from,
                   uint32_t limit, bool close_on_exec)
{
	spin_lock(&table->lock);
	uint32_t number = first_free(table, from);
	spin_unlock(&table->lock);
	if (number >= limit || number >= DESCRIPTORS_MAX)
		return -EMFILE;
	return descriptor_set(table, file, number, close_on_exec) ? -ENOMEM : (int)number;
}

int descriptor_set(struct descriptor_table *table, struct file *file, uint32_t number,
                   bool close_on_exec)
{
	int error = table_grow(table, number);
	if (error)
		return error;
	spin_lock(&table->lock);
	struct file *old = table->files[number];
	table->files[number] = file;
	flag_put(table, number, close_on_exec);
	spin_unlock(&table->lock);
	if (old)
		file_put(old);
	return 0;
}

int descriptor_close(struct descriptor_table *table, int number)
{
	if (number < 0 || (uint32_t)number >= table->capacity)
		return -EBADF;
	spin_lock(&table->lock);
	struct file *file = table->files[number];
	table->files[number] = NULL;
	flag_put(table, number, false);
	spin_unlock(&table->lock);
	if (!file)
		return -EBADF;
	file_put(file);
	return 0;
}

void descriptors_close_on_exec(struct descriptor_table *table)
{
	for (uint32_t i = 0; i < table->capacity; i++)
		if (flag_get(table, i))
			descriptor_close(table, (int)i);
}

bool descriptor_flag(struct descriptor_table *table, int number)
{
	spin_lock(&table->lock);
	bool set = flag_get(table, (uint32_t)number);
	spin_unlock(&table->lock);
	return set;
}

void descriptor_set_flag(struct descriptor_table *table, int number, bool close_on_exec)
{
	spin_lock(&table->lock);
	flag_put(table, (uint32_t)number, close_on_exec);
	spin_unlock(&table->lock);
}

int descriptor_next(struct descriptor_table *table, int after)
{
	int found = -1;
	spin_lock(&table->lock);
	for (uint32_t i = (uint32_t)(after + 1); i < table->capacity && found < 0; i++)
		if (table->files[i])
			found = (int)i;
	spin_unlock(&table->lock);
	return found;
}
