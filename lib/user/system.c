/* SPDX-License-Identifier: MIT */
/* The machine as a whole: mounts, swap, shutting down, its name and its numbers. */
#include <errno.h>
#include <limits.h>
#include <linux/param.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

int mount(const char *source, const char *target, const char *type, unsigned long flags,
          const void *data)
{
	return syscall(SYS_mount, source, target, type, flags, data);
}

int umount(const char *target)
{
	return umount2(target, 0);
}

int umount2(const char *target, int flags)
{
	return syscall(SYS_umount2, target, flags);
}

int swapon(const char *path, int flags)
{
	return syscall(SYS_swapon, path, flags);
}

int swapoff(const char *path)
{
	return syscall(SYS_swapoff, path);
}

int reboot(int command)
{
	return syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command, NULL);
}

int sysinfo(struct sysinfo *info)
{
	return syscall(SYS_sysinfo, info);
}

int uname(struct utsname *name)
{
	return syscall(SYS_uname, name);
}

int gethostname(char *to, size_t size)
{
	struct utsname name;

	if (uname(&name) < 0)
		return -1;
	if (strlcpy(to, name.nodename, size) < size)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int sethostname(const char *name, size_t length)
{
	return syscall(SYS_sethostname, name, length);
}

ssize_t getrandom(void *to, size_t n, unsigned flags)
{
	return syscall(SYS_getrandom, to, n, flags);
}

/* At most 256 bytes, which getrandom gives whole or not at all. */
int getentropy(void *to, size_t n)
{
	if (n <= 256)
		return getrandom(to, n, 0) == (ssize_t)n ? 0 : -1;
	errno = EIO;
	return -1;
}

int getpagesize(void)
{
	return PAGE_SIZE;
}

static long pages(unsigned long units, unsigned long unit)
{
	return (long)((unsigned long long)units * unit / PAGE_SIZE);
}

long sysconf(int name)
{
	struct rlimit files;
	struct sysinfo info;

	switch (name) {
	case _SC_ARG_MAX:
		return ARG_MAX;
	case _SC_CLK_TCK:
		return (long)getauxval(AT_CLKTCK);
	case _SC_OPEN_MAX:
		return getrlimit(RLIMIT_NOFILE, &files) == 0 ? (long)files.rlim_cur : -1;
	case _SC_PAGESIZE:
		return PAGE_SIZE;
	case _SC_NPROCESSORS_CONF:
	case _SC_NPROCESSORS_ONLN:
		return 1;
	case _SC_PHYS_PAGES:
		return sysinfo(&info) == 0 ? pages(info.totalram, info.mem_unit) : -1;
	case _SC_AVPHYS_PAGES:
		return sysinfo(&info) == 0 ? pages(info.freeram, info.mem_unit) : -1;
	default:
		errno = EINVAL;
		return -1;
	}
}
