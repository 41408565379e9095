/* SPDX-License-Identifier: MIT */
/*
 * procfs: a tree of registered files, and beside it a directory for each process.
 *
 *   /proc/meminfo            struct entry: show, store
 *   /proc/sys/vm/policy      directories on the way are entries too
 *   /proc/self               a link to the caller's directory
 *   /proc/17/maps            struct process_file of the door, with 17
 *   /proc/17/fd/2            a link to the open file's path
 *
 * Inodes are made when a name is looked up and freed when nobody uses it; they hold numbers
 * and pointers to what lives for ever, so a process that has ended is found gone at each
 * use. The entries are made at start-up and never change, so they need no lock. What a file
 * shows is made whole when it is read from its beginning, so that a reader in small steps
 * sees one moment.
 */
#include "kernel/fs/procfs.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/magic.h>

#include "kernel/fs/fs.h"
#include "kernel/fs/text.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define STORE_MAX 4095u /* bytes a write may have */

struct entry {
	const char *name;
	uint32_t number;      /* inode number; the root has 1 */
	struct entry *children, *next;
	void (*show)(struct text *);
	int (*store)(const char *text, size_t length);
};

enum kind {
	KIND_ENTRY,        /* of the tree: a file or a directory */
	KIND_SELF,         /* the link "self" */
	KIND_PROCESS,      /* a process's directory */
	KIND_PROCESS_FILE,
	KIND_MOUNTS,       /* a process's link "mounts" */
	KIND_FD_DIRECTORY,
	KIND_FD,           /* a link in it */
};

struct proc_inode {
	struct inode inode;
	enum kind kind;
	const struct entry *entry;
	const struct process_file *file;
	pid_t process;
	int fd;
	struct mutex show_lock; /* guards the texts of its open files: pread(2) takes no other */
};

static struct slab_cache inode_slab = SLAB_CACHE("proc_inode", sizeof(struct proc_inode));
static struct entry root_entry = {.name = "", .number = 1};
static uint32_t last_number = 1;
static const struct process_directory *processes;

static const struct inode_ops proc_inode_ops;
static const struct file_ops file_ops, directory_ops;
static const struct page_source_ops no_pages;

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

void procfs_register(const char *path, void (*show)(struct text *),
                     int (*store)(const char *text, size_t length))
{
	struct entry *entry = &root_entry;

	while (*path) {
		const char *slash = strchr(path, '/');
		size_t length = slash ? (size_t)(slash - path) : strlen(path);
		struct entry *found = entry_find(entry, path, length);

		entry = found ? found : entry_add(entry, path, length);
		path += length + (slash != NULL);
	}
	entry->show = show;
	entry->store = store;
}

static bool entry_is_directory(const struct entry *entry)
{
	return !entry->show && !entry->store;
}

/* --- inodes ----------------------------------------------------------------------------- */

static int inode_new(struct file_system *fs, enum kind kind, uint32_t mode, uint32_t number,
                     struct proc_inode **made)
{
	struct proc_inode *inode = slab_alloc_zeroed(&inode_slab);

	if (!inode)
		return -ENOMEM;
	inode_init(&inode->inode, fs, &proc_inode_ops, &no_pages, mode);
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
	uint32_t mode = entry_is_directory(entry) ? S_IFDIR | 0555
	              : S_IFREG | (entry->show ? 0444 : 0) | (entry->store ? 0200 : 0);
	int error = inode_new(fs, KIND_ENTRY, mode, entry->number, made);

	if (!error)
		(*made)->entry = entry;
	return error;
}

/* Numbers for what belongs to processes: out of the way of the entries'. */
static uint32_t process_number(pid_t process, uint32_t file)
{
	return 0x10000 + (uint32_t)process * 0x1000 + file;
}
#define NUMBER_MOUNTS 0x3fe
#define NUMBER_FD_DIRECTORY 0x3ff
#define NUMBER_FD 0x400

static int process_inode(struct file_system *fs, enum kind kind, uint32_t mode, pid_t process,
                         uint32_t number, struct proc_inode **made)
{
	int error = inode_new(fs, kind, mode, process_number(process, number), made);

	if (!error)
		(*made)->process = process;
	return error;
}

