/* SPDX-License-Identifier: MIT */
#pragma once

#include <linux/times.h>
#include <sys/types.h>

clock_t times(struct tms *);
