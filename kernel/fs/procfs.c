/* SPDX-License-Identifier: MIT */
/*
 * procfs: a tree of registered files, and beside it a directory for each process.
 *
 *   /proc/meminfo            struct entry: show, store
 *   /proc/sys/vm/policy      directories on the way are entries too
 *   /proc/self               a link to the caller's directory
 *   /proc/17/maps            struct process_file of the door, with 17
 *   /proc/17/fd/2            struct process_list of the door, with 17 and the key 2
 *
 * sysfs is a second tree of the same kind, of files whose text never changes (sysfs_register).
 *
 * Inodes are made when a name is looked up and freed when nobody uses it; they hold numbers
 * and pointers to what lives for ever, so a process that has ended is found gone at each
 * use. The entries are made at start-up and never change, so they need no lock. What a file
 * shows is made whole when it is read from its beginning, so that a reader in small steps
 * sees one moment; but what may be long, such as maps, a page at a time, as it is read: else
 * open files that nobody reads on would hold the kernel's memory.
 */
#include "kernel/fs/procfs.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <linux/magic.h>

#include "kernel/fs/fs.h"
#include "kernel/fs/text.h"
#include "kernel/fs/transfer.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "lib/number.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/page.h"

#define MODE_OF_ALL 0555 /* of a directory that tells no secret */
#define LINK_SIZE 64 /* as Linux tells it of a link to an open file, however long that name is */
#define STORE_MAX 4095u /* bytes a write may have */

struct entry {
	const char *name;
	uint32_t number;      /* inode number; the root has 1 */
	struct entry *children, *next;
	void (*show)(struct text *);
	int (*store)(const char *text, size_t length);
	const struct procfs_number *value; /* show and store are of this number */
	ssize_t (*read)(void *to, size_t n, uint64_t position);
	uint32_t (*changes)(struct poll_table *);
	const char *fixed;    /* what a file of sysfs says, always */
	bool secret;          /* for root alone */
};

enum kind {
	KIND_ENTRY,        /* of the tree: a file or a directory */
	KIND_SELF,         /* the link "self" */
	KIND_PROCESS,      /* a process's directory */
	KIND_PROCESS_FILE,
	KIND_LIST,         /* a directory of it */
	KIND_LIST_ENTRY,
};

struct proc_inode {
	struct inode inode;
	enum kind kind;
	const struct entry *entry;
	const struct process_file *file;
	const struct process_list *list;
	pid_t process;
	bool thread;        /* a process's directory in its list of threads */
	uint32_t key;       /* of a list's entry */
	struct mutex show_lock; /* guards the texts of its open files: pread(2) takes no other */
};

static struct slab_cache inode_slab = SLAB_CACHE("proc_inode", sizeof(struct proc_inode));
static struct entry root_entry = {.name = "", .number = 1};
static struct entry sys_entry = {.name = "", .number = 1}; /* the root of sysfs */
static uint32_t last_number = 1;
static const struct process_directory *processes;

static const struct inode_ops proc_inode_ops;
static const struct file_ops file_ops, polled_ops, directory_ops;
static const struct page_source_ops no_pages;
/* Linux answers so for files that are no process's. */
static const struct page_source_ops no_entry_pages = {.refusal = -EIO};

static struct proc_inode *proc_inode(struct inode *inode)
{
	return LIST_ENTRY(inode, struct proc_inode, inode);
}

void procfs_set_processes(const struct process_directory *door)
{
	processes = door;
}

/* --- the tree --------------------------------------------------------------------------- */

static bool name_is(const char *name, const char *text, size_t length)
{
	return strlen(name) == length && !memcmp(name, text, length);
}

static struct entry *entry_find(const struct entry *directory, const char *text, size_t length)
{
	for (struct entry *entry = directory->children; entry; entry = entry->next)
		if (name_is(entry->name, text, length))
			return entry;
	return NULL;
}

