/* SPDX-License-Identifier: MIT */
/* The times of files: utimensat(2), futimesat(2), utimes(2), utime(2). */
#include <linux/fcntl.h>
#include <linux/time_types.h>
#include <linux/utime.h>

#include "kernel/fs/vfs.h"
#include "kernel/time/clock.h"
#include "userprog/path.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

/* What utimensat(2)'s nanoseconds may say instead. The uapi headers lack these. */
#define UTIME_NOW ((1 << 30) - 1)
#define UTIME_OMIT ((1 << 30) - 2)

#define MICROSECONDS 1000000
#define NS_PER_MICROSECOND 1000

/* A time that a program chose, its nanoseconds not looked at yet. */
struct chosen_time {
	int64_t seconds;
	int32_t nanoseconds;
};

static bool is_valid(const struct chosen_time *t)
{
	return t->nanoseconds == UTIME_NOW || t->nanoseconds == UTIME_OMIT ||
	       (t->nanoseconds >= 0 && t->nanoseconds < (int32_t)NS_PER_SECOND);
}

static const struct file_time *resolve(const struct inode *inode, const struct chosen_time *t,
                                       struct file_time *time)
{
	if (t->nanoseconds == UTIME_OMIT)
		return NULL;
	if (t->nanoseconds == UTIME_NOW)
		*time = inode_now(inode);
	else
		*time = (struct file_time){t->seconds, (uint32_t)t->nanoseconds};
	return time;
}

/* Setting both to the present is also for those who may write to the file. */
static enum right right_to(const struct chosen_time t[2])
{
	bool now = t[0].nanoseconds == UTIME_NOW && t[1].nanoseconds == UTIME_NOW;

	return now ? MAY_SET_TIMES_NOW : MAY_SET_TIMES;
}

/* Access and change of the file that (directory, path) or, with a NULL path, the descriptor
 * names. */
static int set_times(int directory, const char *user_path, int flags,
                     const struct chosen_time t[2])
{
	struct file_time atime, mtime;
	struct inode *inode;

	if (!is_valid(&t[0]) || !is_valid(&t[1]))
		return -EINVAL;
	if (!user_path && directory == AT_FDCWD)
		return -EFAULT;
	if (flags & ~(user_path ? AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH : 0))
		return -EINVAL;
	int error = place_inode(directory, user_path, flags, &inode);
	if (error)
		return error;
	error = inode_set_times(inode, resolve(inode, &t[0], &atime), resolve(inode, &t[1], &mtime),
	                        right_to(t));
	inode_put(inode);
	return error;
}

static int touch(int directory, const char *user_path, int flags)
{
	const struct chosen_time now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};

	return set_times(directory, user_path, flags, now);
}

/* With nothing to change not even the path is looked at. */
static int set_chosen(int directory, const char *user_path, int flags,
                      const struct chosen_time t[2])
{
	if (t[0].nanoseconds == UTIME_OMIT && t[1].nanoseconds == UTIME_OMIT)
		return 0;
	return set_times(directory, user_path, flags, t);
}

static int32_t sys_utimensat(int directory, const char *user_path,
                             const struct __kernel_old_timespec *user_times, int flags)
{
	struct __kernel_old_timespec t[2];

	if (!user_times)
		return touch(directory, user_path, flags);
	if (copy_from_user(t, user_times, sizeof t))
		return -EFAULT;
	const struct chosen_time chosen[2] = {
		{t[0].tv_sec, t[0].tv_nsec},
		{t[1].tv_sec, t[1].tv_nsec},
	};
	return set_chosen(directory, user_path, flags, chosen);
}

static int32_t sys_utimensat_time64(int directory, const char *user_path,
                                    const struct __kernel_timespec *user_times, int flags)
{
	struct __kernel_timespec t[2];

	if (!user_times)
		return touch(directory, user_path, flags);
	if (copy_from_user(t, user_times, sizeof t))
		return -EFAULT;
	/* The upper half of the nanoseconds is padding in a 32-bit program. */
	const struct chosen_time chosen[2] = {
		{t[0].tv_sec, (int32_t)t[0].tv_nsec},
		{t[1].tv_sec, (int32_t)t[1].tv_nsec},
	};
	return set_chosen(directory, user_path, flags, chosen);
}

static int32_t sys_futimesat(int directory, const char *user_path,
                             const struct __kernel_old_timeval *user_times)
{
	struct __kernel_old_timeval t[2];

	if (!user_times)
		return touch(directory, user_path, 0);
	if (copy_from_user(t, user_times, sizeof t))
		return -EFAULT;
	for (int i = 0; i < 2; i++)
		if (t[i].tv_usec < 0 || t[i].tv_usec >= MICROSECONDS)
			return -EINVAL;
	const struct chosen_time chosen[2] = {
		{t[0].tv_sec, t[0].tv_usec * NS_PER_MICROSECOND},
		{t[1].tv_sec, t[1].tv_usec * NS_PER_MICROSECOND},
	};
	return set_times(directory, user_path, 0, chosen);
}

static int32_t sys_utimes(const char *user_path, const struct __kernel_old_timeval *user_times)
{
	return sys_futimesat(AT_FDCWD, user_path, user_times);
}

static int32_t sys_utime(const char *user_path, const struct utimbuf *user_times)
{
	struct utimbuf t;

	if (!user_times)
		return touch(AT_FDCWD, user_path, 0);
	if (copy_from_user(&t, user_times, sizeof t))
		return -EFAULT;
	const struct chosen_time chosen[2] = {{t.actime, 0}, {t.modtime, 0}};
	return set_times(AT_FDCWD, user_path, 0, chosen);
}

const struct system_call file_time_calls[] = {
	CALL(utimensat, 4),
	CALL(utimensat_time64, 4),
	CALL(futimesat, 3),
	CALL(utimes, 2),
	CALL(utime, 2),
	CALLS_END,
};
