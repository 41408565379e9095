/* SPDX-License-Identifier: MIT */
/*
 * Files that are no place for bytes but stand for something else: a count, a timer, a process.
 * They have no name; /proc/PID/fd tells of them as "anon_inode:[...]".
 */
#include <asm/errno.h>

#include "kernel/fs/fs.h"
#include "kernel/mem/slab.h"
#include "lib/printf.h"

static struct slab_cache inode_slab = SLAB_CACHE("nameless_inode", sizeof(struct inode));
static struct file_system *nameless_fs;
static uint32_t last_number;

static void nameless_release(struct inode *inode)
{
	slab_free(&inode_slab, inode);
}

static const struct inode_ops nameless_ops = {.release = nameless_release};
static const struct page_source_ops no_pages;
static const struct file_system_ops fs_ops;
static const struct file_system_type fs_type = {.name = "anon_inodefs"};

int nameless_init(void)
{
	nameless_fs = file_system_create(&fs_type, "anon_inode");
	if (!nameless_fs)
		return -ENOMEM;
	nameless_fs->ops = &fs_ops;
	return 0;
}

int nameless_open(const char *kind, const struct file_ops *ops, void *private, uint32_t flags,
                  struct file **opened)
{
	struct inode *inode = slab_alloc(&inode_slab);
	char name[32];

	if (!inode)
		return -ENOMEM;
	inode_init(inode, nameless_fs, &nameless_ops, &no_pages, 0600);
	inode->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	inode->file_ops = ops;
	inode_own(inode, NULL);
	snprintf(name, sizeof name, "anon_inode:[%s]", kind);
	struct dentry *dentry = dentry_create_nameless(inode, name);
	if (!dentry)
		return -ENOMEM;
	int error = file_open_dentry(dentry, flags, opened);
	if (!error) {
		(*opened)->private = private;
		(*opened)->stream = true;
	}
	dentry_put(dentry);
	return error;
}
