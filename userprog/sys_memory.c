/* SPDX-License-Identifier: MIT */
/* The calls that shape the address space: mmap(2) and its kin. The work is done in vm/mmap. */
#include <linux/mount.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>

#include "kernel/fs/vfs.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/slab.h"
#include "kernel/trace.h"
#include "userprog/descriptor.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "vm/mmap.h"
#include "vm/page.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

static struct spt *own_space(void)
{
	return process_current()->spt;
}

/* ---- mapping ---- */

/* /dev/zero maps as anonymous memory does (zero(4)). */
static bool is_dev_zero(const struct file *file)
{
	const uint32_t dev_zero = 1 << 8 | 5; /* Linux's devices.txt */
	return file->inode && S_ISCHR(file->inode->mode) && file->inode->device == dev_zero;
}

/* Pipes and the files of /proc are, on Linux, in file systems that are mounted noexec. */
static bool is_where_programs_lie(const struct file *file, bool has_pages)
{
	return has_pages || (file->inode && !S_ISFIFO(file->inode->mode) &&
	                     !S_ISSOCK(file->inode->mode) && !S_ISREG(file->inode->mode));
}

/* Of other kinds of file none can be mapped. */
static struct mmap_object object_of(struct file *file)
{
	uint32_t mode = file->flags & O_ACCMODE;
	bool regular = file->inode && S_ISREG(file->inode->mode);
	bool has_pages = is_dev_zero(file) || (regular && file->inode->source.ops->read);
	return (struct mmap_object){
		.backing = regular ? &file->backing : NULL,
		.has_pages = has_pages,
		.may_execute = is_where_programs_lie(file, has_pages) &&
		               !inode_mounted(file->inode, MS_NOEXEC),
		.may_read = mode != O_WRONLY,
		.may_write = mode != O_RDONLY,
	};
}

static uintptr_t map_file(struct file *file, uintptr_t address, uint32_t length, int prot,
                          int flags, uint32_t first_page)
{
	if (file->flags & O_PATH)
		return (uintptr_t)-EBADF;
	struct mmap_object object = object_of(file);
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
	bool writes = shared && prot & PROT_WRITE && object.may_write;
	bool sealed = inode_is_sealed_for_writing(file->inode);
	if (writes && sealed)
		return (uintptr_t)-EPERM;
	object.may_write &= !(shared && sealed);
	uintptr_t place = vm_mmap(process_space_limited(), address, length, prot, flags, &object,
	                          first_page);
	/* Sealed meanwhile, by one who may not have seen the mapping. */
	if (!IS_ERROR(place) && writes && inode_is_sealed_for_writing(file->inode)) {
		vm_munmap(own_space(), place, length);
		return (uintptr_t)-EPERM;
	}
	return place;
}

static uintptr_t map(uintptr_t address, uint32_t length, int prot, int flags, int number,
                     uint32_t first_page)
{
	if (flags & MAP_ANONYMOUS)
		return vm_mmap(process_space_limited(), address, length, prot, flags, NULL,
		               first_page);
	struct file *file = descriptor_file(process_current()->files, number);
	if (!file)
		return (uintptr_t)-EBADF;
	uintptr_t result = map_file(file, address, length, prot, flags, first_page);
	file_put(file);
	return result;
}

static int32_t sys_mmap2(uintptr_t address, uint32_t length, int prot, int flags, int number,
                         uint32_t first_page)
{
	uintptr_t result = map(address, length, prot, flags, number, first_page);
	return trace_call(TRACE_CALL_MMAP, (int32_t)result, address, length, prot, flags);
}

/* The old call: six arguments in memory, and the offset in bytes. */
static int32_t sys_mmap(const uint32_t *user_arguments)
{
	uint32_t a[6];
	if (copy_from_user(a, user_arguments, sizeof a))
		return -EFAULT;
	if (page_offset(a[5]))
		return -EINVAL;
	return sys_mmap2(a[0], a[1], (int)a[2], (int)a[3], (int)a[4], page_number(a[5]));
}

static int32_t sys_munmap(uintptr_t address, uint32_t length)
{
	return trace_call(TRACE_CALL_MUNMAP, vm_munmap(own_space(), address, length), address,
	                  length, 0, 0);
}

