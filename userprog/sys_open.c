/* SPDX-License-Identifier: MIT */
/* Opening: open(2), openat(2), creat(2), openat2(2). */
#include <asm/fcntl.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>

#include "kernel/fs/vfs.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/path.h"
#include "userprog/places.h"
#include "userprog/process.h"
#include "userprog/structure.h"
#include "userprog/syscall.h"
#include "userprog/terminal.h"
#include "vm/page.h"
#include "vm/usercopy.h"

/* The flags make sense. */
static int32_t open_place(const struct place *place, uint32_t flags, uint32_t mode,
                          uint32_t resolve)
{
	bool creates = flags & (O_CREAT | __O_TMPFILE);
	struct file *file;
	int error;

	mode = creates ? mode & 07777 & ~process_current()->places->umask : 0;
	error = vfs_open_resolve(place->at, place->path, flags, mode, resolve, &file);
	if (error)
		return error == -EINTR ? -ERESTARTSYS : error;
	error = terminal_opened(file, flags & O_NOCTTY);
	if (error) {
		file_put(file);
		return error;
	}
	return descriptor_new(file, 0, flags & O_CLOEXEC);
}

static int32_t sys_openat(int directory, const char *user_path, uint32_t flags, uint32_t mode)
{
	struct place place;
	int error = vfs_open_flags(&flags);

	if (!error)
		error = place_get(&place, directory, user_path, false);
	if (error)
		return error;
	int32_t number = open_place(&place, flags, mode, 0);
	place_put(&place);
	return number;
}

static int32_t sys_open(const char *user_path, uint32_t flags, uint32_t mode)
{
	return sys_openat(AT_FDCWD, user_path, flags, mode);
}

static int32_t sys_creat(const char *user_path, uint32_t mode)
{
	return sys_openat(AT_FDCWD, user_path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* ---- openat2 ---- */

#define RESOLVE_FLAGS \
	(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | \
	 RESOLVE_IN_ROOT | RESOLVE_CACHED)

/* Where open(2) leaves out what it does not know, openat2(2) refuses it. */
static int how_check(const struct open_how *how)
{
	uint32_t flags = (uint32_t)how->flags;
	bool creates = flags & (O_CREAT | __O_TMPFILE);
	int error = vfs_open_flags(&flags);

	if (flags != how->flags || how->resolve & ~(uint64_t)RESOLVE_FLAGS ||
	    how->mode & ~(creates ? UINT64_C(07777) : 0))
		return -EINVAL;
	if (how->resolve & RESOLVE_BENEATH && how->resolve & RESOLVE_IN_ROOT)
		return -EINVAL;
	if (!error && how->resolve & RESOLVE_CACHED && (creates || flags & O_TRUNC))
		return -EAGAIN;
	return error;
}

static int32_t sys_openat2(int directory, const char *user_path, const void *user_how, size_t size)
{
	struct open_how how;
	struct place place;
	int error = size < sizeof how ? -EINVAL
	                              : structure_from_user(&how, sizeof how, user_how, size);

	if (!error)
		error = how_check(&how);
	if (!error)
		error = place_get(&place, directory, user_path, false);
	if (error)
		return error;
	/* "/" is the given directory then, too. */
	if (how.resolve & RESOLVE_IN_ROOT && place.path[0] == '/') {
		dentry_put(place.at);
		error = place_directory(directory, &place.at);
		if (error)
			place.at = NULL;
	}
	int32_t number = error ? error
	                       : open_place(&place, (uint32_t)how.flags, (uint32_t)how.mode,
	                                    (uint32_t)how.resolve);
	place_put(&place);
	return number;
}

const struct system_call open_calls[] = {
	CALL(openat, 4),
	CALL(open, 3),
	CALL(creat, 2),
	CALL(openat2, 4),
	CALLS_END,
};
