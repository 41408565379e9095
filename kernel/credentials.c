/* SPDX-License-Identifier: MIT */
/* Credentials and how they change (credentials.h). */
#include "kernel/credentials.h"

#include <linux/stat.h>

#define BIT(capability) (1ull << (capability))

/* Those that are about files: they follow the file-system uid. */
#define FILE_CAPABILITIES                                                                   \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) |                \
	 BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_MKNOD) |    \
	 BIT(CAP_MAC_OVERRIDE))

const struct credentials credentials_root = {
	.effective = CAPABILITIES_ALL, .permitted = CAPABILITIES_ALL, .bounding = CAPABILITIES_ALL};

bool has_capability(const struct credentials *c, int capability)
{
	return c->effective & BIT(capability);
}

bool credentials_in_group(const struct credentials *c, uint32_t gid)
{
	if (c->fsgid == gid)
		return true;
	for (uint32_t i = 0; i < c->group_count; i++)
		if (c->groups[i] == gid)
			return true;
	return false;
}

static bool is_root_anyhow(const struct credentials *c)
{
	return c->uid == 0 || c->euid == 0 || c->suid == 0;
}

void credentials_ids_changed(struct credentials *c, const struct credentials *before)
{
	if (is_root_anyhow(before) && !is_root_anyhow(c) && !c->keep_capabilities)
		c->permitted = c->effective = 0;
	if (before->euid == 0 && c->euid != 0)
		c->effective = 0;
	if (before->euid != 0 && c->euid == 0)
		c->effective = c->permitted;
}

void credentials_fsuid_changed(struct credentials *c, uint32_t before)
{
	if (before == 0 && c->fsuid != 0)
		c->effective &= ~FILE_CAPABILITIES;
	if (before != 0 && c->fsuid == 0)
		c->effective |= c->permitted & FILE_CAPABILITIES;
}

/* No file carries capabilities here: a program has what root has, or none. */
bool credentials_execute(struct credentials *c, uint32_t mode, uint32_t uid, uint32_t gid)
{
	bool set_uid = mode & S_ISUID && !c->no_new_privileges;
	bool set_gid = mode & S_ISGID && mode & S_IXGRP && !c->no_new_privileges;
	if (set_uid)
		c->euid = uid;
	if (set_gid)
		c->egid = gid;
	c->suid = c->fsuid = c->euid;
	c->sgid = c->fsgid = c->egid;
	bool root = c->uid == 0 || c->euid == 0;
	c->permitted = root ? c->bounding | c->inheritable : 0;
	c->effective = c->euid == 0 ? c->permitted : 0;
	c->keep_capabilities = false;
	return set_uid || set_gid;
}

bool credentials_secure(const struct credentials *c)
{
	return c->uid != c->euid || c->gid != c->egid;
}

void credentials_use_real(struct credentials *c)
{
	c->fsuid = c->uid;
	c->fsgid = c->gid;
	c->effective = c->uid == 0 ? c->permitted : 0;
}
