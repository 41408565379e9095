/* SPDX-License-Identifier: MIT */
/* Users and groups: credentials(7). */
#include "lib/string.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

#define UNCHANGED UINT32_MAX
#define UNCHANGED_16 UINT16_MAX

static struct credentials *own(void)
{
	return &process_current()->credentials;
}

static int32_t sys_getuid32(void)
{
	return (int32_t)own()->uid;
}

static int32_t sys_geteuid32(void)
{
	return (int32_t)own()->euid;
}

static int32_t sys_getgid32(void)
{
	return (int32_t)own()->gid;
}

static int32_t sys_getegid32(void)
{
	return (int32_t)own()->egid;
}

/* Whether the (real, effective, saved) ids allow a change to `id`. */
static bool may_become(uint32_t id, uint32_t real, uint32_t effective, uint32_t saved)
{
	return own()->euid == 0 || id == UNCHANGED || id == real || id == effective || id == saved;
}

static void change(uint32_t *place, uint32_t id)
{
	if (id != UNCHANGED)
		*place = id;
}

static int32_t sys_setresuid32(uint32_t real, uint32_t effective, uint32_t saved)
{
	struct credentials *c = own();
	if (!may_become(real, c->uid, c->euid, c->suid) ||
	    !may_become(effective, c->uid, c->euid, c->suid) ||
	    !may_become(saved, c->uid, c->euid, c->suid))
		return -EPERM;
	change(&c->uid, real);
	change(&c->euid, effective);
	change(&c->suid, saved);
	return 0;
}

static int32_t sys_setresgid32(uint32_t real, uint32_t effective, uint32_t saved)
{
	struct credentials *c = own();
	if (!may_become(real, c->gid, c->egid, c->sgid) ||
	    !may_become(effective, c->gid, c->egid, c->sgid) ||
	    !may_become(saved, c->gid, c->egid, c->sgid))
		return -EPERM;
	change(&c->gid, real);
	change(&c->egid, effective);
	change(&c->sgid, saved);
	return 0;
}

/* The privileged change all three, others only the effective one. */
static int32_t sys_setuid32(uint32_t id)
{
	bool root = own()->euid == 0;
	return sys_setresuid32(root ? id : UNCHANGED, id, root ? id : UNCHANGED);
}

static int32_t sys_setgid32(uint32_t id)
{
	bool root = own()->euid == 0;
	return sys_setresgid32(root ? id : UNCHANGED, id, root ? id : UNCHANGED);
}

/* The saved id follows the effective one if the real one is set, or if the effective one
 * becomes something else than the real one was (setreuid(2)). */
static int32_t sys_setreuid32(uint32_t real, uint32_t effective)
{
	struct credentials *c = own();
	uint32_t before = c->uid;
	int error = sys_setresuid32(real, effective, UNCHANGED);
	if (!error && (real != UNCHANGED || (effective != UNCHANGED && effective != before)))
		c->suid = c->euid;
	return error;
}

static int32_t sys_setregid32(uint32_t real, uint32_t effective)
{
	struct credentials *c = own();
	uint32_t before = c->gid;
	int error = sys_setresgid32(real, effective, UNCHANGED);
	if (!error && (real != UNCHANGED || (effective != UNCHANGED && effective != before)))
		c->sgid = c->egid;
	return error;
}

static int three_to_user(uint32_t *real, uint32_t *effective, uint32_t *saved,
                         const uint32_t *from)
{
	return copy_to_user(real, &from[0], 4) || copy_to_user(effective, &from[1], 4) ||
	                       copy_to_user(saved, &from[2], 4)
	               ? -EFAULT : 0;
}

static int32_t sys_getresuid32(uint32_t *real, uint32_t *effective, uint32_t *saved)
{
	const uint32_t ids[3] = {own()->uid, own()->euid, own()->suid};
	return three_to_user(real, effective, saved, ids);
}

static int32_t sys_getresgid32(uint32_t *real, uint32_t *effective, uint32_t *saved)
{
	const uint32_t ids[3] = {own()->gid, own()->egid, own()->sgid};
	return three_to_user(real, effective, saved, ids);
}

static int32_t sys_getgroups32(int size, uint32_t *user_list)
{
	const struct credentials *c = own();
	if (size < 0 || (size > 0 && (uint32_t)size < c->group_count))
		return -EINVAL;
	if (size && copy_to_user(user_list, c->groups, c->group_count * sizeof c->groups[0]))
		return -EFAULT;
	return (int32_t)c->group_count;
}

static int32_t sys_setgroups32(uint32_t count, const uint32_t *user_list)
{
	struct credentials *c = own();
	uint32_t groups[GROUPS_MAX];
	if (c->euid != 0)
		return -EPERM;
	if (count > GROUPS_MAX)
		return -EINVAL;
	if (copy_from_user(groups, user_list, count * sizeof groups[0]))
		return -EFAULT;
	memcpy(c->groups, groups, count * sizeof groups[0]);
	c->group_count = count;
	return 0;
}

/* ---- the same with ids of 16 bits ---- */

static uint32_t wide(uint32_t id)
{
	return (id & 0xffff) == UNCHANGED_16 ? UNCHANGED : id & 0xffff;
}

static int32_t sys_setuid(uint32_t id)
{
	return sys_setuid32(wide(id));
}

static int32_t sys_setgid(uint32_t id)
{
	return sys_setgid32(wide(id));
}

static int32_t sys_setreuid(uint32_t real, uint32_t effective)
{
	return sys_setreuid32(wide(real), wide(effective));
}

static int32_t sys_setregid(uint32_t real, uint32_t effective)
{
	return sys_setregid32(wide(real), wide(effective));
}

static int32_t sys_setresuid(uint32_t real, uint32_t effective, uint32_t saved)
{
	return sys_setresuid32(wide(real), wide(effective), wide(saved));
}

static int32_t sys_setresgid(uint32_t real, uint32_t effective, uint32_t saved)
{
	return sys_setresgid32(wide(real), wide(effective), wide(saved));
}

static int32_t sys_getgroups(int size, uint16_t *user_list)
{
	const struct credentials *c = own();
	uint16_t groups[GROUPS_MAX];
	if (size < 0 || (size > 0 && (uint32_t)size < c->group_count))
		return -EINVAL;
	for (uint32_t i = 0; i < c->group_count; i++)
		groups[i] = (uint16_t)c->groups[i];
	if (size && copy_to_user(user_list, groups, c->group_count * sizeof groups[0]))
		return -EFAULT;
	return (int32_t)c->group_count;
}

const struct system_call identity_calls[] = {
	CALL(getuid32, 0),
	CALL(geteuid32, 0),
	CALL(getgid32, 0),
	CALL(getegid32, 0),
	CALL_AS(getuid, getuid32, 0),
	CALL_AS(geteuid, geteuid32, 0),
	CALL_AS(getgid, getgid32, 0),
	CALL_AS(getegid, getegid32, 0),
	CALL(setuid32, 1),
	CALL(setgid32, 1),
	CALL(setreuid32, 2),
	CALL(setregid32, 2),
	CALL(setresuid32, 3),
	CALL(setresgid32, 3),
	CALL(getresuid32, 3),
	CALL(getresgid32, 3),
	CALL(getgroups32, 2),
	CALL(setgroups32, 2),
	CALL(setuid, 1),
	CALL(setgid, 1),
	CALL(setreuid, 2),
	CALL(setregid, 2),
	CALL(setresuid, 3),
	CALL(setresgid, 3),
	CALL(getgroups, 2),
	CALLS_END,
};
