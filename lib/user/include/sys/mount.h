/* SPDX-License-Identifier: MIT */
#pragma once

#include <linux/mount.h>

#define MNT_FORCE  1
#define MNT_DETACH 2

int mount(const char *source, const char *target, const char *type, unsigned long flags,
          const void *data);
int umount(const char *target);
int umount2(const char *target, int flags);