static struct entry *entry_add(struct entry *directory, const char *name, size_t length)
{
	struct entry *entry = kmalloc_zeroed(sizeof(*entry));
	char *copy = kmalloc(length + 1);
	struct entry **place = &directory->children;

	if (!entry || !copy)
		panic("no memory for /proc at start-up");
	memcpy(copy, name, length);
	copy[length] = '\0';
	entry->name = copy;
	entry->number = ++last_number;
	while (*place)
		place = &(*place)->next;
	*place = entry;
	return entry;
}

static struct entry *entry_below(struct entry *entry, const char *path)
{
	while (*path) {
		const char *slash = strchr(path, '/');
		size_t length = slash ? (size_t)(slash - path) : strlen(path);
		struct entry *found = entry_find(entry, path, length);

		entry = found ? found : entry_add(entry, path, length);
		path += length + (slash != NULL);
	}
	return entry;
}

static struct entry *entry_at(const char *path)
{
	return entry_below(&root_entry, path);
}

void procfs_register(const char *path, void (*show)(struct text *),
                     int (*store)(const char *text, size_t length))
{
	struct entry *entry = entry_at(path);

	entry->show = show;
	entry->store = store;
}

void procfs_register_polled(const char *path, void (*show)(struct text *),
                            uint32_t (*changes)(struct poll_table *))
{
	struct entry *entry = entry_at(path);

	entry->show = show;
	entry->changes = changes;
}

void procfs_register_number(const struct procfs_number *value)
{
	entry_at(value->path)->value = value;
}

void procfs_register_numbers(const struct procfs_number *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		procfs_register_number(&values[i]);
}

void procfs_register_secret(const char *path, void (*show)(struct text *))
{
	struct entry *entry = entry_at(path);

	entry->show = show;
	entry->secret = true;
}

void procfs_register_binary(const char *path, ssize_t (*read)(void *to, size_t n,
                                                              uint64_t position))
{
	struct entry *entry = entry_at(path);

	entry->read = read;
	entry->secret = true;
}

void sysfs_register(const char *path, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = kmalloc(size);

	if (!copy)
		panic("no memory for /sys at start-up");
	memcpy(copy, text, size);
	entry_below(&sys_entry, path)->fixed = copy;
}

static bool entry_can_be_read(const struct entry *entry)
{
	return entry->show || entry->value || entry->read || entry->fixed;
}

static bool entry_can_be_written(const struct entry *entry)
{
	return entry->store || (entry->value && entry->value->set);
}

static bool entry_is_directory(const struct entry *entry)
{
	return !entry_can_be_read(entry) && !entry_can_be_written(entry);
}

static uint32_t entry_mode(const struct entry *entry)
{
	uint32_t mode = entry_can_be_written(entry) ? 0200 : 0;

	if (entry_is_directory(entry))
		return S_IFDIR | MODE_OF_ALL;
	if (entry_can_be_read(entry))
		mode |= entry->secret ? 0400 : 0444;
	return S_IFREG | mode;
}

/* --- inodes ----------------------------------------------------------------------------- */

static int inode_new(struct file_system *fs, enum kind kind, uint32_t mode, uint32_t number,
                     struct proc_inode **made)
{
	struct proc_inode *inode = slab_alloc_zeroed(&inode_slab);

	if (!inode)
		return -ENOMEM;
	inode_init(&inode->inode, fs, &proc_inode_ops,
	           kind == KIND_ENTRY ? &no_entry_pages : &no_pages, mode);
	inode->inode.number = number;
	inode->inode.file_ops = S_ISDIR(mode) ? &directory_ops : S_ISREG(mode) ? &file_ops : NULL;
	inode->kind = kind;
	mutex_init(&inode->show_lock, "proc show");
	*made = inode;
	return 0;
}

static void proc_release(struct inode *inode)
{
	slab_free(&inode_slab, proc_inode(inode));
}

static int entry_inode(struct file_system *fs, const struct entry *entry,
                       struct proc_inode **made)
{
	int error = inode_new(fs, KIND_ENTRY, entry_mode(entry), entry->number, made);

