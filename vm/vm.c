/* SPDX-License-Identifier: MIT */
/* Start-up order of vm/, and the counters behind /proc/vmstat. */
#include "vm/vm.h"

#include "vm/chaos.h"
#include "vm/evict.h"
#include "vm/fault.h"
#include "vm/frame.h"
#include "vm/mmap.h"
#include "vm/pagecache.h"
#include "vm/readahead.h"
#include "vm/sample.h"
#include "vm/trace.h"

struct spinlock vm_lock = SPINLOCK_INIT("vm");

uint32_t vm_counters[VM_COUNTER_COUNT];

const char *const vm_counter_names[VM_COUNTER_COUNT] = {
#define VM_COUNTER_NAME(name) [VM_##name] = #name,
	VM_COUNTERS(VM_COUNTER_NAME)
#undef VM_COUNTER_NAME
};

void vm_init(void)
{
	frame_init();
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
	chaos_start();
	sample_start();
	trace_start_up();
}
