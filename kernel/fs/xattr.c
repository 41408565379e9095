/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes (xattr(7)): values under names, in a list of the inode, which tmpfs keeps in
 * memory alone and ext2 writes to the disk. Names begin with whom they are for:
 *
 *   user.      programs; of regular files and directories, with the rights on the content
 *   trusted.   who may do everything; others do not see them
 *   security.  the same for changes; everybody may read them
 *
 * What else there is on a disk (access control lists) stays as it is, and nobody sees it.
 * inode.lock guards the list.
 */
#include <asm/errno.h>
#include <linux/stat.h>
#include <linux/xattr.h>

#include "kernel/fs/fs.h"
#include "kernel/fs/notify.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "vm/page.h"

static bool begins_with(const char *name, const char *start)
{
	return !strncmp(name, start, strlen(start));
}

static uint32_t name_bytes(const struct attribute *attribute)
{
	return strlen(attribute->text) + 1;
}

/* What it takes of the inode's page. */
static uint32_t bytes_of(const struct attribute *attribute)
{
	return attribute ? sizeof(*attribute) + name_bytes(attribute) + attribute->size : 0;
}

struct attribute *attribute_create(const char *name, const void *value, uint32_t size)
{
	size_t length = strlen(name) + 1;
	struct attribute *attribute = kmalloc(sizeof(*attribute) + length + size);

	if (!attribute)
		return NULL;
	list_link_init(&attribute->link);
	attribute->size = size;
	memcpy(attribute->text, name, length);
	memcpy(attribute->text + length, value, size);
	return attribute;
}

const char *attribute_value(const struct attribute *attribute)
{
	return attribute->text + name_bytes(attribute);
}

void attribute_list_free(struct list *list)
{
	LIST_FOR_SAFE(list, struct attribute, attribute, link)
		kfree(attribute);
	list_init(list);
}

struct attribute *attribute_find(struct list *list, const char *name)
{
	LIST_FOR(list, struct attribute, attribute, link)
		if (!strcmp(attribute->text, name))
			return attribute;
	return NULL;
}

uint32_t attribute_list_bytes(struct list *list)
{
	uint32_t bytes = 0;

	LIST_FOR(list, struct attribute, attribute, link)
		bytes += bytes_of(attribute);
	return bytes;
}

/* --- rights ----------------------------------------------------------------------------- */

/* Attributes of users are content; other kinds of files have none that users could write. */
static int user_access(const struct inode *inode, uint32_t wanted)
{
	bool write = wanted & ACCESS_WRITE;

	if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode))
		return write ? -EPERM : -ENODATA;
	if (write && S_ISDIR(inode->mode) && inode->mode & S_ISVTX &&
	    inode_right(inode, MAY_SET_MODE))
		return -EPERM;
	return inode_access(inode, wanted);
}

static int name_access(const struct inode *inode, const char *name, uint32_t wanted)
{
	bool write = wanted & ACCESS_WRITE;

	if (begins_with(name, XATTR_USER_PREFIX))
		return user_access(inode, wanted);
	if (begins_with(name, XATTR_TRUSTED_PREFIX))
		return right_has(MAY_SEE_TRUSTED, NULL) ? 0 : write ? -EPERM : -ENODATA;
	if (begins_with(name, XATTR_SECURITY_PREFIX))
		return write ? right_check(MAY_SEE_TRUSTED, NULL) : 0;
	return inode_access(inode, wanted);
}

/* What the name begins with, of the kinds that there are; NULL: of none. */
static const char *kind_of(const char *name)
{
	static const char *const kinds[] = {XATTR_USER_PREFIX, XATTR_TRUSTED_PREFIX,
	                                    XATTR_SECURITY_PREFIX};

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (begins_with(name, kinds[i]))
			return kinds[i];
	return NULL;
}

