/* SPDX-License-Identifier: MIT */
/*
 * The table of rights (rights.h): a line says which capability (capabilities(7)) allows it
 * whatever the object is, who else may do it, and what those are told who may not.
 */
#include "kernel/rights.h"

#include <asm/errno.h>
#include <linux/stat.h>

#include "kernel/panic.h"

static const struct credentials *(*caller_door)(void);

void rights_set_caller_door(const struct credentials *(*caller)(void))
{
	caller_door = caller;
}

const struct credentials *rights_caller(void)
{
	const struct credentials *caller = caller_door ? caller_door() : NULL;

	return caller ? caller : &credentials_root;
}

/* --- who else: the words of the table ---------------------------------------------------- */

typedef bool who(const struct credentials *, const struct object *);

static bool nobody(const struct credentials *c, const struct object *o)
{
	(void)c, (void)o;
	return false;
}

static bool owner(const struct credentials *c, const struct object *file)
{
	return c->fsuid == file->uid;
}

static bool owner_or_writer(const struct credentials *c, const struct object *file)
{
	return owner(c, file) || right_access(file, ACCESS_WRITE) == 0;
}

static bool owner_of_it_or_directory(const struct credentials *c, const struct object *file)
{
	return owner(c, file) || c->fsuid == file->directory_uid;
}

static bool member(const struct credentials *c, const struct object *file)
{
	return credentials_in_group(c, file->gid);
}

/* The owner may name himself again. */
static bool owner_who_stays(const struct credentials *c, const struct object *file)
{
	return owner(c, file) && file->new_uid == file->uid;
}

static bool owner_within_his_groups(const struct credentials *c, const struct object *file)
{
	return owner(c, file) && (file->new_gid == file->gid ||
	                          credentials_in_group(c, file->new_gid));
}

/* Who could make a copy of it that is as good: no set-id program is kept by a second name. */
static bool owner_or_copier(const struct credentials *c, const struct object *file)
{
	bool plain = S_ISREG(file->mode) && !(file->mode & S_ISUID) &&
	             (file->mode & (S_ISGID | S_IXGRP)) != (S_ISGID | S_IXGRP);

	return owner(c, file) ||
	       (plain && right_access(file, ACCESS_READ | ACCESS_WRITE) == 0);
}

static bool sender_of_same_user(const struct credentials *c, const struct object *to)
{
	const struct credentials *other = to->process;

	return c->euid == other->suid || c->euid == other->uid || c->uid == other->suid ||
	       c->uid == other->uid;
}

static bool same_effective_user(const struct credentials *c, const struct object *to)
{
	return c->euid == to->process->uid || c->euid == to->process->euid;
}

static bool all_ids_are(const struct credentials *other, uint32_t uid, uint32_t gid)
{
	return other->uid == uid && other->euid == uid && other->suid == uid &&
	       other->gid == gid && other->egid == gid && other->sgid == gid;
}

static bool itself_or_same_ids(const struct credentials *c, const struct object *to)
{
	return to->itself || all_ids_are(to->process, c->uid, c->gid);
}

/* One that has more capabilities, or that changed its user, is nobody's to look into. */
static bool itself_or_open_and_same(const struct credentials *c, const struct object *to)
{
	return to->itself ||
	       (to->dumpable && all_ids_are(to->process, c->fsuid, c->fsgid) &&
	        !(to->process->permitted & ~c->effective));
}

/* The same, but it is the caller's real ids that count. */
static bool itself_or_open_and_same_really(const struct credentials *c, const struct object *to)
{
	return to->itself ||
	       (to->dumpable && all_ids_are(to->process, c->uid, c->gid) &&
	        !(to->process->permitted & ~c->permitted));
}

static bool owner_or_creator(const struct credentials *c, const struct object *object)
{
	return c->euid == object->uid || c->euid == object->creator_uid;
}

/* --- the table --------------------------------------------------------------------------- */

