/* SPDX-License-Identifier: MIT */
/* The machine as a whole: its name, its memory, its log, mounts, swap, random bytes, the end. */
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/membarrier.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/stat.h>
#include <linux/sysinfo.h>
#include <linux/utsname.h>

#include "kernel/dev/block.h"
#include "kernel/dev/power.h"
#include "kernel/dev/random.h"
#include "kernel/fs/vfs.h"
#include "kernel/identity.h"
#include "kernel/log.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "userprog/path.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "vm/page.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/swapon.h"
#include "vm/usercopy.h"


/* ---- names ---- */

static int32_t sys_uname(struct new_utsname *user_names)
{
	struct new_utsname names = {
		.sysname = IDENTITY_SYSTEM,
		.release = IDENTITY_RELEASE,
		.version = IDENTITY_VERSION,
		.machine = IDENTITY_MACHINE,
	};
	identity_name(IDENTITY_HOST, names.nodename);
	identity_name(IDENTITY_DOMAIN, names.domainname);
	return copy_to_user(user_names, &names, sizeof names);
}

/* A new name, if the caller may give it. */
static int set_name(enum identity_name which, const char *user_name, int length)
{
	char name[__NEW_UTS_LEN + 1] = {0};
	if (!right_has(MAY_NAME_HOST, NULL))
		return -EPERM;
	if (length < 0 || length > __NEW_UTS_LEN)
		return -EINVAL;
	int error = copy_from_user(name, user_name, (size_t)length);
	return error ? error : identity_set_name(which, name, strlen(name));
}

static int32_t sys_sethostname(const char *user_name, int length)
{
	return set_name(IDENTITY_HOST, user_name, length);
}

static int32_t sys_setdomainname(const char *user_name, int length)
{
	return set_name(IDENTITY_DOMAIN, user_name, length);
}

/* ---- how it is ---- */

static uint16_t count_processes(void)
{
	uint16_t count = 0;
	uint32_t flags = spin_lock_irq(&process_lock);
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		count++;
	spin_unlock_irq(&process_lock, flags);
	return count;
}

static int32_t sys_sysinfo(struct sysinfo *user_info)
{
	struct sysinfo info = {
		.uptime = (long)(clock_now() / NS_PER_SECOND),
		.totalram = physmem_total(),
		.freeram = physmem_free(),
		.totalswap = swap_total(),
		.freeswap = swap_total() - swap_used(),
		.procs = count_processes(),
		.mem_unit = PAGE_SIZE,
	};
	return copy_to_user(user_info, &info, sizeof info);
}

/* syslog(2), by number as the manual lists them. */
enum {
	LOG_CLOSE, LOG_OPEN, LOG_READ, LOG_READ_ALL, LOG_READ_CLEAR, LOG_CLEAR,
	LOG_CONSOLE_OFF, LOG_CONSOLE_ON, LOG_CONSOLE_LEVEL, LOG_SIZE_UNREAD, LOG_SIZE_BUFFER
};

#define LOG_PIECE 256u
#define LOG_LOOK (NS_PER_SECOND / 10) /* how often who waits looks whether there is more */

static struct mutex log_lock = MUTEX_INIT(log_lock, "log readers");
static uint32_t log_cleared, log_taken; /* log_lock: what was before is not told again, */
static int console_before = -1; /* log_lock: of the console's level, while it is off */

/* Up to `size` bytes from there on; `from` becomes the first of what is left. */
static int log_to_user(uint32_t *from, char *user_to, size_t size)
{
	char piece[LOG_PIECE];
	size_t done = 0, n;
	for (; done < size; done += n, *from += n) {
		n = log_read(from, piece, size - done < LOG_PIECE ? size - done : LOG_PIECE);
		if (!n)
			break;
		if (copy_to_user(user_to + done, piece, n))
			return done ? (int)done : -EFAULT;
	}
	return (int)done;
}

/* The newest since it was cleared. log_lock held. */
static int log_tell_newest(char *user_to, size_t size, bool clear)
{
	uint32_t start = log_start(), end = log_end();
	uint32_t from = (int32_t)(log_cleared - start) > 0 ? log_cleared : start;
	if (end - from > size)
		from = end - size;
	int n = log_to_user(&from, user_to, size);
	if (clear && n >= 0)
		log_cleared = end;
	return n;
}