	if (error)
		return error;
	(*made)->entry = entry;
	if (entry->changes)
		(*made)->inode.file_ops = &polled_ops;
	if (entry->fixed)
		(*made)->inode.source.size = PAGE_SIZE; /* so Linux says of each file of sysfs */
	return 0;
}

/* Numbers for what belongs to processes: out of the way of the entries'. */
static uint32_t process_number(pid_t process, uint32_t file)
{
	return 0x10000 + (uint32_t)process * 0x1000 + file;
}
#define NUMBER_LIST 0x100
#define NUMBER_LIST_ENTRY 0x200

/* The same number for the same key, if not always another for another one. */
static uint32_t entry_number(pid_t process, uint32_t list, uint32_t key)
{
	return process_number(process, NUMBER_LIST_ENTRY + list * 0x200 + (key ^ key >> 12) % 0x200);
}

static int process_inode(struct file_system *fs, enum kind kind, uint32_t mode, pid_t process,
                         uint32_t number, struct proc_inode **made)
{
	int error = inode_new(fs, kind, mode, process_number(process, number), made);

	if (error)
		return error;
	struct inode *inode = &(*made)->inode;
	(*made)->process = process;
	inode->links = S_ISDIR(mode) ? 2 : 1;
	processes->owner(process, mode != (S_IFDIR | MODE_OF_ALL), &inode->uid, &inode->gid);
	return 0;
}

static bool process_exists(pid_t process)
{
	return processes && process && processes->exists(process);
}

/* A decimal number that is nothing else, as it is written without need, or -1. */
static int number_of(const char *name)
{
	char *end;
	long number = strtol(name, &end, 10);

	return *end || end == name || name[0] < '1' || name[0] > '9' ? -1 : number;
}

/* --- looking up ------------------------------------------------------------------------- */

static int root_lookup(struct file_system *fs, const char *name, struct proc_inode **found)
{
	int process = number_of(name);

	if (!strcmp(name, "self") && processes)
		return inode_new(fs, KIND_SELF, S_IFLNK | 0777, process_number(0, 0), found);
	if (process < 0 || !process_exists(process))
		return -ENOENT;
	return process_inode(fs, KIND_PROCESS, S_IFDIR | MODE_OF_ALL, process, 0, found);
}

/* Whether the process's directory has the list: threads have no threads. */
static bool has_list(const struct proc_inode *directory, const struct process_list *list)
{
	return !directory->thread || list->file || list->show;
}

static int list_inode(const struct proc_inode *directory, const char *name,
                      struct proc_inode **found)
{
	uint32_t number = NUMBER_LIST;
	const struct process_list *list = processes->lists;

	for (; list->name && strcmp(list->name, name) != 0; list++)
		number++;
	if (!list->name || !has_list(directory, list))
		return -ENOENT;
	int error = process_inode(directory->inode.fs, KIND_LIST, S_IFDIR | list->mode,
	                          directory->process, number, found);
	if (!error)
		(*found)->list = list;
	return error;
}

static uint32_t file_mode(const struct process_file *file)
{
	return file->place ? S_IFLNK | 0777 : S_IFREG | file->mode;
}

static int process_lookup(const struct proc_inode *directory, const char *name,
                          struct proc_inode **found)
{
	const struct process_file *file;
	uint32_t number = 1;

	if (!process_exists(directory->process))
		return -ESRCH; /* it ended while its directory was open */
	for (file = processes->files; file->name && strcmp(file->name, name) != 0; file++)
		number++;
	if (!file->name)
		return list_inode(directory, name, found);
	int error = process_inode(directory->inode.fs, KIND_PROCESS_FILE, file_mode(file),
	                          directory->process, number, found);
	if (error)
		return error;
	(*found)->file = file;
	if (file->changes)
		(*found)->inode.file_ops = &polled_ops;
	return 0;
}