/* Whether the caller may do that with an attribute of such a name, and the inode can have one. */
static int check(const struct inode *inode, const char *name, uint32_t wanted)
{
	const char *kind = inode->ops->attributes ? kind_of(name) : NULL;
	int error = wanted & ACCESS_WRITE ? inode_check_writable(inode) : 0;

	if (!error)
		error = name_access(inode, name, wanted);
	if (error)
		return error;
	if (!kind)
		return -EOPNOTSUPP;
	return name[strlen(kind)] ? 0 : -EINVAL;
}

/* --- the calls -------------------------------------------------------------------------- */

ssize_t inode_attribute(struct inode *inode, const char *name, void *to, size_t size)
{
	struct list *list;
	int error = check(inode, name, ACCESS_READ);

	if (error)
		return error;
	SCOPED_MUTEX(&inode->lock);
	error = inode->ops->attributes(inode, &list);
	if (error)
		return error;
	struct attribute *attribute = attribute_find(list, name);
	if (!attribute)
		return -ENODATA;
	if (size && size < attribute->size)
		return -ERANGE;
	if (size)
		memcpy(to, attribute_value(attribute), attribute->size);
	return attribute->size;
}

static bool is_shown(const struct attribute *attribute)
{
	return kind_of(attribute->text) && (!begins_with(attribute->text, XATTR_TRUSTED_PREFIX) ||
	                                    right_has(MAY_SEE_TRUSTED, NULL));
}

ssize_t inode_list_attributes(struct inode *inode, char *to, size_t size)
{
	struct list *list;
	size_t length = 0;

	if (!inode->ops->attributes)
		return 0;
	SCOPED_MUTEX(&inode->lock);
	int error = inode->ops->attributes(inode, &list);
	if (error)
		return error;
	LIST_FOR(list, struct attribute, attribute, link) {
		uint32_t bytes = name_bytes(attribute);
		if (!is_shown(attribute))
			continue;
		if (size && length + bytes > size)
			return -ERANGE;
		if (size)
			memcpy(to + length, attribute->text, bytes);
		length += bytes;
	}
	return length;
}

/* `new` (NULL: none) takes the place of the one of that name. */
static int replace(struct inode *inode, const char *name, struct attribute *new, uint32_t flags)
{
	struct list *list;

	SCOPED_MUTEX(&inode->lock);
	int error = inode->ops->attributes(inode, &list);
	if (error)
		return error;
	struct attribute *old = attribute_find(list, name);
	if (old && flags & XATTR_CREATE)
		return -EEXIST;
	if (!old && flags & XATTR_REPLACE)
		return -ENODATA;
	if (old)
		list_remove(&old->link);
	if (new)
		list_append(list, &new->link);
	struct file_time before = inode->ctime;
	inode->ctime = inode_now(inode);
	error = inode->ops->attributes_changed(inode, (int32_t)(bytes_of(new) - bytes_of(old)));
	if (error) {
		inode->ctime = before;
		if (new)
			list_remove(&new->link);
		if (old)
			list_append(list, &old->link);
		return error;
	}
	kfree(old);
	return 0;
}

int inode_set_attribute(struct inode *inode, const char *name, const void *value, size_t size,
                        uint32_t flags)
{
	int error = check(inode, name, ACCESS_WRITE);

	if (error)
		return error;
	if (sizeof(struct attribute) + strlen(name) + 1 + size > PAGE_SIZE)
		return -ENOSPC;
	struct attribute *new = attribute_create(name, value, size);
	if (!new)
		return -ENOMEM;
	error = replace(inode, name, new, flags);
	if (error)
		kfree(new);
	else
		notify_inode(inode, IN_ATTRIB);
	return error;
}

int inode_remove_attribute(struct inode *inode, const char *name)
{
	int error = check(inode, name, ACCESS_WRITE);

	if (!error)
		error = replace(inode, name, NULL, XATTR_REPLACE);
	if (!error)
		notify_inode(inode, IN_ATTRIB);
	return error;
}
