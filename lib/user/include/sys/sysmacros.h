/* SPDX-License-Identifier: MIT */
/* A device number in 32 bits, as the kernel packs it: high minor, major, low minor. */
#pragma once

#define major(device) ((unsigned)((device) >> 8 & 0xfff))
#define minor(device) ((unsigned)(((device)&0xff) | ((device) >> 12 & 0xfff00)))
#define makedev(major, minor) \
	((dev_t)(((minor)&0xff) | ((major)&0xfff) << 8 | ((minor)&0xfff00u) << 12))