/* What a key is called begins with it, in the base of its list. */
static bool find_key(const struct proc_inode *directory, const char *name, uint32_t *key)
{
	char found[32];
	uint32_t from = strtoul(name, NULL, strchr(name, '-') ? 16 : 10);

	return directory->list->next(directory->process, from, key, found, sizeof(found)) &&
	       !strcmp(found, name);
}

static int list_lookup(const struct proc_inode *directory, const char *name,
                       struct proc_inode **found)
{
	const struct process_list *list = directory->list;
	bool thread = !list->file && !list->show;
	uint32_t key;

	int error = list->secret ? processes->may_look(directory->process) : 0;
	if (error)
		return error;
	if (!find_key(directory, name, &key))
		return -ENOENT;
	error = process_inode(directory->inode.fs, thread ? KIND_PROCESS : KIND_LIST_ENTRY,
	                          list->entry_mode(directory->process, key), directory->process, 0,
	                          found);
	if (error)
		return error;
	(*found)->inode.number = entry_number(directory->process, list - processes->lists, key);
	(*found)->list = list;
	(*found)->thread = thread;
	(*found)->key = key;
	if (thread)
		(*found)->process = -(pid_t)key;
	if (S_ISLNK((*found)->inode.mode))
		(*found)->inode.source.size = LINK_SIZE;
	return 0;
}

static int proc_lookup(struct inode *dir, const char *name, struct inode **found)
{
	struct proc_inode *directory = proc_inode(dir), *made;
	struct entry *entry;
	int error;

	switch (directory->kind) {
	case KIND_ENTRY:
		entry = entry_find(directory->entry, name, strlen(name));
		if (entry)
			error = entry_inode(dir->fs, entry, &made);
		else
			error = directory->entry == &root_entry ? root_lookup(dir->fs, name, &made)
			                                        : -ENOENT;
		break;
	case KIND_PROCESS:
		error = process_lookup(directory, name, &made);
		break;
	case KIND_LIST:
		error = list_lookup(directory, name, &made);
		break;
	default:
		error = -ENOTDIR;
	}
	if (!error)
		*found = &made->inode;
	return error;
}

/* Lists are asked for more, or less, than their mode says (rights.h). */
static int proc_access(const struct inode *inode, int error)
{
	const struct proc_inode *directory = LIST_ENTRY(inode, struct proc_inode, inode);

	if (directory->kind != KIND_LIST)
		return error;
	if (error && directory->list->itself && directory->process == processes->self())
		return 0;
	return !error && directory->list->guarded ? processes->may_look(directory->process) : error;
}

/* --- links ------------------------------------------------------------------------------ */

static int entry_follow(const struct proc_inode *link, struct dentry **found)
{
	struct file *file = link->list->file(link->process, link->key);

	if (!file)
		return -ENOENT;
	*found = dentry_get(file->dentry);
	file_put(file);
	return 0;
}

/* Leads to the object, whatever its name: it may have none, or be gone from its directory. */
static int proc_follow(struct inode *inode, struct dentry **found)
{
	struct proc_inode *link = proc_inode(inode);

	if (link->kind == KIND_SELF)
		return -ENOLINK;
	int error = processes->may_look(link->process);
	if (error)
		return error;
	return link->kind == KIND_LIST_ENTRY ? entry_follow(link, found)
	                                     : link->file->place(link->process, found);
}

static int proc_readlink(struct inode *inode, char *to, size_t size)
{
	struct proc_inode *link = proc_inode(inode);
	struct dentry *target;

	if (link->kind == KIND_SELF) {
		int length = snprintf(to, size, "%d", processes->self());
		return (size_t)length < size ? length : (int)size;
	}
	int error = proc_follow(inode, &target);
	if (error)
		return error;
	int length = dentry_path_shown(target, to, size);
	dentry_put(target);
	return length;
}

static const struct inode_ops proc_inode_ops = {
	.lookup = proc_lookup,
	.readlink = proc_readlink,
	.follow = proc_follow,
	.access = proc_access,
	.release = proc_release,
};

