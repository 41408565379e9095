/* SPDX-License-Identifier: MIT */
/* The ELF file that is made of userprog/vdso, as it lies in the kernel. */
#pragma once

#include "lib/types.h"

extern const char vdso_image[];
extern const uint32_t vdso_image_size; /* at most a page */
