/* SPDX-License-Identifier: MIT */
#pragma once

#include <asm/statfs.h>

int statfs(const char *path, struct statfs *);
int fstatfs(int fd, struct statfs *);