static int32_t sys_mprotect(uintptr_t address, uint32_t length, int prot)
{
	return trace_call(TRACE_CALL_MPROTECT, vm_mprotect(process_space_limited(), address, length, prot),
	                  address, length, (uint32_t)prot, 0);
}

static int32_t sys_mremap(uintptr_t old, uint32_t old_length, uint32_t new_length, int flags,
                          uintptr_t new_address)
{
	uintptr_t result = vm_mremap(process_space_limited(), old, old_length, new_length, flags, new_address);
	return trace_call(TRACE_CALL_MREMAP, (int32_t)result, old, old_length, new_length,
	                  (uint32_t)flags);
}

static int32_t sys_remap_file_pages(uintptr_t address, uint32_t length, int prot,
                                    uint32_t first_page, int flags)
{
	return vm_remap_file_pages(process_space_limited(), address, length, prot, first_page, flags);
}

static int32_t sys_brk(uintptr_t new_break)
{
	return trace_call(TRACE_CALL_BRK, (int32_t)vm_brk(process_space_limited(), new_break), new_break, 0, 0,
	                  0);
}

static int32_t sys_msync(uintptr_t address, uint32_t length, int flags)
{
	return trace_call(TRACE_CALL_MSYNC, vm_msync(own_space(), address, length, flags), address,
	                  length, (uint32_t)flags, 0);
}

static int32_t sys_madvise(uintptr_t address, uint32_t length, int advice)
{
	return trace_call(TRACE_CALL_MADVISE, vm_madvise(own_space(), address, length, advice),
	                  address, length, (uint32_t)advice, 0);
}

static int32_t sys_mseal(uintptr_t address, uint32_t length, int flags)
{
	return vm_mseal(own_space(), address, length, flags);
}

/* A page of answers at a time. */
static int32_t sys_mincore(uintptr_t address, uint32_t length, unsigned char *user_to)
{
	uint32_t pages = page_number(page_round_up(length));
	int error = 0;
	if (page_offset(address))
		return -EINVAL;
	if (length > USER_END || address > USER_END - length)
		return -ENOMEM;
	unsigned char *answers = kmalloc(PAGE_SIZE);
	if (!answers)
		return -EAGAIN;
	for (uint32_t done = 0; done < pages && !error; done += PAGE_SIZE) {
		uint32_t n = pages - done < PAGE_SIZE ? pages - done : PAGE_SIZE;
		error = vm_mincore(own_space(), address + (done << PAGE_SHIFT), n, answers);
		if (!error)
			error = copy_to_user(user_to + done, answers, n);
	}
	kfree(answers);
	return error;
}

/* ---- locking in memory ---- */

static int32_t lock(uintptr_t address, uint32_t length, int flags)
{
	return trace_call(TRACE_CALL_MLOCK,
	                  vm_mlock(process_space_limited(), address, length, flags), address, length,
	                  1, 0);
}

static int32_t sys_mlock(uintptr_t address, uint32_t length)
{
	return lock(address, length, 0);
}

static int32_t sys_mlock2(uintptr_t address, uint32_t length, int flags)
{
	return lock(address, length, flags);
}

static int32_t sys_munlock(uintptr_t address, uint32_t length)
{
	return trace_call(TRACE_CALL_MLOCK, vm_munlock(own_space(), address, length), address,
	                  length, 0, 0);
}

static int32_t sys_mlockall(int flags)
{
	return flags ? vm_mlockall(process_space_limited(), flags) : -EINVAL;
}

static int32_t sys_munlockall(void)
{
	return vm_mlockall(own_space(), 0);
}

const struct system_call memory_calls[] = {
	CALL(mmap2, 6),
	CALL(mmap, 1),
	CALL(munmap, 2),
	CALL(mprotect, 3),
	CALL(mremap, 5),
	CALL(brk, 1),
	CALL(remap_file_pages, 5),
	CALL(msync, 3),
	CALL(madvise, 3),
	CALL(mseal, 3),
	CALL(mincore, 3),
	CALL(mlock, 2),
	CALL(mlock2, 3),
	CALL(munlock, 2),
	CALL(mlockall, 1),
	CALL(munlockall, 0),
	CALLS_END,
};
