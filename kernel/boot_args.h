/* SPDX-License-Identifier: MIT */
/* The kernel command line: words and name=value pairs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

void boot_args_init(const char *line);
const char *boot_args_line(void);
/* The value of name=value, or NULL; of several the last. What follows test= is not looked at. The
 * pointer is valid for ever; values end with NUL. */
const char *boot_arg(const char *name);
/* Whether the bare word is there. */
bool boot_flag(const char *name);
uint32_t boot_arg_number(const char *name, uint32_t otherwise);