/* --- directories ------------------------------------------------------------------------ */

/* One directory being listed: names are counted, and emitted from *position on. */
struct listing {
	loff_t *position;
	loff_t at;
	bool (*emit)(void *context, const char *name, size_t length, uint32_t inode, loff_t next,
	             uint32_t type);
	void *context;
};

/* The next name in order, whose place in the stream is `at`. False: the buffer is full. */
static bool list_name(struct listing *list, const char *name, uint32_t number, uint32_t mode)
{
	loff_t at = list->at++;

	if (at < *list->position)
		return true;
	if (!list->emit(list->context, name, strlen(name), number, at + 1, mode >> 12))
		return false;
	*list->position = at + 1;
	return true;
}

static bool list_dots(struct listing *list, struct inode *dir)
{
	return list_name(list, ".", dir->number, S_IFDIR) &&
	       list_name(list, "..", root_entry.number, S_IFDIR);
}

static bool list_entries(struct listing *list, const struct entry *directory)
{
	for (const struct entry *entry = directory->children; entry; entry = entry->next)
		if (!list_name(list, entry->name, entry->number,
		               entry_is_directory(entry) ? S_IFDIR : S_IFREG))
			return false;
	return true;
}

static bool list_number(struct listing *list, int value, uint32_t number, uint32_t mode)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", value);
	return list_name(list, name, number, mode);
}

/* Places in the stream are their numbers here, so that none is missed or seen twice when
 * others come and go. */
#define POSITION_PROCESSES 0x10000

static void list_processes(struct listing *list)
{
	pid_t process = 0;

	if (!processes || !list_name(list, "self", process_number(0, 0), S_IFLNK))
		return;
	if (*list->position > POSITION_PROCESSES)
		process = *list->position - POSITION_PROCESSES - 1;
	while ((process = processes->next(process))) {
		list->at = POSITION_PROCESSES + process;
		if (!list_number(list, process, process_number(process, 0), S_IFDIR))
			return;
	}
}

static void list_process(struct listing *list, const struct proc_inode *directory)
{
	pid_t process = directory->process;
	uint32_t number = 1;

	if (!process_exists(process))
		return;
	for (const struct process_file *file = processes->files; file->name; file++)
		if (!list_name(list, file->name, process_number(process, number++),
		               file_mode(file)))
			return;
	number = NUMBER_LIST;
	for (const struct process_list *l = processes->lists; l->name; l++, number++)
		if (has_list(directory, l) &&
		    !list_name(list, l->name, process_number(process, number), S_IFDIR))
			return;
}

static void list_keys(struct listing *list, const struct proc_inode *directory)
{
	const struct process_list *keys = directory->list;
	pid_t process = directory->process;
	loff_t first = list->at;
	uint32_t key = *list->position > first ? *list->position - first : 0;
	char name[32];

	if (keys->secret && processes->may_look(process))
		return;
	while (keys->next(process, key, &key, name, sizeof(name))) {
		list->at = first + key;
		if (!list_name(list, name, entry_number(process, keys - processes->lists, key),
		               keys->entry_mode(process, key)))
			return;
		key++;
	}
}

static int proc_iterate(struct file *file, loff_t *position,
                        bool (*emit)(void *, const char *, size_t, uint32_t, loff_t, uint32_t),
                        void *context)
{
	struct proc_inode *directory = proc_inode(file->inode);
	struct listing list = {.position = position, .emit = emit, .context = context};

	if (!list_dots(&list, file->inode))
		return 0;
	switch (directory->kind) {
	case KIND_ENTRY:
		if (list_entries(&list, directory->entry) && directory->entry == &root_entry)
			list_processes(&list);
		break;
	case KIND_PROCESS:
		list_process(&list, directory);
		break;
	case KIND_LIST:
		list_keys(&list, directory);
		break;
	default:
		break;
	}
	return 0;
}

static bool is_of_process(const struct proc_inode *directory)
{
	return directory->kind == KIND_PROCESS && !directory->thread;
}