static bool process_exists(pid_t process)
{
	return processes && process > 0 && processes->next(process - 1) == process;
}

/* A decimal number that is nothing else, or -1. */
static int number_of(const char *name)
{
	char *end;
	long number = strtol(name, &end, 10);

	return *end || end == name || name[0] < '0' || name[0] > '9' ? -1 : number;
}

/* --- looking up ------------------------------------------------------------------------- */

static int root_lookup(struct file_system *fs, const char *name, struct proc_inode **found)
{
	pid_t process = number_of(name);

	if (!strcmp(name, "self") && processes)
		return inode_new(fs, KIND_SELF, S_IFLNK | 0777, process_number(0, 0), found);
	if (!process_exists(process))
		return -ENOENT;
	int error = process_inode(fs, KIND_PROCESS, S_IFDIR | 0555, process, 0, found);
	if (!error)
		(*found)->inode.links = 2;
	return error;
}

static int process_lookup(struct file_system *fs, pid_t process, const char *name,
                          struct proc_inode **found)
{
	const struct process_file *file;
	uint32_t number = 1;

	if (!process_exists(process))
		return -ENOENT;
	if (!strcmp(name, "mounts"))
		return process_inode(fs, KIND_MOUNTS, S_IFLNK | 0777, process, NUMBER_MOUNTS,
		                     found);
	if (!strcmp(name, "fd"))
		return process_inode(fs, KIND_FD_DIRECTORY, S_IFDIR | 0555, process,
		                     NUMBER_FD_DIRECTORY, found);
	for (file = processes->files; file->name && strcmp(file->name, name); file++)
		number++;
	if (!file->name)
		return -ENOENT;
	uint32_t mode = file->link ? S_IFLNK | 0777 : S_IFREG | (file->store ? 0644 : 0444);
	int error = process_inode(fs, KIND_PROCESS_FILE, mode, process, number, found);
	if (!error)
		(*found)->file = file;
	return error;
}

static int fd_lookup(struct file_system *fs, pid_t process, const char *name,
                     struct proc_inode **found)
{
	int fd = number_of(name);

	if (fd < 0 || processes->next_fd(process, fd - 1) != fd)
		return -ENOENT;
	int error = process_inode(fs, KIND_FD, S_IFLNK | 0700, process, NUMBER_FD + fd, found);
	if (!error)
		(*found)->fd = fd;
	return error;
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
		error = process_lookup(dir->fs, directory->process, name, &made);
		break;
	case KIND_FD_DIRECTORY:
		error = fd_lookup(dir->fs, directory->process, name, &made);
		break;
	default:
		error = -ENOTDIR;
	}
	if (!error)
		*found = &made->inode;
	return error;
}

static int proc_readlink(struct inode *inode, char *to, size_t size)
{
	struct proc_inode *link = proc_inode(inode);
	char number[16];
	const char *target = number;
	int length;

	switch (link->kind) {
	case KIND_PROCESS_FILE:
		return link->file->link(link->process, to, size);
	case KIND_FD:
		return processes->fd_path(link->process, link->fd, to, size);
	case KIND_SELF:
		length = snprintf(number, sizeof(number), "%d", processes->self());
		break;
	case KIND_MOUNTS:
		target = "../mounts";
		length = strlen(target);
		break;
	default:
		return -EINVAL;
	}
	length = (size_t)length < size ? length : (int)size;
	memcpy(to, target, length);
	return length;
}

