/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys/fs and /proc/sys/kernel as far as they are about limits, random numbers and what the
 * kernel is built for; and which devices there are. Formats are Linux's: proc_sys_fs(5),
 * proc_sys_kernel(5), proc_partitions(5), proc_devices(5).
 */
#include <asm/errno.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <linux/major.h>

#include "kernel/dev/block.h"
#include "kernel/dev/random.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/lease.h"
#include "kernel/fs/notify.h"
#include "kernel/fs/procfs.h"
#include "lib/string.h"
#include "vm/page.h"

#define KIB_SECTORS 2u
#define RANDOM_BITS 256u /* of the generator's state */
#define LEAST_ADDRESS PAGE_SIZE

/* --- limits and facts ------------------------------------------------------------------- */

static void file_nr_show(struct text *text)
{
	text_print(text, "%u\t0\t%u\n", files_open(), files_limit());
}

static uint32_t groups_most(void)
{
	return NGROUPS_MAX;
}

static uint32_t last_capability(void)
{
	return CAP_LAST_CAP;
}

/* Programs, stacks and areas lie where they lay the last time: so a lesson can be repeated. */
static uint32_t randomness_of_places(void)
{
	return 0;
}

/* The lowest address that anybody may map. */
static uint32_t least_address(void)
{
	return LEAST_ADDRESS;
}

static uint32_t random_bits(void)
{
	return RANDOM_BITS;
}

static const struct procfs_number numbers[] = {
	{"sys/fs/file-max", files_limit, files_set_limit},
	{"sys/fs/pipe-max-size", pipe_size_limit, pipe_set_size_limit},
	{"sys/fs/pipe-user-pages-soft", pipe_user_soft_limit, pipe_set_user_soft_limit},
	{"sys/fs/pipe-user-pages-hard", pipe_user_hard_limit, pipe_set_user_hard_limit},
	{"sys/fs/leases-enable", leases_enabled, leases_enable},
	{"sys/fs/lease-break-time", lease_break_seconds, lease_set_break_seconds},
	{"sys/fs/dir-notify-enable", notify_by_signal_enabled, notify_by_signal_enable},
	{"sys/fs/inotify/max_queued_events", notify_events_most, NULL},
	{"sys/fs/inotify/max_user_instances", notify_instances_most, NULL},
	{"sys/fs/inotify/max_user_watches", notify_watches_most, NULL},
	{"sys/kernel/ngroups_max", groups_most, NULL},
	{"sys/kernel/cap_last_cap", last_capability, NULL},
	{"sys/kernel/randomize_va_space", randomness_of_places, NULL},
	{"sys/kernel/random/entropy_avail", random_bits, NULL},
	{"sys/kernel/random/poolsize", random_bits, NULL},
	{"sys/vm/mmap_min_addr", least_address, NULL},
};

/* --- random names ----------------------------------------------------------------------- */

/* Version 4, variant 1 of RFC 9562: random but for these six bits. */
static void uuid_make(uint8_t bytes[16])
{
	random_bytes(bytes, 16);
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
}

static void uuid_print(struct text *text, const uint8_t bytes[16])
{
	for (int i = 0; i < 16; i++)
		text_print(text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
		           bytes[i]);
	text_print(text, "\n");
}

static void uuid_show(struct text *text)
{
	uint8_t bytes[16];

	uuid_make(bytes);
	uuid_print(text, bytes);
}

static uint8_t boot_id[16]; /* of this run of the kernel; all zeros until somebody asks */
static struct mutex boot_id_lock = MUTEX_INIT(boot_id_lock, "boot id");

static void boot_id_show(struct text *text)
{
	mutex_lock(&boot_id_lock);
	if (!boot_id[8]) /* never 0 in one that was made */
		uuid_make(boot_id);
	mutex_unlock(&boot_id_lock);
	uuid_print(text, boot_id);
}

/* --- devices ---------------------------------------------------------------------------- */

static uint32_t number_of(const struct block_device *device)
{
	struct inode *node = block_node_by_name(device->name);
	uint32_t number = node->device;

	inode_put(node);
	return number;
}

static void partitions_show(struct text *text)
{
	struct block_device *device;

	text_print(text, "major minor  #blocks  name\n\n");
	for (unsigned i = 0; (device = block_at(i)); i++) {
		uint32_t number = number_of(device);

		if (!device->sectors)
			continue;
		text_print(text, "%4u  %7u %10u %s\n", number >> MINOR_BITS,
		           number & ((1u << MINOR_BITS) - 1), device->sectors / KIB_SECTORS,
		           device->name);
	}
}

static const char *driver_of(uint32_t major)
{
	switch (major) {
	case IDE0_MAJOR: return "ide0";
	case IDE1_MAJOR: return "ide1";
	case LOOP_MAJOR: return "loop";
	default: return "virtblk";
	}
}

/* Each driver once, however many disks it has; those of one driver follow each other. */
static void devices_show(struct text *text)
{
	struct block_device *device;
	uint32_t before = 0;

	text_print(text, "Character devices:\n%3u mem\n%3u ttyS\n%3u /dev/tty\n%3u /dev/console\n"
	           "%3u misc\n", MEM_MAJOR, TTY_MAJOR, TTYAUX_MAJOR, TTYAUX_MAJOR, MISC_MAJOR);
	text_print(text, "\nBlock devices:\n");
	for (unsigned i = 0; (device = block_at(i)); i++) {
		uint32_t major = number_of(device) >> MINOR_BITS;

		if (major != before)
			text_print(text, "%3u %s\n", major, driver_of(major));
		before = major;
	}
}

void procfs_register_sys(void)
{
	procfs_register_numbers(numbers, sizeof(numbers) / sizeof(numbers[0]));
	procfs_register("sys/fs/file-nr", file_nr_show, NULL);
	procfs_register("sys/kernel/random/uuid", uuid_show, NULL);
	procfs_register("sys/kernel/random/boot_id", boot_id_show, NULL);
	procfs_register("partitions", partitions_show, NULL);
	procfs_register("devices", devices_show, NULL);
}
