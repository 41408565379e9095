/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes (xattr(7)) that a file system keeps in memory: values under names, in a list
 * of the inode. Names begin with whom they are for:
 *
 *   user.      programs; of regular files and directories, with the rights on the content
 *   trusted.   who may do everything; others do not see them
 *   security.  the same for changes; everybody may read them
 *
 * All of an inode's take at most a page together, names and values, as those of ext4 have a block.
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

struct attribute {
	struct list_link link;
	uint32_t size; /* of the value */
	char text[];   /* the name with its NUL, then the value */
};

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

static struct attribute *attribute_create(const char *name, const void *value, uint32_t size)
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

void attribute_list_free(struct list *list)
{
	LIST_FOR_SAFE(list, struct attribute, attribute, link)
		kfree(attribute);
	list_init(list);
}

static struct attribute *find(struct list *list, const char *name)
{
	LIST_FOR(list, struct attribute, attribute, link)
		if (!strcmp(attribute->text, name))
			return attribute;
	return NULL;
}

static uint32_t bytes_of_all(struct list *list)
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

/* Where the file system keeps attributes of such a name, if the caller may do that with them. */
static int place_of(struct inode *inode, const char *name, uint32_t wanted, struct list **place)
{
	static const char *const known[] = {XATTR_USER_PREFIX, XATTR_TRUSTED_PREFIX,
	                                    XATTR_SECURITY_PREFIX};
	int error = wanted & ACCESS_WRITE ? inode_check_writable(inode) : 0;

	if (!error)
		error = name_access(inode, name, wanted);
	if (error)
		return error;
	*place = inode->ops->attributes ? inode->ops->attributes(inode) : NULL;
	for (unsigned i = 0; *place && i < sizeof(known) / sizeof(known[0]); i++)
		if (begins_with(name, known[i]))
			return name[strlen(known[i])] ? 0 : -EINVAL;
	return -EOPNOTSUPP;
}

/* --- the calls -------------------------------------------------------------------------- */

ssize_t inode_attribute(struct inode *inode, const char *name, void *to, size_t size)
{
	struct list *list;
	int error = place_of(inode, name, ACCESS_READ, &list);

	if (error)
		return error;
	SCOPED_MUTEX(&inode->lock);
	struct attribute *attribute = find(list, name);
	if (!attribute)
		return -ENODATA;
	if (size && size < attribute->size)
		return -ERANGE;
	if (size)
		memcpy(to, attribute->text + name_bytes(attribute), attribute->size);
	return attribute->size;
}

ssize_t inode_list_attributes(struct inode *inode, char *to, size_t size)
{
	struct list *list = inode->ops->attributes ? inode->ops->attributes(inode) : NULL;
	size_t length = 0;

	if (!list)
		return 0;
	SCOPED_MUTEX(&inode->lock);
	LIST_FOR(list, struct attribute, attribute, link) {
		uint32_t bytes = name_bytes(attribute);
		if (begins_with(attribute->text, XATTR_TRUSTED_PREFIX) &&
		    !right_has(MAY_SEE_TRUSTED, NULL))
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
static int replace(struct inode *inode, struct list *list, const char *name, struct attribute *new,
                   uint32_t flags)
{
	SCOPED_MUTEX(&inode->lock);
	struct attribute *old = find(list, name);
	if (old && flags & XATTR_CREATE)
		return -EEXIST;
	if (!old && flags & XATTR_REPLACE)
		return -ENODATA;
	int32_t more = (int32_t)(bytes_of(new) - bytes_of(old));
	if (more > 0 && bytes_of_all(list) + (uint32_t)more > PAGE_SIZE)
		return -ENOSPC;
	int error = inode->ops->attributes_count(inode, more);
	if (error)
		return error;
	if (old)
		list_remove(&old->link);
	if (new)
		list_append(list, &new->link);
	kfree(old);
	inode->ctime = inode_now(inode);
	return 0;
}

int inode_set_attribute(struct inode *inode, const char *name, const void *value, size_t size,
                        uint32_t flags)
{
	struct list *list;
	int error = place_of(inode, name, ACCESS_WRITE, &list);

	if (error)
		return error;
	if (sizeof(struct attribute) + strlen(name) + 1 + size > PAGE_SIZE)
		return -ENOSPC;
	struct attribute *new = attribute_create(name, value, size);
	if (!new)
		return -ENOMEM;
	error = replace(inode, list, name, new, flags);
	if (error)
		kfree(new);
	else
		notify_inode(inode, IN_ATTRIB);
	return error;
}

int inode_remove_attribute(struct inode *inode, const char *name)
{
	struct list *list;
	int error = place_of(inode, name, ACCESS_WRITE, &list);

	if (!error)
		error = replace(inode, list, name, NULL, XATTR_REPLACE);
	if (!error)
		notify_inode(inode, IN_ATTRIB);
	return error;
}
