/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes: getxattr(2), setxattr(2), listxattr(2), removexattr(2). What they mean:
 * kernel/fs/xattr.c. ext2 and tmpfs keep them; other file systems say EOPNOTSUPP, after the arguments
 * and the file were looked at, which ls, cp and tar take for an answer. Bytes go through a page of the
 * kernel's, as no lock of an inode is held where a program's memory is touched.
 */
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/xattr.h>

#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "userprog/path.h"
#include "userprog/syscall.h"
#include "vm/page.h"
#include "vm/usercopy.h"

/* Which file is meant. */
struct target {
	int number;
	const char *user_path; /* NULL: the descriptor's */
	int flags;
	bool by_path;
};

static struct target of_path(const char *user_path)
{
	return (struct target){AT_FDCWD, user_path, 0, true};
}

static struct target of_link(const char *user_path)
{
	return (struct target){AT_FDCWD, user_path, AT_SYMLINK_NOFOLLOW, true};
}

static struct target of_descriptor(int number)
{
	return (struct target){.number = number};
}

static int target_inode(struct target target, struct inode **inode)
{
	if (target.by_path && !target.user_path)
		return -EFAULT;
	return place_inode(target.number, target.user_path, target.flags, inode);
}

static int name_from_user(char name[XATTR_NAME_MAX + 1], const char *user_name)
{
	ssize_t length = copy_string_from_user(name, user_name, XATTR_NAME_MAX + 1);

	if (length < 0)
		return length == -ENAMETOOLONG ? -ERANGE : (int)length;
	return length ? 0 : -ERANGE;
}

/* A value, or with no name the list of names, into `to`, which has a page. */
static ssize_t read_into(struct target target, const char *user_name, void *to, size_t size)
{
	char name[XATTR_NAME_MAX + 1];
	struct inode *inode;
	ssize_t length = target_inode(target, &inode);

	if (length)
		return length;
	if (!user_name)
		length = inode_list_attributes(inode, to, size);
	else if (!(length = name_from_user(name, user_name)))
		length = inode_attribute(inode, name, to, size);
	inode_put(inode);
	return length;
}

static int32_t read(struct target target, const char *user_name, void *user_to, size_t size)
{
	char *page = kmalloc(PAGE_SIZE);

	if (!page)
		return -ENOMEM;
	ssize_t length = read_into(target, user_name, page, size < PAGE_SIZE ? size : PAGE_SIZE);
	if (size && length > 0 && copy_to_user(user_to, page, length))
		length = -EFAULT;
	kfree(page);
	return length;
}

static int32_t get(struct target target, const char *user_name, void *user_to, size_t size)
{
	if (user_name)
		return read(target, user_name, user_to, size);
	struct inode *inode;
	int error = target_inode(target, &inode);
	if (!error)
		inode_put(inode);
	return error ? error : -EFAULT;
}

static int32_t sys_getxattr(const char *user_path, const char *user_name, void *user_to,
                            uint32_t size)
{
	return get(of_path(user_path), user_name, user_to, size);
}

static int32_t sys_lgetxattr(const char *user_path, const char *user_name, void *user_to,
                             uint32_t size)
{
	return get(of_link(user_path), user_name, user_to, size);
}

static int32_t sys_fgetxattr(int number, const char *user_name, void *user_to, uint32_t size)
{
	return get(of_descriptor(number), user_name, user_to, size);
}

/* The file comes after all else. Of a value that no inode has room for only the first page is
 * looked at. */
static int32_t set_from(struct target target, const char *name, void *page, const void *user_value,
                        uint32_t size, uint32_t flags)
{
	struct inode *inode;
	uint32_t part = size < PAGE_SIZE ? size : PAGE_SIZE;

	if (part && copy_from_user(page, user_value, part))
		return -EFAULT;
	int error = target_inode(target, &inode);
	if (error)
		return error;
	error = inode_set_attribute(inode, name, page, size, flags);
	inode_put(inode);
	return error;
}

static int32_t set(struct target target, const char *user_name, const void *user_value,
                   uint32_t size, uint32_t flags)
{
	char name[XATTR_NAME_MAX + 1];

	if (flags & ~(uint32_t)(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	int error = name_from_user(name, user_name);
	if (error)
		return error;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	void *page = kmalloc(PAGE_SIZE);
	if (!page)
		return -ENOMEM;
	error = set_from(target, name, page, user_value, size, flags);
	kfree(page);
	return error;
}

static int32_t sys_setxattr(const char *user_path, const char *user_name, const void *user_value,
                            uint32_t size, uint32_t flags)
{
	return set(of_path(user_path), user_name, user_value, size, flags);
}

static int32_t sys_lsetxattr(const char *user_path, const char *user_name, const void *user_value,
                             uint32_t size, uint32_t flags)
{
	return set(of_link(user_path), user_name, user_value, size, flags);
}

static int32_t sys_fsetxattr(int number, const char *user_name, const void *user_value,
                             uint32_t size, uint32_t flags)
{
	return set(of_descriptor(number), user_name, user_value, size, flags);
}

static int32_t sys_listxattr(const char *user_path, char *user_to, uint32_t size)
{
	return read(of_path(user_path), NULL, user_to, size);
}

static int32_t sys_llistxattr(const char *user_path, char *user_to, uint32_t size)
{
	return read(of_link(user_path), NULL, user_to, size);
}

static int32_t sys_flistxattr(int number, char *user_to, uint32_t size)
{
	return read(of_descriptor(number), NULL, user_to, size);
}

static int32_t remove(struct target target, const char *user_name)
{
	char name[XATTR_NAME_MAX + 1];
	struct inode *inode;
	int error = name_from_user(name, user_name);

	if (!error)
		error = target_inode(target, &inode);
	if (error)
		return error;
	error = inode_remove_attribute(inode, name);
	inode_put(inode);
	return error;
}

static int32_t sys_removexattr(const char *user_path, const char *user_name)
{
	return remove(of_path(user_path), user_name);
}

static int32_t sys_lremovexattr(const char *user_path, const char *user_name)
{
	return remove(of_link(user_path), user_name);
}

static int32_t sys_fremovexattr(int number, const char *user_name)
{
	return remove(of_descriptor(number), user_name);
}

const struct system_call xattr_calls[] = {
	CALL(getxattr, 4),
	CALL(lgetxattr, 4),
	CALL(fgetxattr, 4),
	CALL(setxattr, 5),
	CALL(lsetxattr, 5),
	CALL(fsetxattr, 5),
	CALL(listxattr, 3),
	CALL(llistxattr, 3),
	CALL(flistxattr, 3),
	CALL(removexattr, 2),
	CALL(lremovexattr, 2),
	CALL(fremovexattr, 2),
	CALLS_END,
};
