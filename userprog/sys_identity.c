/* SPDX-License-Identifier: MIT */
/* Users, groups and capabilities: credentials(7), capabilities(7). */
#include <linux/capability.h>
#include <linux/limits.h>

#include "lib/string.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "userprog/user.h"
#include "vm/usercopy.h"

#define UNCHANGED_16 UINT16_MAX

static const struct credentials *own(void)
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

/* ---- changing them: a copy is changed, and then becomes the caller's ---- */

/* Whether an unprivileged caller may take the id: one of those that it has, or UNCHANGED. */
static bool is_one_of(uint32_t id, uint32_t a, uint32_t b, uint32_t c)
{
	return id == ID_UNCHANGED || id == a || id == b || id == c;
}

static void change(uint32_t *place, uint32_t id)
{
	if (id != ID_UNCHANGED)
		*place = id;
}

/* The file-system id follows the effective one. -EAGAIN: no memory to count for the new user. */
static int32_t take_users(struct credentials *c)
{
	int error = c->uid == own()->uid ? 0 : user_become(process_current(), c->uid);
	if (error)
		return error;
	c->fsuid = c->euid;
	credentials_ids_changed(c, own());
	process_set_credentials(c);
	return 0;
}

static int32_t take_groups(struct credentials *c)
{
	c->fsgid = c->egid;
	process_set_credentials(c);
	return 0;
}

static int32_t sys_setresuid32(uint32_t real, uint32_t effective, uint32_t saved)
{
	struct credentials c = *own();
	bool any = right_has(MAY_SET_USER, NULL);
	if (!any && !(is_one_of(real, c.uid, c.euid, c.suid) &&
	              is_one_of(effective, c.uid, c.euid, c.suid) &&
	              is_one_of(saved, c.uid, c.euid, c.suid)))
		return -EPERM;
	change(&c.uid, real);
	change(&c.euid, effective);
	change(&c.suid, saved);
	return take_users(&c);
}

static int32_t sys_setresgid32(uint32_t real, uint32_t effective, uint32_t saved)
{
	struct credentials c = *own();
	bool any = right_has(MAY_SET_GROUPS, NULL);
	if (!any && !(is_one_of(real, c.gid, c.egid, c.sgid) &&
	              is_one_of(effective, c.gid, c.egid, c.sgid) &&
	              is_one_of(saved, c.gid, c.egid, c.sgid)))
		return -EPERM;
	change(&c.gid, real);
	change(&c.egid, effective);
	change(&c.sgid, saved);
	return take_groups(&c);
}

/* The privileged change all three, others only the effective one. */
static int32_t sys_setuid32(uint32_t id)
{
	struct credentials c = *own();
	if (id == ID_UNCHANGED)
		return -EINVAL;
	if (right_has(MAY_SET_USER, NULL))
		c.uid = c.suid = id;
	else if (id != c.uid && id != c.suid)
		return -EPERM;
	c.euid = id;
	return take_users(&c);
}

static int32_t sys_setgid32(uint32_t id)
{
	struct credentials c = *own();
	if (id == ID_UNCHANGED)
		return -EINVAL;
	if (right_has(MAY_SET_GROUPS, NULL))
		c.gid = c.sgid = id;
	else if (id != c.gid && id != c.sgid)
		return -EPERM;
	c.egid = id;
	return take_groups(&c);
}

/* The saved id follows the effective one if the real one is set, or if the effective one
 * becomes something else than the real one was (setreuid(2)). */
static bool saved_follows(uint32_t real, uint32_t effective, uint32_t before)
{
	return real != ID_UNCHANGED || (effective != ID_UNCHANGED && effective != before);
}

static int32_t sys_setreuid32(uint32_t real, uint32_t effective)
{
	struct credentials c = *own();
	uint32_t before = c.uid;
	if (!right_has(MAY_SET_USER, NULL) &&
	    !(is_one_of(real, c.uid, c.euid, c.euid) &&
	      is_one_of(effective, c.uid, c.euid, c.suid)))
		return -EPERM;
	change(&c.uid, real);
	change(&c.euid, effective);
	if (saved_follows(real, effective, before))
		c.suid = c.euid;
	return take_users(&c);
}

static int32_t sys_setregid32(uint32_t real, uint32_t effective)
{
	struct credentials c = *own();
	uint32_t before = c.gid;
	if (!right_has(MAY_SET_GROUPS, NULL) &&
	    !(is_one_of(real, c.gid, c.egid, c.egid) &&
	      is_one_of(effective, c.gid, c.egid, c.sgid)))
		return -EPERM;
	change(&c.gid, real);
	change(&c.egid, effective);
	if (saved_follows(real, effective, before))
		c.sgid = c.egid;
	return take_groups(&c);
}