static const struct inode_ops proc_inode_ops = {
	.lookup = proc_lookup,
	.readlink = proc_readlink,
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

static void list_process(struct listing *list, pid_t process)
{
	uint32_t number = 1;

	if (!process_exists(process) ||
	    !list_name(list, "mounts", process_number(process, NUMBER_MOUNTS), S_IFLNK) ||
	    !list_name(list, "fd", process_number(process, NUMBER_FD_DIRECTORY), S_IFDIR))
		return;
	for (const struct process_file *file = processes->files; file->name; file++)
		if (!list_name(list, file->name, process_number(process, number++),
		               file->link ? S_IFLNK : S_IFREG))
			return;
}

static void list_fds(struct listing *list, pid_t process)
{
	loff_t first = list->at;
	int fd = *list->position > first ? *list->position - first - 1 : -1;

	while ((fd = processes->next_fd(process, fd)) >= 0) {
		list->at = first + fd;
		if (!list_number(list, fd, process_number(process, NUMBER_FD + fd), S_IFLNK))
			return;
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
		list_process(&list, directory->process);
		break;
	case KIND_FD_DIRECTORY:
		list_fds(&list, directory->process);
		break;
	default:
		break;
	}
	return 0;
}

static const struct file_ops directory_ops = {.iterate = proc_iterate};

/* --- files ------------------------------------------------------------------------------ */

static void file_show(struct proc_inode *inode, struct text *text)
{
	if (inode->kind == KIND_ENTRY) {
		if (inode->entry->show)
			inode->entry->show(text);
	} else if (inode->file->show) {
		inode->file->show(inode->process, text);
	}
}

/* Binary files: a page at a time through the kernel. */
static ssize_t binary_read(struct proc_inode *inode, char *user_to, size_t n, loff_t *position)
{
	char *page = kmalloc(PAGE_SIZE);
	size_t done = 0;
	ssize_t result = page ? 0 : -ENOMEM;

	while (page && done < n) {
		size_t part = n - done < PAGE_SIZE ? n - done : PAGE_SIZE;

		result = inode->file->read(inode->process, page, part, *position);
		if (result > 0 && copy_to_user(user_to + done, page, result))
			result = -EFAULT;
		if (result <= 0)
			break;
		done += result;
		*position += result;
	}
	kfree(page);
	return done ? (ssize_t)done : result;
}

static ssize_t proc_read(struct file *file, void *user_to, size_t n, loff_t *position)
{
	struct proc_inode *inode = proc_inode(file->inode);

	if (inode->kind == KIND_PROCESS_FILE && inode->file->read)
		return binary_read(inode, user_to, n, position);
	SCOPED_MUTEX(&inode->show_lock);
	if (!file->private)
		file->private = text_create();
	struct text *text = file->private;
	if (!text)
		return -ENOMEM;
	if (*position == 0) {
		text_clear(text);
		file_show(inode, text);
	}
	ssize_t done = text_read(text, user_to, n, *position);
	if (done > 0)
		*position += done;
	return done;
}

static ssize_t proc_write(struct file *file, const void *user_from, size_t n, loff_t *position)
{
	struct proc_inode *inode = proc_inode(file->inode);
	size_t length = n < STORE_MAX ? n : STORE_MAX;
	char *copy = kmalloc(length + 1);
	int error;

	if (!copy)
		return -ENOMEM;
	error = copy_from_user(copy, user_from, length);
	copy[length] = '\0';
	if (!error && inode->kind == KIND_ENTRY)
		error = inode->entry->store ? inode->entry->store(copy, length) : -EACCES;
	else if (!error)
		error = inode->file->store ? inode->file->store(inode->process, copy, length)
		                           : -EACCES;
	kfree(copy);
	if (error)
		return error;
	*position += length;
	return length;
}

static int proc_open(struct file *file)
{
	struct proc_inode *inode = proc_inode(file->inode);
	bool store = inode->kind == KIND_ENTRY ? inode->entry->store != NULL
	                                       : inode->file->store != NULL;

	return (file->flags & O_ACCMODE) != O_RDONLY && !store ? -EACCES : 0;
}

static void proc_close(struct file *file)
{
	if (file->private)
		text_destroy(file->private);
}

static const struct file_ops file_ops = {
	.read = proc_read,
	.write = proc_write,
	.open = proc_open,
	.close = proc_close,
};

/* --- the mount -------------------------------------------------------------------------- */

static int proc_statfs(struct file_system *fs, struct statfs64 *to)
{
	(void)fs;
	to->f_type = PROC_SUPER_MAGIC;
	return 0;
}

static const struct file_system_ops proc_ops = {.statfs = proc_statfs};

static int proc_mount(struct file_system *fs, struct inode **root)
{
	struct proc_inode *inode;

	fs->ops = &proc_ops;
	int error = entry_inode(fs, &root_entry, &inode);
	if (error)
		return error;
	inode->inode.links = 2;
	*root = &inode->inode;
	return 0;
}

const struct file_system_type proc_type = {
	.name = "proc",
	.names_change = true,
	.mount = proc_mount,
};
