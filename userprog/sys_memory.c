/* SPDX-License-Identifier: MIT */
/* The calls that shape the address space: mmap(2) and its kin. The work is done in vm/mmap. */
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

/* Maps the open file, if its mode of opening allows what is asked (mmap(2), EACCES). */
static uintptr_t map_file(struct file *file, uintptr_t address, uint32_t length, int prot,
                          int flags, uint32_t first_page)
{
	uint32_t mode = file->flags & O_ACCMODE;
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
	if (!file->inode || !S_ISREG(file->inode->mode))
		return (uintptr_t)-ENODEV;
	if (mode == O_WRONLY)
		return (uintptr_t)-EACCES;
	return vm_mmap(own_space(), address, length, prot, flags, &file->inode->source, first_page,
	               !shared || mode == O_RDWR);
}

/* /dev/zero maps as anonymous memory does (zero(4)). */
static bool is_dev_zero(const struct file *file)
{
	const uint32_t dev_zero = 1 << 8 | 5; /* Linux's devices.txt */
	return file->inode && S_ISCHR(file->inode->mode) && file->inode->device == dev_zero;
}

static uintptr_t map(uintptr_t address, uint32_t length, int prot, int flags, int number,
                     uint32_t first_page)
{
	if (flags & MAP_ANONYMOUS)
		return vm_mmap(own_space(), address, length, prot, flags, NULL, 0, true);
	struct file *file = descriptor_file(process_current()->files, number);
	if (!file)
		return (uintptr_t)-EBADF;
	uintptr_t result =
		is_dev_zero(file)
			? vm_mmap(own_space(), address, length, prot, flags | MAP_ANONYMOUS, NULL,
	                          0, true)
			: map_file(file, address, length, prot, flags, first_page);
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
	return trace_call(TRACE_CALL_MPROTECT, vm_mprotect(own_space(), address, length, prot),
	                  address, length, (uint32_t)prot, 0);
}

static int32_t sys_mremap(uintptr_t old, uint32_t old_length, uint32_t new_length, int flags,
                          uintptr_t new_address)
{
	uintptr_t result = vm_mremap(own_space(), old, old_length, new_length, flags, new_address);
	return trace_call(TRACE_CALL_MREMAP, (int32_t)result, old, old_length, new_length,
	                  (uint32_t)flags);
}

static int32_t sys_brk(uintptr_t new_break)
{
	return trace_call(TRACE_CALL_BRK, (int32_t)vm_brk(own_space(), new_break), new_break, 0, 0,
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

static int32_t sys_mlock(uintptr_t address, uint32_t length)
{
	return trace_call(TRACE_CALL_MLOCK, vm_mlock(own_space(), address, length, true), address,
	                  length, 1, 0);
}

static int32_t sys_mlock2(uintptr_t address, uint32_t length, int flags)
{
	return flags ? -EINVAL : sys_mlock(address, length);
}

static int32_t sys_munlock(uintptr_t address, uint32_t length)
{
	return trace_call(TRACE_CALL_MLOCK, vm_mlock(own_space(), address, length, false), address,
	                  length, 0, 0);
}

static int32_t sys_mlockall(int flags)
{
	if (!flags || flags & ~(MCL_CURRENT | MCL_FUTURE))
		return -EINVAL;
	return vm_mlockall(own_space(), flags);
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
	CALL(msync, 3),
	CALL(madvise, 3),
	CALL(mincore, 3),
	CALL(mlock, 2),
	CALL(mlock2, 3),
	CALL(munlock, 2),
	CALL(mlockall, 1),
	CALL(munlockall, 0),
	CALLS_END,
};