static const struct rule {
	int capability;
	who *else_who;
	int error;
} rules[RIGHT_COUNT] = {
	/* to do this             with this capability   or as              else */
	[MAY_SET_MODE]         = {CAP_FOWNER,            owner,                    EPERM},
	[MAY_KEEP_GROUP_ID]    = {CAP_FSETID,            member,                   EPERM},
	[MAY_KEEP_SET_IDS]     = {CAP_FSETID,            nobody,                   EPERM},
	[MAY_SET_OWNER]        = {CAP_CHOWN,             owner_who_stays,          EPERM},
	[MAY_SET_GROUP]        = {CAP_CHOWN,             owner_within_his_groups,  EPERM},
	[MAY_SET_TIMES]        = {CAP_FOWNER,            owner,                    EPERM},
	[MAY_SET_TIMES_NOW]    = {CAP_FOWNER,            owner_or_writer,          EACCES},
	[MAY_READ_UNSEEN]      = {CAP_FOWNER,            owner,                    EPERM},
	[MAY_REMOVE_STICKY]    = {CAP_FOWNER,            owner_of_it_or_directory, EPERM},
	[MAY_LEASE]            = {CAP_LEASE,             owner,                    EACCES},
	[MAY_LINK]             = {CAP_FOWNER,            owner_or_copier,          EPERM},
	[MAY_MAKE_DEVICE]      = {CAP_MKNOD,             nobody,                   EPERM},
	[MAY_SEE_TRUSTED]      = {CAP_SYS_ADMIN,         nobody,                   EPERM},
	[MAY_CHANGE_ROOT]      = {CAP_SYS_CHROOT,        nobody,                   EPERM},

	[MAY_SIGNAL]           = {CAP_KILL,              sender_of_same_user,      EPERM},
	[MAY_SCHEDULE]         = {CAP_SYS_NICE,          same_effective_user,      EPERM},
	[MAY_SET_LIMITS]       = {CAP_SYS_RESOURCE,      itself_or_same_ids,       EPERM},
	[MAY_LOOK_INTO]        = {CAP_SYS_PTRACE,        itself_or_open_and_same,  EACCES},
	[MAY_TRACE]            = {CAP_SYS_PTRACE,        itself_or_open_and_same_really, EPERM},

	[MAY_CONTROL_IPC]      = {CAP_SYS_ADMIN,         owner_or_creator,         EPERM},

	[MAY_RAISE_LIMITS]     = {CAP_SYS_RESOURCE,      nobody,                   EPERM},
	[MAY_EXCEED_LIMITS]    = {CAP_SYS_RESOURCE,      nobody,                   EAGAIN},
	[MAY_RAISE_NICE]       = {CAP_SYS_NICE,          nobody,                   EACCES},
	[MAY_LOCK_MEMORY]      = {CAP_IPC_LOCK,          nobody,                   EPERM},
	[MAY_SET_USER]         = {CAP_SETUID,            nobody,                   EPERM},
	[MAY_SET_GROUPS]       = {CAP_SETGID,            nobody,                   EPERM},
	[MAY_SET_BOUNDS]       = {CAP_SETPCAP,           nobody,                   EPERM},

	[MAY_FILL_PIPES]       = {CAP_SYS_ADMIN,         nobody,                   EPERM},
	[MAY_MOUNT]            = {CAP_SYS_ADMIN,         nobody,                   EPERM},
	[MAY_UNSHARE]          = {CAP_SYS_ADMIN,         nobody,                   EPERM},
	[MAY_SWAP]             = {CAP_SYS_ADMIN,         nobody,                   EPERM},
	[MAY_NAME_HOST]        = {CAP_SYS_ADMIN,         nobody,                   EPERM},
	[MAY_SEE_FRAMES]       = {CAP_SYS_ADMIN,         nobody,                   EPERM},
	[MAY_SET_CLOCK]        = {CAP_SYS_TIME,          nobody,                   EPERM},
	[MAY_REBOOT]           = {CAP_SYS_BOOT,          nobody,                   EPERM},
	[MAY_READ_LOG]         = {CAP_SYSLOG,            nobody,                   EPERM},
	[MAY_HANG_UP]          = {CAP_SYS_TTY_CONFIG,    nobody,                   EPERM},
	[MAY_TAKE_TERMINAL]    = {CAP_SYS_ADMIN,         nobody,                   EPERM},
};

int right_check(enum right right, const struct object *object)
{
	const struct rule *rule = &rules[right];
	const struct credentials *caller = rights_caller();

	ASSERT_SAYING(rule->else_who, "a right that is asked for stands in the table");
	if (has_capability(caller, rule->capability) || rule->else_who(caller, object))
		return 0;
	return -rule->error;
}

bool right_has(enum right right, const struct object *object)
{
	return right_check(right, object) == 0;
}

/* --- reading, writing, executing ---------------------------------------------------------- */

/* What the capabilities allow whatever the mode says: all but to run what nobody may run. */
static uint32_t allowed_anyhow(const struct credentials *c, uint32_t mode)
{
	uint32_t allowed = 0;

	if (has_capability(c, CAP_DAC_READ_SEARCH))
		allowed = ACCESS_READ | (S_ISDIR(mode) ? ACCESS_EXECUTE : 0);
	if (has_capability(c, CAP_DAC_OVERRIDE))
		allowed = ACCESS_READ | ACCESS_WRITE |
		          (S_ISDIR(mode) || mode & 0111 ? ACCESS_EXECUTE : 0);
	return allowed;
}

int right_access(const struct object *file, uint32_t wanted)
{
	const struct credentials *c = rights_caller();
	uint32_t allowed = file->mode;

	if (c->fsuid == file->uid)
		allowed >>= 6;
	else if (credentials_in_group(c, file->gid))
		allowed >>= 3;
	if (!(wanted & ~allowed))
		return 0;
	return wanted & ~allowed_anyhow(c, file->mode) ? -EACCES : 0;
}

int right_ipc_access(const struct object *object, uint32_t wanted)
{
	const struct credentials *c = rights_caller();
	uint32_t allowed = object->mode;

	if (owner_or_creator(c, object))
		allowed >>= 6;
	else if (credentials_in_group(c, object->gid) ||
	         credentials_in_group(c, object->creator_gid))
		allowed >>= 3;
	return wanted & ~allowed && !has_capability(c, CAP_IPC_OWNER) ? -EACCES : 0;
}
