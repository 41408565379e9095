/* SPDX-License-Identifier: MIT */
/* Descriptor tables (descriptor.h). Files are closed with no lock held, since that may
 * sleep; larger arrays are allocated before the lock is taken. */
#include "userprog/descriptor.h"

#include <asm/errno.h>
#include <linux/fcntl.h>

#include "kernel/charge.h"
#include "kernel/fs/lock.h"
#include "kernel/fs/notify.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "kernel/rights.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "userprog/process.h"
#include "vm/page.h"

#define FIRST_CAPACITY 32u
#define LIMIT_LEAST 32u /* of nr_open, as on Linux */
#define PARTS_LOOKED_AT 4u

static uint32_t limit = DESCRIPTORS_MAX;

uint32_t descriptors_limit(void)
{
	return limit;
}

int descriptors_set_limit(uint32_t most)
{
	if (most < LIMIT_LEAST || most > DESCRIPTORS_MAX)
		return -EINVAL;
	limit = most;
	return 0;
}

/* ---- parts ---- */

static uint32_t part_count(const struct descriptor_table *table)
{
	return (table->capacity + DESCRIPTORS_A_PART - 1) / DESCRIPTORS_A_PART;
}

/* The k-th, or NULL: there is none. */
static struct descriptor_part *part_at(struct descriptor_table *table, uint32_t k)
{
	if (k == 0)
		return &table->first;
	return table->parts && k < DESCRIPTOR_PARTS ? table->parts[k] : NULL;
}

/* The place of the number, or NULL: it is beyond the table. */
static struct file **place_of(struct descriptor_table *table, uint32_t number,
                              struct descriptor_part **part)
{
	uint32_t i = number % DESCRIPTORS_A_PART;
	*part = part_at(table, number / DESCRIPTORS_A_PART);
	return *part && i < (*part)->capacity ? &(*part)->files[i] : NULL;
}

static bool flag_get(const struct descriptor_part *part, uint32_t number)
{
	uint32_t i = number % DESCRIPTORS_A_PART;
	return part->close_on_exec[i / 32] >> i % 32 & 1;
}

static void flag_put(struct descriptor_part *part, uint32_t number, bool set)
{
	uint32_t i = number % DESCRIPTORS_A_PART, bit = 1u << i % 32;
	if (set)
		part->close_on_exec[i / 32] |= bit;
	else
		part->close_on_exec[i / 32] &= ~bit;
}

/* Puts the file (NULL: none) where the number has its place. What was there. */
static struct file *place_fill(struct descriptor_part *part, uint32_t number, struct file *file,
                               bool close_on_exec)
{
	struct file **place = &part->files[number % DESCRIPTORS_A_PART], *old = *place;
	part->used += (file != NULL) - (old != NULL);
	*place = file;
	flag_put(part, number, close_on_exec);
	return old;
}

static uint32_t part_charge(void)
{
	return sizeof(struct descriptor_part) + DESCRIPTORS_A_PART * sizeof(struct file *);
}

/* One that is not the first. */
static void part_free(struct descriptor_part *part)
{
	if (!part)
		return;
	charge_return(part->uid, part_charge());
	kfree(part->files);
	kfree(part);
}

/* NULL: no memory, or too much for the user. */
static struct descriptor_part *part_create(void)
{
	uint32_t uid = rights_caller()->uid;
	if (charge_user(uid, part_charge()))
		return NULL;
	struct descriptor_part *part = kmalloc_zeroed(sizeof *part);
	struct file **files = kmalloc_zeroed(DESCRIPTORS_A_PART * sizeof *files);
	if (!part || !files) {
		charge_return(uid, part_charge());
		kfree(part);
		kfree(files);
		return NULL;
	}
	part->files = files;
	part->capacity = DESCRIPTORS_A_PART;
	part->uid = uid;
	return part;
}

/* ---- tables ---- */

