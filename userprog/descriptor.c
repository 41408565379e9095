/* SPDX-License-Identifier: MIT */
/* Descriptor tables (descriptor.h). Files are closed with no lock held, since that may
 * sleep; larger arrays are allocated before the lock is taken. */
#include "userprog/descriptor.h"

#include <asm/errno.h>
#include <linux/fcntl.h>

#include "kernel/fs/lock.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "userprog/process.h"

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
	table->references = table->processes = 1;
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

/* False: it has become larger meanwhile. */
static bool copy_files(struct descriptor_table *table, struct descriptor_table *from)
{
	uint32_t flags = spin_lock_irq(&from->lock);
	bool fits = from->capacity <= table->capacity;
	for (uint32_t i = 0; fits && i < from->capacity; i++)
		table->files[i] = from->files[i] ? file_get(from->files[i]) : NULL;
	memcpy(table->close_on_exec, from->close_on_exec, sizeof table->close_on_exec);
	spin_unlock_irq(&from->lock, flags);
	return fits;
}

struct descriptor_table *descriptors_copy(struct descriptor_table *from)
{
	struct descriptor_table *table;
	bool copied;
	do {
		table = table_create(from->capacity);
		if (!table)
			return NULL;
		copied = copy_files(table, from);
		if (!copied)
			descriptors_put(table);
	} while (!copied);
	return table;
}

void descriptors_get(struct descriptor_table *table)
{
	__atomic_fetch_add(&table->references, 1, __ATOMIC_RELAXED);
}

/* The table lets go of the file, and with it of the process's record locks on it, even if it has
 * other descriptors of it (fcntl(2)). */
static void file_close(struct descriptor_table *table, struct file *file)
{
	if (!(file->flags & O_PATH))
		locks_release(file->inode, table);
	file_put(file);
}

void descriptors_put(struct descriptor_table *table)
{
	if (__atomic_sub_fetch(&table->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (uint32_t i = 0; i < table->capacity; i++)
		if (table->files[i])
			file_close(table, table->files[i]);
	kfree(table->files);
	kfree(table);
}

struct descriptor_table *descriptors_share(struct descriptor_table *table)
{
	descriptors_get(table);
	__atomic_fetch_add(&table->processes, 1, __ATOMIC_RELAXED);
	return table;
}

void descriptors_leave(struct descriptor_table *table)
{
	__atomic_fetch_sub(&table->processes, 1, __ATOMIC_RELAXED);
	descriptors_put(table);
}

bool descriptors_are_shared(const struct descriptor_table *table)
{
	return __atomic_load_n(&table->processes, __ATOMIC_RELAXED) > 1;
}

size_t descriptors_held(struct descriptor_table *table, uint32_t pass)
{
	size_t bytes = table->capacity * sizeof *table->files;
	uint32_t flags = spin_lock_irq(&table->lock);
	for (uint32_t i = 0; i < table->capacity; i++)
		if (table->files[i])
			bytes += file_held(table->files[i], pass);
	spin_unlock_irq(&table->lock, flags);
	return bytes;
}

struct file *descriptor_place(struct descriptor_table *table, int number)
{
	struct file *file = NULL;
	uint32_t flags = spin_lock_irq(&table->lock);
	if (number >= 0 && (uint32_t)number < table->capacity && table->files[number])
		file = file_get(table->files[number]);
	spin_unlock_irq(&table->lock, flags);
	return file;
}

struct file *descriptor_file(struct descriptor_table *table, int number)
{
	struct file *file = descriptor_place(table, number);
	if (!file || !(file->flags & O_PATH))
		return file;
	file_put(file);
	return NULL;
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
	uint32_t flags = spin_lock_irq(&table->lock);
	struct file **old = table->files;
	if (capacity > table->capacity) {
		memcpy(files, old, table->capacity * sizeof *files);
		table->files = files;
		table->capacity = capacity;
	} else {
		old = files; /* another thread was faster */
	}
	spin_unlock_irq(&table->lock, flags);
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
	for (;;) {
		uint32_t flags = spin_lock_irq(&table->lock);
		uint32_t number = first_free(table, from);
		bool fits = number < table->capacity && number < limit;
		if (fits) {
			table->files[number] = file;
			flag_put(table, number, close_on_exec);
		}
		spin_unlock_irq(&table->lock, flags);
		if (fits)
			return (int)number;
		if (number >= limit || number >= DESCRIPTORS_MAX)
			return -EMFILE;
		if (table_grow(table, number))
			return -ENOMEM;
	}
}

int32_t descriptor_new(struct file *file, uint32_t from, bool close_on_exec)
{
	struct process *self = process_current();
	int number = descriptor_add(self->files, file, from,
	                            self->limits[RLIMIT_NOFILE].rlim_cur, close_on_exec);
	if (number < 0)
		file_put(file);
	return number;
}

int descriptor_set(struct descriptor_table *table, struct file *file, uint32_t number,
                   bool close_on_exec)
{
	int error = table_grow(table, number);
	if (error)
		return error;
	uint32_t flags = spin_lock_irq(&table->lock);
	struct file *old = table->files[number];
	table->files[number] = file;
	flag_put(table, number, close_on_exec);
	spin_unlock_irq(&table->lock, flags);
	if (old)
		file_close(table, old);
	return 0;
}

int descriptor_close(struct descriptor_table *table, int number)
{
	if (number < 0 || (uint32_t)number >= table->capacity)
		return -EBADF;
	uint32_t flags = spin_lock_irq(&table->lock);
	struct file *file = table->files[number];
	table->files[number] = NULL;
	flag_put(table, number, false);
	spin_unlock_irq(&table->lock, flags);
	if (!file)
		return -EBADF;
	file_close(table, file);
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
	uint32_t flags = spin_lock_irq(&table->lock);
	bool set = flag_get(table, (uint32_t)number);
	spin_unlock_irq(&table->lock, flags);
	return set;
}

void descriptor_set_flag(struct descriptor_table *table, int number, bool close_on_exec)
{
	uint32_t flags = spin_lock_irq(&table->lock);
	flag_put(table, (uint32_t)number, close_on_exec);
	spin_unlock_irq(&table->lock, flags);
}

int descriptor_next(struct descriptor_table *table, int after)
{
	int found = -1;
	uint32_t flags = spin_lock_irq(&table->lock);
	for (uint32_t i = (uint32_t)(after + 1); i < table->capacity && found < 0; i++)
		if (table->files[i])
			found = (int)i;
	spin_unlock_irq(&table->lock, flags);
	return found;
}
