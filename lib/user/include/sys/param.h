/* SPDX-License-Identifier: MIT */
#pragma once

#include <limits.h>
#include <linux/param.h>

#define MAXPATHLEN PATH_MAX
#define MIN(a, b)  ((a) < (b) ? (a) : (b))
#define MAX(a, b)  ((a) > (b) ? (a) : (b))
