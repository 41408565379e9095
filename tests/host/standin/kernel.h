/* SPDX-License-Identifier: MIT */
/* What a test may ask of the kernel that kernel.c stands in for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Heap objects in existence, of all kinds. */
extern uint32_t standin_objects;
/* The allocation after so many more fails, once; -1: none does. */
extern int standin_allocations_left;