static struct descriptor_table *table_create(uint32_t capacity)
{
	struct descriptor_table *table = kmalloc_zeroed(sizeof *table);
	if (!table)
		return NULL;
	table->references = table->processes = 1;
	spinlock_init(&table->lock, "descriptors");
	table->capacity = table->first.capacity = capacity;
	table->first.files = kmalloc_zeroed(capacity * sizeof *table->first.files);
	if (!table->first.files) {
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
static bool copy_part(struct descriptor_part *part, struct descriptor_table *from, uint32_t k)
{
	uint32_t flags = spin_lock_irq(&from->lock);
	const struct descriptor_part *model = part_at(from, k);
	bool fits = model->capacity <= part->capacity;
	for (uint32_t i = 0; fits && i < model->capacity; i++)
		part->files[i] = model->files[i] ? file_get(model->files[i]) : NULL;
	part->used = model->used;
	memcpy(part->close_on_exec, model->close_on_exec, sizeof part->close_on_exec);
	spin_unlock_irq(&from->lock, flags);
	return fits;
}

/* The page for pointers to parts, and a part that one of them may point to. */
static int part_add(struct descriptor_table *table, uint32_t k)
{
	struct descriptor_part **parts = table->parts ? NULL : kmalloc_zeroed(PAGE_SIZE);
	struct descriptor_part *part = part_create();
	bool room = (table->parts || parts) && part;
	uint32_t flags = spin_lock_irq(&table->lock);
	if (room && !table->parts) {
		table->parts = parts;
		parts = NULL;
	}
	if (room && !table->parts[k]) {
		table->parts[k] = part;
		part = NULL;
	}
	uint32_t end = (k + 1) * DESCRIPTORS_A_PART;
	if (room && table->capacity < end)
		table->capacity = end;
	spin_unlock_irq(&table->lock, flags);
	part_free(part);
	kfree(parts);
	return room ? 0 : -ENOMEM;
}

/* One part after the other, and between them lets others have the lock. */
static bool copy_parts(struct descriptor_table *table, struct descriptor_table *from)
{
	for (uint32_t k = 1; k < part_count(from); k++)
		if (part_at(from, k)) {
			if (thread_current()->killed || part_add(table, k))
				return false;
			copy_part(part_at(table, k), from, k);
		}
	return true;
}

struct descriptor_table *descriptors_copy(struct descriptor_table *from)
{
	struct descriptor_table *table;
	bool copied;
	do {
		table = table_create(from->first.capacity);
		if (!table)
			return NULL;
		copied = copy_part(&table->first, from, 0);
		if (!copied)
			descriptors_put(table);
	} while (!copied);
	if (copy_parts(table, from))
		return table;
	descriptors_put(table);
	return NULL;
}

void descriptors_get(struct descriptor_table *table)
{
	__atomic_fetch_add(&table->references, 1, __ATOMIC_RELAXED);
}

/* The table lets go of the file, and with it of the process's record locks on it, and of what it asked
 * to be told by F_NOTIFY, even if it has other descriptors of it (fcntl(2)). */
static void file_close(struct descriptor_table *table, struct file *file)
{
	if (!(file->flags & O_PATH)) {
		locks_release(file->inode, table);
		notify_by_signal_end(file, table);
	}
	if (file->ops->flush)
		file->ops->flush(file, table);
	file_put(file);
}

void descriptors_put(struct descriptor_table *table)
{
	if (__atomic_sub_fetch(&table->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (uint32_t k = 0; k < part_count(table); k++) {
		struct descriptor_part *part = part_at(table, k);
		for (uint32_t i = 0; part && i < part->capacity; i++)
			if (part->files[i])
				file_close(table, part->files[i]);
		if (k)
			part_free(part);
	}
	kfree(table->parts);
	kfree(table->first.files);
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

int descriptors_unshare(void)
{
	struct process *self = process_current();
	if (!descriptors_are_shared(self->files))
		return 0;
	struct descriptor_table *old = self->files, *files = descriptors_copy(old);
	if (!files)
		return -ENOMEM;
	uint32_t flags = spin_lock_irq(&process_lock);
	self->files = files;
	spin_unlock_irq(&process_lock, flags);
	descriptors_leave(old);
	return 0;
}

static size_t part_held(const struct descriptor_part *part, uint32_t pass)
{
	size_t bytes = part ? part->capacity * sizeof *part->files : 0;
	for (uint32_t i = 0; part && i < part->capacity; i++)
		if (part->files[i])
			bytes += file_held(part->files[i], pass);
	return bytes;
}

size_t descriptors_held(struct descriptor_table *table, uint32_t pass)
{
	uint32_t flags = spin_lock_irq(&table->lock);
	uint32_t count = part_count(table), looks = count < PARTS_LOOKED_AT ? count : PARTS_LOOKED_AT;
	size_t bytes = 0;
	for (uint32_t i = 0; i < looks; i++)
		bytes += part_held(part_at(table, (pass * looks + i) % count), pass);
	spin_unlock_irq(&table->lock, flags);
	return bytes / looks * count;
}

struct file *descriptor_place(struct descriptor_table *table, int number)
{
	struct file *file = NULL;
	uint32_t flags = spin_lock_irq(&table->lock);
	struct descriptor_part *part;
	struct file **place = place_of(table, (uint32_t)number, &part);
	if (place && *place)
		file = file_get(*place);
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

/* Doubles the first part until it has room for the number. */
static int first_grow(struct descriptor_table *table, uint32_t number)
{
	struct descriptor_part *first = &table->first;
	uint32_t capacity = first->capacity;
	while (capacity <= number)
		capacity *= 2;
	struct file **files = kmalloc_zeroed(capacity * sizeof *files);
	if (!files)
		return -ENOMEM;
	uint32_t flags = spin_lock_irq(&table->lock);
	struct file **old = first->files;
	if (capacity > first->capacity) {
		memcpy(files, old, first->capacity * sizeof *files);
		first->files = files;
		first->capacity = capacity;
	} else {
		old = files; /* another thread was faster */
	}
	if (table->capacity < capacity)
		table->capacity = capacity;
	spin_unlock_irq(&table->lock, flags);
	kfree(old);
	return 0;
}

/* Makes room for `number`, which is below DESCRIPTORS_MAX. 0 or -ENOMEM. */
static int table_grow(struct descriptor_table *table, uint32_t number)
{
	struct descriptor_part *part;
	if (place_of(table, number, &part))
		return 0;
	if (number < DESCRIPTORS_A_PART)
		return first_grow(table, number);
	return part_add(table, number / DESCRIPTORS_A_PART);
}

/* The first number >= from whose place is free, or has yet to be made. A part that is full takes
 * one step. */
static uint32_t first_free(struct descriptor_table *table, uint32_t from)
{
	while (from < DESCRIPTORS_MAX) {
		struct descriptor_part *part;
		struct file **place = place_of(table, from, &part);
		if (!place || !*place)
			break;
		from = part->used < DESCRIPTORS_A_PART
		               ? from + 1 : (from / DESCRIPTORS_A_PART + 1) * DESCRIPTORS_A_PART;
	}
	return from;
}

int descriptor_add(struct descriptor_table *table, struct file *file, uint32_t from,
                   uint32_t limit, bool close_on_exec)
{
	for (;;) {
		struct descriptor_part *part;
		uint32_t flags = spin_lock_irq(&table->lock);
		uint32_t number = first_free(table, from);
		bool fits = number < limit && place_of(table, number, &part);
		if (fits)
			place_fill(part, number, file, close_on_exec);
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
	struct descriptor_part *part;
	int error = table_grow(table, number);
	if (error)
		return error;
	uint32_t flags = spin_lock_irq(&table->lock);
	place_of(table, number, &part);
	struct file *old = place_fill(part, number, file, close_on_exec);
	spin_unlock_irq(&table->lock, flags);
	if (old)
		file_close(table, old);
	return 0;
}

int descriptor_close(struct descriptor_table *table, int number)
{
	struct descriptor_part *part;
	struct file *file = NULL;
	uint32_t flags = spin_lock_irq(&table->lock);
	if (place_of(table, (uint32_t)number, &part))
		file = place_fill(part, (uint32_t)number, NULL, false);
	spin_unlock_irq(&table->lock, flags);
	if (!file)
		return -EBADF;
	file_close(table, file);
	return 0;
}

void descriptors_close_on_exec(struct descriptor_table *table)
{
	for (uint32_t k = 0; k < part_count(table); k++) {
		const struct descriptor_part *part = part_at(table, k);
		uint32_t start = k * DESCRIPTORS_A_PART;
		for (uint32_t i = 0; part && i < part->capacity; i++)
			if (flag_get(part, start + i))
				descriptor_close(table, (int)(start + i));
	}
}

bool descriptor_flag(struct descriptor_table *table, int number)
{
	struct descriptor_part *part;
	uint32_t flags = spin_lock_irq(&table->lock);
	bool set = place_of(table, (uint32_t)number, &part) && flag_get(part, (uint32_t)number);
	spin_unlock_irq(&table->lock, flags);
	return set;
}

void descriptor_set_flag(struct descriptor_table *table, int number, bool close_on_exec)
{
	struct descriptor_part *part;
	uint32_t flags = spin_lock_irq(&table->lock);
	/* Another thread may have closed it. */
	struct file **place = place_of(table, (uint32_t)number, &part);
	if (place && *place)
		flag_put(part, (uint32_t)number, close_on_exec);
	spin_unlock_irq(&table->lock, flags);
}

/* The same within a part: the first used place >= i. */
static uint32_t next_used(const struct descriptor_part *part, uint32_t i)
{
	while (i < part->capacity && !part->files[i])
		i++;
	return i;
}

int descriptor_next(struct descriptor_table *table, int after)
{
	uint32_t from = (uint32_t)(after + 1), i = from % DESCRIPTORS_A_PART;
	int found = -1;
	uint32_t flags = spin_lock_irq(&table->lock);
	for (uint32_t k = from / DESCRIPTORS_A_PART; k < part_count(table) && found < 0; k++, i = 0) {
		const struct descriptor_part *part = part_at(table, k);
		if (!part || !part->used)
			continue;
		i = next_used(part, i);
		if (i < part->capacity)
			found = (int)(k * DESCRIPTORS_A_PART + i);
	}
	spin_unlock_irq(&table->lock, flags);
	return found;
}
