/* SPDX-License-Identifier: MIT */
/* Start-up, from the boot code's jump on: each part in the order in which they need each
 * other, lowest layer first. */
#include <linux/magic.h>

#include "boot/multiboot.h"
#include "kernel/boot_args.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/irq.h"
#include "kernel/dev/block.h"
#include "kernel/dev/dev.h"
#include "kernel/fs/vfs.h"
#include "kernel/log.h"
#include "kernel/mem/kmap.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "kernel/watch.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "userprog/process.h"
#include "vm/start.h"
#include "vm/swapon.h"

_Noreturn void kernel_main(uint32_t magic, physaddr_t info_address);

/* The loader's information, which must lie in what the boot code mapped. */
static const struct multiboot_info *boot_info(uint32_t magic, physaddr_t address)
{
	if (magic != MULTIBOOT_LOADER_MAGIC)
		panic("not started by a Multiboot boot loader (magic %#x)", magic);
	if (address >= LOW_RAM_MAPPED)
		panic("the boot loader left its information too high (%#x)", address);
	return phys_to_virt(address);
}

/* What a disk's first page says that it holds: an ext2 file system, or mkswap(8)'s slots. */
enum content { UNKNOWN, EXT2, SWAP };

#define EXT2_MAGIC_AT 1080u
#define SWAP_MAGIC_AT (PAGE_SIZE - 10)

static enum content content_of(struct block_device *device)
{
	char *page = kmalloc(PAGE_SIZE);
	enum content content = UNKNOWN;
	uint16_t magic;
	if (page && block_transfer(device, false, 0, page, SECTORS_PER_PAGE) == 0) {
		memcpy(&magic, page + EXT2_MAGIC_AT, sizeof(magic));
		if (magic == EXT2_SUPER_MAGIC)
			content = EXT2;
		else if (!memcmp(page + SWAP_MAGIC_AT, "SWAPSPACE2", 10))
			content = SWAP;
	}
	kfree(page);
	return content;
}

static struct block_device *first_with(enum content content)
{
	struct block_device *device;
	for (unsigned i = 0; (device = block_at(i)); i++)
		if (content_of(device) == content)
			return device;
	return NULL;
}

/* The disk that `name`= on the command line says; if there is none such, the first that holds what
 * is wanted, which is said. NULL: none. */
static struct block_device *disk(const char *name, enum content content)
{
	const char *chosen = boot_arg(name);
	struct block_device *device = chosen ? block_find(chosen) : NULL;
	if (device)
		return device;
	device = first_with(content);
	if (chosen)
		log_print("%s=%s: there is no such disk; %s%s", name, chosen,
		          device ? "taking " : "and no other will do", device ? device->name : "");
	else if (device)
		log_print("%s: no disk is named, taking %s", name, device->name);
	return device;
}

static void start_swap(struct block_device *device)
{
	char name[16];
	snprintf(name, sizeof(name), "/dev/%s", device->name);
	swap_on(name, device, NULL); /* says itself why not */
}

/* What needs threads and interrupts: disks are read from here on. */
static void start_system(void)
{
	vm_start();
	struct block_device *root = disk("root", EXT2);
	if (!root)
		panic("no disk holds an ext2 file system to start from");
	int error = vfs_init(root->name);
	if (error)
		panic("the root disk %s cannot be used: error %d", root->name, -error);
	struct block_device *swap = disk("swap", SWAP);
	if (swap)
		start_swap(swap);
	process_init();
	process_start_init();
}

void kernel_main(uint32_t magic, physaddr_t info_address)
{
	const struct multiboot_info *info = boot_info(magic, info_address);
	boot_args_init(info->flags & MULTIBOOT_HAS_COMMAND_LINE
	               ? phys_to_virt(info->command_line) : "");
	cpu_init();
	physmem_init(info);
	kernel_map_init();
	irq_init();
	clock_init();
	thread_init();
	watch_init();
	dev_init();
	vm_init();
	vfs_caches_init();
	physmem_ready();
	__asm__ volatile("sti");
	log_print("Pagoda: %u of %u KiB of memory free", physmem_free() * 4,
	          physmem_total() * 4);
#ifdef PAGODA_PAE
	if (!this_cpu()->has_no_execute)
		log_print("this processor has no NX: what can be read can be executed");
#endif
	if (physmem_beyond())
		log_print("%u KiB of memory are not used: the kernel reaches RAM below %u MiB only",
		          physmem_beyond(), DIRECT_MAP_MAX >> 20);
	start_system();
	thread_exit();
}
