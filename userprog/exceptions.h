/* SPDX-License-Identifier: MIT */
/* Processor exceptions of programs become signals. */
#pragma once

/* Fills the doors of kernel/cpu and vm/fault. */
void exceptions_init(void);
