/* SPDX-License-Identifier: MIT */
#pragma once

#include <linux/errno.h>

#define ENOTSUP EOPNOTSUPP

extern int errno;
extern char *program_invocation_name, *program_invocation_short_name;
