/* SPDX-License-Identifier: MIT */
/* A file gets shorter: what private mappings have copied of its end. */
#pragma once

#include "lib/types.h"

struct page_source;

/* The source was cut off before page `first`: every space that maps it privately loses the
 * copies of the pages that are gone. One at a time for a source; no space's lock held; may sleep.
 * Goes once by each area of the source. */
void truncate_copies(struct page_source *, uint32_t first);
