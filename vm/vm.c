/* SPDX-License-Identifier: MIT */
/* The one spinlock, and the counters behind /proc/vmstat. */
#include "vm/vm.h"


struct spinlock vm_lock = SPINLOCK_INIT("vm");

uint32_t vm_counters[VM_COUNTER_COUNT];

const char *const vm_counter_names[VM_COUNTER_COUNT] = {
#define VM_COUNTER_NAME(name) [VM_##name] = #name,
	VM_COUNTERS(VM_COUNTER_NAME)
#undef VM_COUNTER_NAME
};