/* setfsuid(2): the one before is returned, whether it worked or not. */
static int32_t sys_setfsuid32(uint32_t id)
{
	struct credentials c = *own();
	uint32_t before = c.fsuid;
	bool allowed = id != ID_UNCHANGED &&
	               (id == before || is_one_of(id, c.uid, c.euid, c.suid) ||
	                right_has(MAY_SET_USER, NULL));
	if (allowed && id != before) {
		c.fsuid = id;
		credentials_fsuid_changed(&c, before);
		process_set_credentials(&c);
	}
	return (int32_t)before;
}

static int32_t sys_setfsgid32(uint32_t id)
{
	struct credentials c = *own();
	uint32_t before = c.fsgid;
	bool allowed = id != ID_UNCHANGED &&
	               (id == before || is_one_of(id, c.gid, c.egid, c.sgid) ||
	                right_has(MAY_SET_GROUPS, NULL));
	if (allowed && id != before) {
		c.fsgid = id;
		process_set_credentials(&c);
	}
	return (int32_t)before;
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

static int set_groups(const uint32_t *groups, uint32_t count)
{
	struct credentials c = *own();
	memcpy(c.groups, groups, count * sizeof groups[0]);
	c.group_count = count;
	process_set_credentials(&c);
	return 0;
}

/* The list of `count` entries of `size` bytes goes into `to`, which has room for GROUPS_MAX. -EPERM,
 * -EINVAL, -EFAULT, also for a list too long to be kept; that is -ENOMEM. */
static int read_groups(void *to, const void *user_list, uint32_t count, size_t size)
{
	int error = right_check(MAY_SET_GROUPS, NULL);
	if (!error && count > NGROUPS_MAX)
		error = -EINVAL;
	for (uint32_t i = 0; i < count && !error; i += GROUPS_MAX) {
		uint32_t part = count - i < GROUPS_MAX ? count - i : GROUPS_MAX;
		error = copy_from_user(to, (const char *)user_list + i * size, part * size);
	}
	return !error && count > GROUPS_MAX ? -ENOMEM : error;
}

static int32_t sys_setgroups32(uint32_t count, const uint32_t *user_list)
{
	uint32_t groups[GROUPS_MAX];
	int error = read_groups(groups, user_list, count, sizeof groups[0]);
	return error ? error : set_groups(groups, count);
}

/* ---- the same with ids of 16 bits ---- */

static uint32_t wide(uint32_t id)
{
	return (id & 0xffff) == UNCHANGED_16 ? ID_UNCHANGED : id & 0xffff;
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

/* What does not fit into 16 bits shows as the "overflow" id (proc_sys_fs(5), overflowuid). */
static uint16_t short_id(uint32_t id)
{
	return id > UINT16_MAX ? 65534 : (uint16_t)id;
}

static int32_t sys_getuid(void)
{
	return short_id(own()->uid);
}

static int32_t sys_geteuid(void)
{
	return short_id(own()->euid);
}

static int32_t sys_getgid(void)
{
	return short_id(own()->gid);
}

static int32_t sys_getegid(void)
{
	return short_id(own()->egid);
}

static int32_t sys_setfsuid(uint32_t id)
{
	return sys_setfsuid32(wide(id));
}

static int32_t sys_setfsgid(uint32_t id)
{
	return sys_setfsgid32(wide(id));
}

static int three_short_to_user(uint16_t *const user_to[3], const uint32_t ids[3])
{
	for (int i = 0; i < 3; i++) {
		uint16_t id = short_id(ids[i]);
		if (copy_to_user(user_to[i], &id, sizeof id))
			return -EFAULT;
	}
	return 0;
}

static int32_t sys_getresuid(uint16_t *real, uint16_t *effective, uint16_t *saved)
{
	return three_short_to_user((uint16_t *[]){real, effective, saved},
	                           (uint32_t[]){own()->uid, own()->euid, own()->suid});
}

static int32_t sys_getresgid(uint16_t *real, uint16_t *effective, uint16_t *saved)
{
	return three_short_to_user((uint16_t *[]){real, effective, saved},
	                           (uint32_t[]){own()->gid, own()->egid, own()->sgid});
}

static int32_t sys_getgroups(int size, uint16_t *user_list)
{
	const struct credentials *c = own();
	uint16_t groups[GROUPS_MAX];
	if (size < 0 || (size > 0 && (uint32_t)size < c->group_count))
		return -EINVAL;
	for (uint32_t i = 0; i < c->group_count; i++)
		groups[i] = short_id(c->groups[i]);
	if (size && copy_to_user(user_list, groups, c->group_count * sizeof groups[0]))
		return -EFAULT;
	return (int32_t)c->group_count;
}

static int32_t sys_setgroups(uint32_t count, const uint16_t *user_list)
{
	uint16_t narrow[GROUPS_MAX];
	uint32_t groups[GROUPS_MAX];
	int error = read_groups(narrow, user_list, count, sizeof narrow[0]);
	for (uint32_t i = 0; i < count && !error; i++)
		groups[i] = wide(narrow[i]);
	return error ? error : set_groups(groups, count);
}

/* ---- capget(2), capset(2) ---- */

/* How many words of 32 bits a set has in that version of the header; 0: there is no such. */
static uint32_t words_of_version(uint32_t version)
{
	switch (version) {
	case _LINUX_CAPABILITY_VERSION_1:
		return _LINUX_CAPABILITY_U32S_1;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		return _LINUX_CAPABILITY_U32S_3;
	default:
		return 0;
	}
}

/* The header, and how many words follow; of an unknown version -EINVAL, with the newest told. */
static int header_from_user(struct __user_cap_header_struct *header,
                            struct __user_cap_header_struct *user_header, uint32_t *words)
{
	const uint32_t newest = _LINUX_CAPABILITY_VERSION_3;
	if (copy_from_user(header, user_header, sizeof *header))
		return -EFAULT;
	*words = words_of_version(header->version);
	if (*words)
		return 0;
	return copy_to_user(&user_header->version, &newest, sizeof newest) ? -EFAULT : -EINVAL;
}

static int credentials_of(pid_t id, struct credentials *c)
{
	int error = -ESRCH;
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct process *process = id ? process_find_locked(id) : process_current();
	if (process) {
		*c = process->credentials;
		error = 0;
	}
	spin_unlock_irq(&process_lock, flags);
	return error;
}

static int32_t sys_capget(struct __user_cap_header_struct *user_header,
                          struct __user_cap_data_struct *user_data)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	struct credentials c;
	uint32_t words;
	int error = header_from_user(&header, user_header, &words);
	if (error || !user_data)
		return error == -EINVAL && !user_data ? 0 : error;
	if (header.pid < 0)
		return -EINVAL;
	error = credentials_of(header.pid, &c);
	if (error)
		return error;
	for (uint32_t i = 0; i < words; i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(c.effective >> 32 * i),
			.permitted = (uint32_t)(c.permitted >> 32 * i),
			.inheritable = (uint32_t)(c.inheritable >> 32 * i)};
	return copy_to_user(user_data, data, words * sizeof data[0]);
}

/* capabilities(7), "Programmatically adjusting capability sets". */
static int check_sets(const struct credentials *old, const struct credentials *new)
{
	capabilities inheritable = old->inheritable | old->permitted;
	if (right_has(MAY_SET_BOUNDS, NULL))
		inheritable = CAPABILITIES_ALL;
	bool allowed = !(new->inheritable & ~inheritable) &&
	               !(new->inheritable & ~(old->inheritable | old->bounding)) &&
	               !(new->permitted & ~old->permitted) &&
	               !(new->effective & ~new->permitted);
	return allowed ? 0 : -EPERM;
}

static int32_t sys_capset(struct __user_cap_header_struct *user_header,
                          const struct __user_cap_data_struct *user_data)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	struct credentials c = *own();
	uint32_t words;
	int error = header_from_user(&header, user_header, &words);
	if (error)
		return error;
	if (header.pid && header.pid != process_current()->id)
		return -EPERM;
	if (copy_from_user(data, user_data, words * sizeof data[0]))
		return -EFAULT;
	c.effective = (data[0].effective | (capabilities)data[1].effective << 32) & CAPABILITIES_ALL;
	c.permitted = (data[0].permitted | (capabilities)data[1].permitted << 32) & CAPABILITIES_ALL;
	c.inheritable = (data[0].inheritable | (capabilities)data[1].inheritable << 32) &
	                CAPABILITIES_ALL;
	error = check_sets(own(), &c);
	if (!error)
		process_set_credentials(&c);
	return error;
}

const struct system_call identity_calls[] = {
	CALL(getuid32, 0),
	CALL(geteuid32, 0),
	CALL(getgid32, 0),
	CALL(getegid32, 0),
	CALL(getuid, 0),
	CALL(geteuid, 0),
	CALL(getgid, 0),
	CALL(getegid, 0),
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
	CALL(setgroups, 2),
	CALL(getresuid, 3),
	CALL(getresgid, 3),
	CALL(setfsuid32, 1),
	CALL(setfsgid32, 1),
	CALL(setfsuid, 1),
	CALL(setfsgid, 1),
	CALL(capget, 2),
	CALL(capset, 2),
	CALLS_END,
};
