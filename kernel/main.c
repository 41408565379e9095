/* SPDX-License-Identifier: MIT */
/* Start-up, from the boot code's jump on: each part in the order in which they need each
 * other, lowest layer first. */
#include "boot/multiboot.h"
#include "kernel/boot_args.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/irq.h"
#include "kernel/dev/block.h"
#include "kernel/dev/dev.h"
#include "kernel/fs/vfs.h"
#include "kernel/dev/dev.h"
#include "kernel/log.h"
#include "kernel/mem/kmap.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/physmem.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "lib/printf.h"
#include "userprog/process.h"
#include "vm/swap.h"
#include "vm/vm.h"

_Noreturn void kernel_main(uint32_t magic, physaddr_t info_address);

/* The loader's information, which must lie in what the boot code mapped. */
static const struct multiboot_info *boot_info(uint32_t magic, physaddr_t address)
{
	if (magic != MULTIBOOT_LOADER_MAGIC)
		panic("not started by a Multiboot boot loader (magic %#x)", magic);
	if (address >= LARGE_PAGE_SIZE)
		panic("the boot loader left its information too high (%#x)", address);
	return phys_to_virt(address);
}

/* The disk that `name`= on the command line says, or the index-th one; NULL if there is none. */
static struct block_device *disk(const char *name, unsigned index)
{
	const char *chosen = boot_arg(name);
	return chosen ? block_find(chosen) : block_at(index);
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
	struct block_device *root = disk("root", 0);
	if (!root)
		panic("there is no root disk; name one with root=vda on the command line");
	int error = vfs_init(root->name);
	if (error)
		panic("the root disk %s cannot be used: error %d", root->name, -error);
	struct block_device *swap = disk("swap", 1);
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
	dev_init();
	vm_init();
	physmem_ready();
	__asm__ volatile("sti");
	log_print("Pagoda: %u of %u KiB of memory free", physmem_free() * 4,
	          physmem_total() * 4);
	start_system();
	thread_exit();
}
