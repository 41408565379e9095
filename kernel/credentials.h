/* SPDX-License-Identifier: MIT */
/*
 * Who somebody is: users, groups and capabilities, as credentials(7) and capabilities(7) have
 * them, and how they change. What they allow is asked in rights.h.
 *
 * Credentials belong to a process, which alone changes them; the caller guards them against
 * readers. Capabilities are sets of 64 bits, bit CAP_CHOWN (0) and up (linux/capability.h).
 */
#pragma once

#include <linux/capability.h>

#include "lib/types.h"

#define GROUPS_MAX 32 /* supplementary ones */
#define ID_UNCHANGED UINT32_MAX

typedef uint64_t capabilities;

struct credentials {
	uint32_t uid, euid, suid, fsuid; /* real, effective, saved; and the one files ask for */
	uint32_t gid, egid, sgid, fsgid;
	uint32_t groups[GROUPS_MAX];
	uint32_t group_count;
	capabilities effective, permitted, inheritable;
	capabilities bounding;           /* what exec may give at most */
	bool keep_capabilities;          /* prctl(2), PR_SET_KEEPCAPS */
	bool no_new_privileges;          /* prctl(2), PR_SET_NO_NEW_PRIVS: forever */
};

#define CAPABILITIES_ALL ((1ull << (CAP_LAST_CAP + 1)) - 1)
/* Root with all of them: process 1, and the kernel's own threads. */
extern const struct credentials credentials_root;

bool has_capability(const struct credentials *, int capability);
/* Whether the group is the one that files ask for, or a supplementary one. */
bool credentials_in_group(const struct credentials *, uint32_t gid);

/* What a change of user ids does to the capabilities ("Effect of user ID changes on
 * capabilities"): `before` is what they were. */
void credentials_ids_changed(struct credentials *, const struct credentials *before);
/* The same of setfsuid(2). */
void credentials_fsuid_changed(struct credentials *, uint32_t before);
/* The change by execve(2) of a program's file with this mode and owner. Whether a set-id bit of the mode
 * had its effect. */
bool credentials_execute(struct credentials *, uint32_t mode, uint32_t uid, uint32_t gid);
/* Whether the program so executed got what its caller did not have (getauxval(3), AT_SECURE). */
bool credentials_secure(const struct credentials *);
/* As access(2) asks: with the real ids in place of the effective ones. */
void credentials_use_real(struct credentials *);