static uint32_t log_untaken(void)
{
	uint32_t start = log_start();
	return log_end() - ((int32_t)(log_taken - start) > 0 ? log_taken : start);
}

/* What nobody has taken yet; waits for some. Messages come from where nobody may be woken. */
static int log_take(char *user_to, size_t size)
{
	static struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
	int error;
	do
		error = WAIT_FOR(&nobody, log_untaken(), true, clock_now() + LOG_LOOK);
	while (error == -ETIMEDOUT);
	if (error)
		return error;
	SCOPED_MUTEX(&log_lock);
	return log_to_user(&log_taken, user_to, size);
}

static int log_read_call(int type, char *user_to, int size)
{
	if (!user_to || size < 0)
		return -EINVAL;
	if (!size)
		return 0;
	if (type == LOG_READ)
		return log_take(user_to, (size_t)size);
	SCOPED_MUTEX(&log_lock);
	return log_tell_newest(user_to, (size_t)size, type == LOG_READ_CLEAR);
}

static int log_clear(void)
{
	SCOPED_MUTEX(&log_lock);
	log_cleared = log_end();
	return 0;
}

/* The console's level, which is never less than the least there is. log_lock held. */
static void console_set(int level, int before)
{
	struct log_levels levels = log_levels_get();
	levels.console = level < levels.least ? levels.least : level;
	console_before = before;
	log_levels_set(&levels);
}

static int console_change(int type, int level)
{
	struct log_levels now = log_levels_get();
	SCOPED_MUTEX(&log_lock);
	if (type == LOG_CONSOLE_LEVEL)
		console_set(level, -1);
	else if (type == LOG_CONSOLE_OFF)
		console_set(now.least, console_before < 0 ? now.console : console_before);
	else if (console_before >= 0)
		console_set(console_before, -1);
	return 0;
}

/* What anybody may do: read it whole. */
static bool log_is_open(int type)
{
	return type == LOG_READ_ALL || type == LOG_SIZE_BUFFER;
}

static int32_t sys_syslog(int type, char *user_to, int size)
{
	int error = log_is_open(type) ? 0 : right_check(MAY_READ_LOG, NULL);
	if (error)
		return error;
	switch (type) {
	case LOG_READ:
	case LOG_READ_ALL:
	case LOG_READ_CLEAR:
		return log_read_call(type, user_to, size);
	case LOG_SIZE_BUFFER:
		return LOG_SIZE;
	case LOG_SIZE_UNREAD:
		return (int32_t)log_untaken();
	case LOG_CLEAR:
		return log_clear();
	case LOG_CLOSE:
	case LOG_OPEN:
		return 0;
	case LOG_CONSOLE_LEVEL:
		if (size < 1 || size > 8)
			return -EINVAL;
		/* fall through */
	case LOG_CONSOLE_OFF:
	case LOG_CONSOLE_ON:
		return console_change(type, size);
	default:
		return -EINVAL;
	}
}

#define RANDOM_PIECE 256u

