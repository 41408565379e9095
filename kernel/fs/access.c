/* SPDX-License-Identifier: MIT */
/*
 * Rights on files: what kernel/rights.h wants to know of an inode, and whose a new one is
 * (inode(7) on S_ISGID and S_ISVTX).
 */
#include <asm/errno.h>

#include "kernel/fs/fs.h"

struct object inode_object(const struct inode *inode)
{
	return (struct object){.mode = inode->mode, .uid = inode->uid, .gid = inode->gid,
	                       .new_uid = inode->uid, .new_gid = inode->gid};
}

int inode_right(const struct inode *inode, enum right right)
{
	struct object object = inode_object(inode);

	return right_check(right, &object);
}

int inode_access(const struct inode *inode, uint32_t wanted)
{
	struct object object = inode_object(inode);
	bool lies_on_it = S_ISREG(inode->mode) || S_ISDIR(inode->mode) || S_ISLNK(inode->mode);

	if (wanted & ACCESS_WRITE && lies_on_it && inode->fs->read_only)
		return -EROFS;
	if (wanted & ACCESS_EXECUTE && S_ISREG(inode->mode) && inode_mounted(inode, MS_NOEXEC))
		return -EACCES;
	int error = right_access(&object, wanted);
	return inode->ops->access ? inode->ops->access(inode, error) : error;
}

int inode_may_remove(const struct inode *dir, const struct inode *inode)
{
	struct object object = inode_object(inode);
	int error = inode_access(dir, ACCESS_WRITE | ACCESS_EXECUTE);

	if (error || !(dir->mode & S_ISVTX))
		return error;
	object.directory_uid = dir->uid;
	return right_check(MAY_REMOVE_STICKY, &object);
}

/* Of the mode, the set-id bits that go when somebody without MAY_KEEP_SET_IDS writes to the file, or
 * when it is given away. S_ISGID without S_IXGRP once meant a mandatory lock: a member's stays. */
static uint32_t set_ids_to_drop(const struct inode *inode)
{
	uint32_t drop = inode->mode & S_ISUID;

	if (inode->mode & S_IXGRP || inode_right(inode, MAY_KEEP_GROUP_ID))
		drop |= inode->mode & S_ISGID;
	return drop;
}

void inode_written(struct inode *inode)
{
	if (S_ISREG(inode->mode) && inode->mode & (S_ISUID | S_ISGID) &&
	    inode_right(inode, MAY_KEEP_SET_IDS))
		inode->mode &= ~set_ids_to_drop(inode);
}

int inode_given_away(struct inode *inode)
{
	uint32_t drop = S_ISDIR(inode->mode) ? 0 : set_ids_to_drop(inode);
	int error = drop ? inode_right(inode, MAY_SET_MODE) : 0;

	if (!error)
		inode->mode &= ~drop;
	return error;
}

void inode_own(struct inode *inode, const struct inode *dir)
{
	const uint32_t program = S_ISGID | S_IXGRP;
	const struct credentials *caller = rights_caller();

	inode->uid = caller->fsuid;
	inode->gid = caller->fsgid;
	if (!dir || !(dir->mode & S_ISGID))
		return;
	inode->gid = dir->gid;
	if (S_ISDIR(inode->mode))
		inode->mode |= S_ISGID;
	else if ((inode->mode & program) == program && inode_right(inode, MAY_KEEP_GROUP_ID))
		inode->mode &= ~S_ISGID;
}
