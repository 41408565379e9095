/* SPDX-License-Identifier: MIT */
/*
 * What the system says it is: uname(2), /proc/version, /proc/sys/kernel. The release names
 * the Linux whose system calls we follow, because C libraries compare it with the oldest
 * they work on.
 */
#pragma once

#include <stddef.h>

#define IDENTITY_SYSTEM "Pagoda"
#define IDENTITY_RELEASE "6.1.0-pagoda"
#define IDENTITY_VERSION "#1 PREEMPT"
#define IDENTITY_MACHINE "i686"
#define IDENTITY_NAME_SIZE 65 /* of a host name with its NUL, as in struct new_utsname */

/* The host's own name and its NIS domain's: copied out, and changed. Own lock. -ENAMETOOLONG. */
enum identity_name { IDENTITY_HOST, IDENTITY_DOMAIN };
void identity_name(enum identity_name, char to[IDENTITY_NAME_SIZE]);
int identity_set_name(enum identity_name, const char *name, size_t length);
