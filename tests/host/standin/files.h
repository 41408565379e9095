/* SPDX-License-Identifier: MIT */
/* What kernel.c does not stand in for and kernel/fs wants: see files.c. */
#pragma once

/* Mounts the oracle's image as the root disk. 0 or -errno. */
int standin_files_start(void);
