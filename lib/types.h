/* SPDX-License-Identifier: MIT */
/* The few scalar types that kernel code shares beyond <stdint.h>. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int32_t ssize_t;
typedef int32_t pid_t;
typedef int64_t loff_t;      /* a byte position in a file */
typedef uint32_t physaddr_t; /* a physical address; no PAE, so 32 bits */
