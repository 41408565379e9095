/* SPDX-License-Identifier: MIT */
/* The order in which the parts of vm/ begin. */
#include "vm/start.h"

#include "vm/evict.h"
#include "vm/fault.h"
#include "vm/frame.h"
#include "vm/mmap.h"
#include "vm/pagecache.h"
#include "vm/readahead.h"
#include "vm/replace.h"
#include "vm/rmap.h"
#include "vm/sample.h"
#include "vm/shake.h"
#include "vm/trace.h"

void vm_init(void)
{
	frame_init();
	rmap_init();
	replace_init();
	evict_init();
	pagecache_init();
	fault_init();
	readahead_init();
	fork_init();
}

void vm_start(void)
{
	evict_start();
	pagecache_start_flusher();
	shake_start();
	sample_start();
	trace_start_up();
}
