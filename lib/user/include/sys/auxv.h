/* SPDX-License-Identifier: MIT */
#pragma once

#include <linux/auxvec.h>

/* The value that the kernel gave at exec under this AT_ type; 0 if it gave none. */
unsigned long getauxval(unsigned long type);
