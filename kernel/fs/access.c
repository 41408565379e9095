/* SPDX-License-Identifier: MIT */
/*
 * Who may do what with a file: the permission bits, for the ids of the process that calls.
 * path_resolution(7), and inode(7) on S_ISGID and S_ISVTX.
 */
#include <asm/errno.h>

#include "kernel/fs/fs.h"

static void (*caller_door)(struct caller *);

void vfs_set_caller_door(void (*tell)(struct caller *))
{
	caller_door = tell;
}

static struct caller caller_now(void)
{
	struct caller caller = {0};

	if (caller_door)
		caller_door(&caller);
	return caller;
}

static bool in_group(const struct caller *caller, uint32_t gid)
{
	if (caller->gid == gid)
		return true;
	for (uint32_t i = 0; i < caller->group_count; i++)
		if (caller->groups[i] == gid)
			return true;
	return false;
}

int inode_access(const struct inode *inode, uint32_t wanted)
{
	struct caller caller = caller_now();
	uint32_t allowed = inode->mode;

	if (caller.uid == 0) {
		/* Root may do all, but run what nobody may run. */
		bool runs = S_ISDIR(inode->mode) || inode->mode & 0111;
		allowed = ACCESS_READ | ACCESS_WRITE | (runs ? ACCESS_EXECUTE : 0);
	} else if (caller.uid == inode->uid) {
		allowed >>= 6;
	} else if (in_group(&caller, inode->gid)) {
		allowed >>= 3;
	}
	return wanted & ~allowed ? -EACCES : 0;
}

int inode_may_remove(const struct inode *dir, const struct inode *inode)
{
	uint32_t uid = caller_now().uid;
	int error = inode_access(dir, ACCESS_WRITE | ACCESS_EXECUTE);

	if (error || !(dir->mode & S_ISVTX))
		return error;
	return uid == 0 || uid == inode->uid || uid == dir->uid ? 0 : -EPERM;
}

void inode_own(struct inode *inode, const struct inode *dir)
{
	struct caller caller = caller_now();

	inode->uid = caller.uid;
	inode->gid = caller.gid;
	if (!dir || !(dir->mode & S_ISGID))
		return;
	inode->gid = dir->gid;
	if (S_ISDIR(inode->mode))
		inode->mode |= S_ISGID;
}