static int32_t sys_getrandom(uint8_t *user_to, size_t size, uint32_t flags)
{
	uint8_t bytes[RANDOM_PIECE];
	size_t done = 0;
	if (flags & ~(uint32_t)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if (size > INT32_MAX)
		size = INT32_MAX;
	while (done < size) {
		size_t n = size - done < RANDOM_PIECE ? size - done : RANDOM_PIECE;
		random_bytes(bytes, n);
		if (copy_to_user(user_to + done, bytes, n))
			return done ? (int32_t)done : -EFAULT;
		done += n;
		if (signal_pending() && done < size)
			break;
	}
	return (int32_t)done;
}

/* ---- mounts and swap ---- */

/* The number of the type of this name; if there is none, how many there are. */
static int32_t file_system_index(const char *asked)
{
	const char *name;
	uint32_t index = 0;
	while ((name = file_system_type_name(index)) && strcmp(name, asked) != 0)
		index++;
	return (int32_t)index;
}

static int32_t file_system_number(const char *user_asked)
{
	char asked[32];
	ssize_t length = copy_string_from_user(asked, user_asked, sizeof asked);
	if (length < 0)
		return length == -ENAMETOOLONG ? -EINVAL : (int32_t)length;
	int32_t index = file_system_index(asked);
	return file_system_type_name((uint32_t)index) ? index : -EINVAL;
}

/* sysfs(2): the number of a type of file systems, its name, how many they are. */
static int32_t sys_sysfs(int option, uintptr_t first, char *user_name)
{
	const char *name = file_system_type_name(first);
	switch (option) {
	case 1:
		return file_system_number((const char *)first);
	case 2:
		return name ? copy_to_user(user_name, name, strlen(name) + 1) : -EINVAL;
	case 3:
		return file_system_index("");
	default:
		return -EINVAL;
	}
}

static int32_t sys_mount(const char *user_source, const char *user_path, const char *user_type,
                         uint32_t flags, const char *user_options)
{
	struct place place;
	char *source = NULL, type[16] = "", options[128] = "";
	if (!right_has(MAY_MOUNT, NULL))
		return -EPERM;
	if (user_type && copy_string_from_user(type, user_type, sizeof type) < 0)
		return -ENODEV;
	int error = user_options ? copy_string_from_user(options, user_options, sizeof options) : 0;
	if (error >= 0)
		error = user_source ? path_from_user(user_source, &source) : 0;
	if (error)
		return error;
	error = place_get(&place, AT_FDCWD, user_path, false);
	if (!error) {
		error = vfs_mount(source ? source : "none", place.at, place.path, type, flags,
		                  options);
		place_put(&place);
	}
	kfree(source);
	return error;
}

/* umount2(2). MNT_FORCE: what the disk cannot take any more is lost. */
static int32_t sys_umount2(const char *user_path, uint32_t flags)
{
	struct place place;
	if (!right_has(MAY_MOUNT, NULL))
		return -EPERM;
	if (flags & ~(uint32_t)(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW) ||
	    (flags & MNT_EXPIRE && flags & (MNT_FORCE | MNT_DETACH)))
		return -EINVAL;
	int error = place_get(&place, AT_FDCWD, user_path, false);
	if (error)
		return error;
	error = vfs_unmount(place.at, place.path, flags);
	place_put(&place);
	return error;
}

static int32_t sys_umount(const char *user_path)
{
	return sys_umount2(user_path, 0);
}

/* What root's path names: a block device, by its node's own name as devfs gave it, or a regular
 * file. `path` becomes the absolute one. The dentry comes with a reference. */
static int find_swap(const char *user_path, char *path, size_t size, struct dentry **dentry)
{
	if (!right_has(MAY_SWAP, NULL))
		return -EPERM;
	int error = place_lookup(AT_FDCWD, user_path, 0, dentry);
	if (error)
		return error;
	uint32_t type = dentry_inode(*dentry)->mode & S_IFMT;
	error = dentry_path(*dentry, path, size);
	if (error >= 0)
		error = type == S_IFBLK || type == S_IFREG ? 0 : -EINVAL;
	if (error)
		dentry_put(*dentry);
	return error;
}

/* What was written through the device's node, such as mkswap's header, comes first. */
static int device_swap_on(const char *path, struct block_device *device)
{
	if (swap_uses_disk(device))
		return -EBUSY;
	int error = vfs_device_clear(device);
	return error ? error : swap_on(path, device, NULL);
}

static int32_t sys_swapon(const char *user_path)
{
	char path[64];
	struct dentry *dentry;
	int error = find_swap(user_path, path, sizeof path, &dentry);
	if (error)
		return error;
	struct inode *inode = dentry_inode(dentry);
	struct block_device *device = block_find(strrchr(path, '/') + 1);
	if (S_ISREG(inode->mode))
		error = swap_on(path, inode_disk(inode), &inode->source);
	else
		error = device ? device_swap_on(path, device) : -ENXIO;
	dentry_put(dentry);
	return error;
}

static int32_t sys_swapoff(const char *user_path)
{
	char path[64];
	struct dentry *dentry;
	int error = find_swap(user_path, path, sizeof path, &dentry);
	if (error)
		return error;
	dentry_put(dentry);
	error = swap_off(path);
	const struct block_device *device = block_find(strrchr(path, '/') + 1);
	return error || !device ? error : vfs_device_clear(device);
}

/* ---- the end ---- */

/* "exit=3", the argument of RESTART2: what the machine is to report. */
static int exit_status_of(const char *user_command, uint32_t *status)
{
	static const char prefix[] = "exit=";
	char command[16];
	ssize_t n = copy_string_from_user(command, user_command, sizeof command);
	if (n < 0)
		return (int)n;
	if (strncmp(command, prefix, sizeof prefix - 1) != 0)
		return -EINVAL;
	*status = strtoul(command + sizeof prefix - 1, NULL, 10);
	return 0;
}

static bool magic_is_right(uint32_t first, uint32_t second)
{
	return first == LINUX_REBOOT_MAGIC1 &&
	       (second == LINUX_REBOOT_MAGIC2 || second == LINUX_REBOOT_MAGIC2A ||
	        second == LINUX_REBOOT_MAGIC2B || second == LINUX_REBOOT_MAGIC2C);
}

static int32_t sys_reboot(uint32_t first, uint32_t second, uint32_t command,
                          const char *user_command)
{
	uint32_t status = 0;
	if (!right_has(MAY_REBOOT, NULL))
		return -EPERM;
	if (!magic_is_right(first, second))
		return -EINVAL;
	switch (command) {
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		return 0;
	case LINUX_REBOOT_CMD_RESTART:
		vfs_shutdown();
		power_reset();
	case LINUX_REBOOT_CMD_RESTART2: {
		int error = exit_status_of(user_command, &status);
		if (error)
			return error;
		vfs_shutdown();
		power_off(status);
	}
	case LINUX_REBOOT_CMD_HALT:
	case LINUX_REBOOT_CMD_POWER_OFF:
		vfs_shutdown();
		power_off(0);
	default:
		return -EINVAL;
	}
}

/* ---- memory barriers ---- */

#define MEMBARRIER_REGISTER                                                                 \
	(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE)
/* These want a registration first; the command that registers is the next bit. */
#define MEMBARRIER_PRIVATE                                                                  \
	(MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE)
#define MEMBARRIER_ALL                                                                      \
	(MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_PRIVATE |         \
	 MEMBARRIER_REGISTER)

/* membarrier(2). There is one processor: whoever else uses the memory was switched away from,
 * and comes back by a switch and an iret, which order all that memory sees and what is executed
 * (SDM vol. 3A, 8.3). So a barrier here is one for them all. */
static int32_t sys_membarrier(int command, uint32_t flags)
{
	uint32_t *registered = &thread_current()->spt->barriers;
	uint32_t bit = (uint32_t)command;
	if (flags)
		return -EINVAL;
	if (command == MEMBARRIER_CMD_QUERY)
		return MEMBARRIER_ALL;
	if (!(bit & MEMBARRIER_ALL) || bit & (bit - 1))
		return -EINVAL;
	if (bit & MEMBARRIER_REGISTER)
		__atomic_fetch_or(registered, bit, __ATOMIC_RELAXED);
	else if (bit & MEMBARRIER_PRIVATE && !(*registered & bit << 1))
		return -EPERM;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return 0;
}

/* ---- what there is none of ---- */

static int32_t sys_vhangup(void)
{
	return right_check(MAY_HANG_UP, NULL);
}

/* Calls that a libc tries and does well without. */
static int32_t sys_absent(void)
{
	return -ENOSYS;
}

const struct system_call system_calls[] = {
	CALL(uname, 1),
	CALL(sethostname, 2),
	CALL(setdomainname, 2),
	CALL(sysinfo, 1),
	CALL_RESTARTS(syslog, 3),
	CALL(getrandom, 3),
	CALL(sysfs, 3),
	CALL(mount, 5),
	CALL(umount2, 2),
	CALL(umount, 1),
	CALL(swapon, 2),
	CALL(swapoff, 1),
	CALL(reboot, 4),
	CALL(vhangup, 0),
	CALL(membarrier, 3),
	CALL_AS(rseq, absent, 4),
	CALLS_END,
};
