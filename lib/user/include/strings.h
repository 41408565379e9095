/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

int strcasecmp(const char *, const char *);
int strncasecmp(const char *, const char *, size_t n);
void bzero(void *, size_t n);
int ffs(int);
