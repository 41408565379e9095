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

/* The host name: copied out, and changed. Own lock. -ENAMETOOLONG. */
void identity_hostname(char to[IDENTITY_NAME_SIZE]);
int identity_set_hostname(const char *name, size_t length);
