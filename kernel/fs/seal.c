/* SPDX-License-Identifier: MIT */
/*
 * Seals on files in memory (fcntl(2), "File sealing"): what is promised never to happen to a file
 * any more, so that who is handed one by somebody he does not trust can rely on its content and
 * size. Seals are only ever added. They are looked at where sizes change, bytes are written and
 * pages are mapped.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "kernel/fs/fs.h"
#include "vm/shmem.h"

#define SEALS_KNOWN \
	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

static bool can_be_sealed(const struct inode *inode)
{
	return S_ISREG(inode->mode) && inode->source.shmem;
}

int file_seals(struct file *file)
{
	return can_be_sealed(file->inode) ? (int)file->inode->seals : -EINVAL;
}

int file_add_seals(struct file *file, uint32_t seals)
{
	struct inode *inode = file->inode;

	if (file_may_write(file, false))
		return -EPERM;
	if (seals & ~(uint32_t)SEALS_KNOWN || !can_be_sealed(inode))
		return -EINVAL;
	SCOPED_MUTEX(&inode->lock);
	if (inode->seals & F_SEAL_SEAL)
		return -EPERM;
	uint32_t before = inode->seals;
	/* First, so that a mapping that is being made sees it, or is seen. */
	__atomic_store_n(&inode->seals, before | seals, __ATOMIC_SEQ_CST);
	if (seals & F_SEAL_WRITE && !(before & F_SEAL_WRITE) &&
	    shmem_mapped_writable(inode->source.shmem)) {
		__atomic_store_n(&inode->seals, before, __ATOMIC_SEQ_CST);
		return -EBUSY;
	}
	return 0;
}

int inode_check_seals(const struct inode *inode, uint64_t size, bool writes)
{
	uint32_t seals = inode->seals;
	bool sealed = (writes && seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) ||
	              (size > inode->source.size && seals & F_SEAL_GROW) ||
	              (size < inode->source.size && seals & F_SEAL_SHRINK);

	return sealed ? -EPERM : 0;
}

bool inode_is_sealed_for_writing(const struct inode *inode)
{
	return __atomic_load_n(&inode->seals, __ATOMIC_SEQ_CST) &
	       (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
}
