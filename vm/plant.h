/* SPDX-License-Identifier: MIT */
/*
 * Corruption on purpose, to prove that the auditor sees it: each kind breaks one promise for the
 * length of one audit, under vm_lock, and is mended before anyone can stumble over it. Only in
 * kernels built for testing (DEBUG=1).
 */
#pragma once

#include "lib/types.h"

#ifdef PAGODA_DEBUG
/* Plants the named kind at the page `address` of the current program, audits, mends. As
 * audit_run; -EINVAL if there is no such kind, -EFAULT if the page is not what it needs. */
int audit_planted(const char *kind, uintptr_t address, char *words, size_t size);
#endif