/* What is open stands for the process that it was opened of (procfs_process_of). */
static int directory_open(struct file *file)
{
	const struct proc_inode *directory = proc_inode(file->inode);

	if (is_of_process(directory))
		file->private = (void *)(uintptr_t)processes->birth(directory->process);
	return 0;
}

static const struct file_ops directory_ops = {.iterate = proc_iterate, .open = directory_open};

pid_t procfs_process_of(const struct file *file)
{
	const struct proc_inode *directory = proc_inode(file->inode);

	if (file->ops != &directory_ops || !is_of_process(directory))
		return -EBADF;
	uint32_t birth = processes->birth(directory->process);
	return birth && birth == (uintptr_t)file->private ? directory->process : -ESRCH;
}

/* --- files ------------------------------------------------------------------------------ */

/* What is remembered of an open file. */
struct reading {
	struct text *text;  /* what is shown; NULL: nothing yet */
	uint32_t program;   /* of a guarded file: which its process ran when it was opened */
	uint32_t changes;   /* of a polled file: how many of them it has told */
	bool frames;        /* who opened it may see frame numbers */
	/* Of a long file, whose text is a part of the whole: */
	loff_t start;       /* where in the file the text begins */
	uintptr_t place;    /* from where on the next part is shown; 0: there is none */
};

static void file_show(struct proc_inode *inode, struct text *text)
{
	if (inode->kind == KIND_LIST_ENTRY)
		inode->list->show(inode->process, inode->key, text);
	else if (inode->kind == KIND_PROCESS_FILE && inode->file->show)
		inode->file->show(inode->process, text);
	else if (inode->kind == KIND_ENTRY && inode->entry->value)
		text_print(text, "%u\n", inode->entry->value->get());
	else if (inode->kind == KIND_ENTRY && inode->entry->fixed)
		text_print(text, "%s", inode->entry->fixed);
	else if (inode->kind == KIND_ENTRY && inode->entry->show)
		inode->entry->show(text);
}

static bool is_guarded(const struct proc_inode *inode)
{
	return inode->kind == KIND_PROCESS_FILE && inode->file->guarded;
}

/* Whether the process has ended, or become another program, since the file was opened: what the
 * new one has is not for who could look into the old one. */
static bool is_over(const struct proc_inode *inode, const struct reading *reading)
{
	return is_guarded(inode) && processes->program(inode->process) != reading->program;
}

static bool is_binary(const struct proc_inode *inode)
{
	return (inode->kind == KIND_PROCESS_FILE && inode->file->read) ||
	       (inode->kind == KIND_ENTRY && inode->entry->read);
}

/* Who counts its changes; NULL: it cannot be polled. */
static uint32_t (*changes_door(const struct proc_inode *inode))(struct poll_table *)
{
	return inode->kind == KIND_PROCESS_FILE ? inode->file->changes :
	       inode->kind == KIND_ENTRY ? inode->entry->changes : NULL;
}

static ssize_t read_part(struct proc_inode *inode, bool frames, void *to, size_t n,
                         uint64_t position)
{
	if (inode->kind == KIND_ENTRY)
		return inode->entry->read(to, n, position);
	return inode->file->read(inode->process, to, n, position, frames);
}

/* Binary files: a page at a time through the kernel. */
static ssize_t binary_read(struct proc_inode *inode, bool frames, struct transfer *transfer,
                           loff_t *position)
{
	char *page = kmalloc(PAGE_SIZE);
	size_t done = 0;
	ssize_t result = page ? 0 : -ENOMEM;

	while (page && transfer->left) {
		size_t part = transfer->left < PAGE_SIZE ? transfer->left : PAGE_SIZE;

		result = read_part(inode, frames, page, part, *position);
		if (result <= 0)
			break;
		size_t given = transfer_give(transfer, page, result);
		done += given;
		*position += given;
		if (given < (size_t)result) {
			result = -EFAULT;
			break;
		}
	}
	kfree(page);
	return done ? (ssize_t)done : result;
}

