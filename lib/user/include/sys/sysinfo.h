/* SPDX-License-Identifier: MIT */
#pragma once

#include <linux/sysinfo.h>

int sysinfo(struct sysinfo *);
