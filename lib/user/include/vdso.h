/* SPDX-License-Identifier: MIT */
#pragma once

/* The address of a function that the kernel gives to programs (vdso(7)), such as
 * "__vdso_clock_gettime" of the version "LINUX_2.6"; NULL: it gives none such. */
void *vdso_function(const char *version, const char *name);