static ssize_t binary_write(struct proc_inode *inode, struct transfer *transfer,
                            loff_t *position)
{
	char *page = kmalloc(PAGE_SIZE);
	size_t done = 0;
	ssize_t result = page ? 0 : -ENOMEM;

	while (page && transfer->left) {
		size_t part = transfer->left < PAGE_SIZE ? transfer->left : PAGE_SIZE;

		result = -EFAULT;
		if (transfer_take(transfer, page, part) == part)
			result = inode->file->write(inode->process, page, part, *position);
		if (result <= 0)
			break;
		done += result;
		*position += result;
	}
	kfree(page);
	return done ? (ssize_t)done : result;
}

static ssize_t whole_read(struct proc_inode *inode, struct text *text,
                          struct transfer *transfer, loff_t *position)
{
	if (*position == 0) {
		text_clear(text);
		file_show(inode, text);
	}
	ssize_t done = text_read(text, transfer, *position);
	if (done > 0)
		*position += done;
	return done;
}

/* Makes the next part of a long file. */
static void next_part(struct proc_inode *inode, struct reading *reading)
{
	reading->start += text_length(reading->text);
	text_clear(reading->text);
	reading->place = inode->file->show_from(inode->process, reading->place, reading->text);
}

/* A part at a time, as it is read: what changes meanwhile is seen by the parts behind. A reader
 * who goes back begins anew. */
static ssize_t long_read(struct proc_inode *inode, struct reading *reading,
                         struct transfer *transfer, loff_t *position)
{
	size_t done = 0;
	ssize_t part = 0;

	if (*position == 0 || *position < reading->start) {
		reading->start = reading->place = 0;
		text_clear(reading->text);
		next_part(inode, reading);
	}
	while (transfer->left) {
		part = text_read(reading->text, transfer, *position - reading->start);
		if (part < 0 || (!part && (!reading->place || thread_current()->killed)))
			break;
		if (!part)
			next_part(inode, reading);
		done += part;
		*position += part;
	}
	return done ? (ssize_t)done : part;
}

/* A process that has gone has no texts any more, but for the rest of one that was made before. */
static bool is_gone(const struct proc_inode *inode, const struct reading *reading, loff_t position)
{
	bool begun = position > 0 && reading->text && text_length(reading->text);

	return inode->kind == KIND_PROCESS_FILE && !is_binary(inode) && !is_guarded(inode) && !begun &&
	       !process_exists(inode->process);
}

static ssize_t proc_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct proc_inode *inode = proc_inode(file->inode);
	struct reading *reading = file->private;

	if (is_gone(inode, reading, *position))
		return -ESRCH;
	if (is_over(inode, reading))
		return 0;
	if (is_binary(inode))
		return binary_read(inode, reading->frames, transfer, position);
	SCOPED_MUTEX(&inode->show_lock);
	if (!reading->text)
		reading->text = text_create();
	if (!reading->text)
		return -ENOMEM;
	if (inode->kind == KIND_PROCESS_FILE && inode->file->show_from)
		return long_read(inode, reading, transfer, position);
	return whole_read(inode, reading->text, transfer, position);
}

/* Digits, and around them nothing but blanks. */
static int store_number(const struct procfs_number *value, const char *text)
{
	char *end;
	struct number number = number_parse(text, &end, 10);
	bool digits = end != text;

	while (*end == ' ' || *end == '\t' || *end == '\n')
		end++;
	if (!digits || *end || number.negative || number.magnitude > UINT32_MAX)
		return -EINVAL;
	return value->set((uint32_t)number.magnitude);
}

static int store(struct proc_inode *inode, const char *text, size_t length)
{
	if (inode->kind == KIND_ENTRY && inode->entry->value)
		return store_number(inode->entry->value, text);
	if (inode->kind == KIND_ENTRY)
		return inode->entry->store(text, length);
	return inode->file->store ? inode->file->store(inode->process, text, length) : -EINVAL;
}

static ssize_t proc_write(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct proc_inode *inode = proc_inode(file->inode);

	if (is_over(inode, file->private))
		return 0;
	if (inode->kind == KIND_PROCESS_FILE && inode->file->write)
		return binary_write(inode, transfer, position);
	size_t length = transfer->left < STORE_MAX ? transfer->left : STORE_MAX;
	char *copy = kmalloc(length + 1);
	if (!copy)
		return -ENOMEM;
	int error = transfer_take(transfer, copy, length) == length ? 0 : -EFAULT;
	copy[length] = '\0';
	if (!error)
		error = store(inode, copy, length);
	kfree(copy);
	if (error)
		return error;
	*position += length;
	return length;
}

static bool can_be_written(const struct proc_inode *inode)
{
	switch (inode->kind) {
	case KIND_ENTRY:
		return entry_can_be_written(inode->entry);
	case KIND_PROCESS_FILE:
		return inode->file->store || inode->file->write;
	default:
		return false;
	}
}

static int proc_open(struct file *file)
{
	struct proc_inode *inode = proc_inode(file->inode);

	/* Of a process's file the mode decides, which does not bind everybody: then writing fails. */
	if ((file->flags & O_ACCMODE) != O_RDONLY && !can_be_written(inode) &&
	    inode->kind != KIND_PROCESS_FILE)
		return -EACCES;
	int error = is_guarded(inode) ? processes->may_look(inode->process) : 0;
	if (error)
		return error;
	struct reading *reading = kmalloc_zeroed(sizeof(*reading));
	if (!reading)
		return -ENOMEM;
	reading->program = is_guarded(inode) ? processes->program(inode->process) : 0;
	reading->frames = right_has(MAY_SEE_FRAMES, NULL);
	if (changes_door(inode))
		reading->changes = changes_door(inode)(NULL);
	file->private = reading;
	return 0;
}

/* Bytes are always there; a change is told once. */
static uint32_t proc_poll(struct file *file, struct poll_table *table)
{
	struct reading *reading = file->private;
	uint32_t now = changes_door(proc_inode(file->inode))(table);
	uint32_t news = now != reading->changes ? POLLERR | POLLPRI : 0;

	reading->changes = now;
	return POLLIN | POLLRDNORM | news;
}

static void proc_close(struct file *file)
{
	struct reading *reading = file->private;

	if (reading->text)
		text_destroy(reading->text);
	kfree(reading);
}

static const struct file_ops file_ops = {
	.no_end = true,
	.read = proc_read,
	.write = proc_write,
	.open = proc_open,
	.close = proc_close,
};

static const struct file_ops polled_ops = {
	.no_end = true,
	.read = proc_read,
	.poll = proc_poll,
	.open = proc_open,
	.close = proc_close,
};

/* --- the mount -------------------------------------------------------------------------- */

static int proc_statfs(struct file_system *fs, struct statfs64 *to)
{
	to->f_type = fs->type == &sysfs_type ? SYSFS_MAGIC : PROC_SUPER_MAGIC;
	return 0;
}

static const struct file_system_ops proc_ops = {.statfs = proc_statfs};

static int tree_mount(struct file_system *fs, const struct entry *top, struct inode **root)
{
	struct proc_inode *inode;

	fs->ops = &proc_ops;
	int error = entry_inode(fs, top, &inode);
	if (error)
		return error;
	inode->inode.links = 2;
	*root = &inode->inode;
	return 0;
}

static int proc_mount(struct file_system *fs, struct inode **root)
{
	return tree_mount(fs, &root_entry, root);
}

static int sysfs_mount(struct file_system *fs, struct inode **root)
{
	return tree_mount(fs, &sys_entry, root);
}

const struct file_system_type proc_type = {
	.name = "proc",
	.names_change = true,
	.mount = proc_mount,
};

const struct file_system_type sysfs_type = {
	.name = "sysfs",
	.names_change = true,
	.mount = sysfs_mount,
};
