/* SPDX-License-Identifier: MIT */
/*
 * The kernel, for modules of vm/ that are tested on the host: one thread, no interrupts,
 * memory from malloc, so that AddressSanitizer watches every object. Locks only remember
 * that they are held. A panic ends the test. Built with -m32, where the host's C library
 * and lib/types.h agree on what ssize_t and its like are.
 */
#include "tests/host/standin/kernel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/boot_args.h"
#include "kernel/cpu/cpu.h"
#include "kernel/log.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/spinlock.h"
#include "kernel/trace.h"
#include "kernel/watch.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

uint32_t standin_objects;
int standin_allocations_left = -1;

struct thread boot_thread;
struct cpu boot_cpu = {.current = &boot_thread};
struct spinlock vm_lock = SPINLOCK_INIT("vm");
uint32_t vm_counters[VM_COUNTER_COUNT];
uint32_t trace_on; /* never: so no tracepoint is called */

TRACE_CALLING void trace_note(uint32_t what, uint32_t a, uint32_t b)
{
	(void)what, (void)a, (void)b;
}

TRACE_CALLING void trace_note_3(uint32_t what, uint32_t a, uint32_t b, uint32_t c)
{
	(void)what, (void)a, (void)b, (void)c;
}

TRACE_CALLING void trace_note_4(uint32_t what, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	(void)what, (void)a, (void)b, (void)c, (void)d;
}

TRACE_CALLING void trace_note_more(uint32_t what, uint32_t a, uint32_t b, uint32_t c, uint32_t d,
                                   uint32_t e)
{
	(void)what, (void)a, (void)b, (void)c, (void)d, (void)e;
}

TRACE_CALLING void trace_copy_note(const struct pagedir *space, uintptr_t page,
                                   const struct frame *from, const struct frame *to)
{
	(void)space, (void)page, (void)from, (void)to;
}

void trace_area_note(enum trace_kind kind, const struct pagedir *space,
                     const struct trace_area *area, uintptr_t old_start, uintptr_t old_end)
{
	(void)kind, (void)space, (void)area, (void)old_start, (void)old_end;
}

void trace_file_note(struct page_source *source)
{
	(void)source;
}

void trace_cache_note(enum trace_kind kind, const struct frame *frame)
{
	(void)kind, (void)frame;
}

void panic(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	printf("Bail out! panic: ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	abort();
}

void log_print(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	printf("# ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
}

void log_limited(struct log_limit *limit, const char *format, ...)
{
	va_list arguments;
	(void)limit;
	va_start(arguments, format);
	printf("# ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
}

bool thread_may_sleep(void)
{
	return !boot_cpu.preempt_off;
}

void spin_lock(struct spinlock *lock)
{
	ASSERT_SAYING(!lock->owner, "a spinlock is taken twice");
	lock->owner = this_cpu();
	boot_cpu.preempt_off++;
}

void spin_unlock(struct spinlock *lock)
{
	ASSERT_SAYING(lock->owner, "a spinlock is released that is not held");
	lock->owner = NULL;
	boot_cpu.preempt_off--;
}

void mutex_init(struct mutex *mutex, const char *name)
{
	*mutex = (struct mutex){.name = name};
}

void mutex_lock(struct mutex *mutex)
{
	ASSERT_MAY_SLEEP();
	ASSERT_SAYING(!mutex->owner, "a mutex is taken twice");
	mutex->owner = &boot_thread;
}

void mutex_unlock(struct mutex *mutex)
{
	ASSERT_SAYING(mutex->owner, "a mutex is released that is not held");
	mutex->owner = NULL;
}

/* No word is on the command line. */
uint32_t boot_arg_number(const char *name, uint32_t otherwise)
{
	(void)name;
	return otherwise;
}

void *kmalloc(size_t bytes)
{
	if (standin_allocations_left >= 0 && standin_allocations_left-- == 0)
		return NULL;
	standin_objects++;
	return malloc(bytes);
}

void *kmalloc_zeroed(size_t bytes)
{
	void *object = kmalloc(bytes);
	return object ? __builtin_memset(object, 0, bytes) : NULL;
}

void kfree(void *object)
{
	if (object)
		standin_objects--;
	free(object);
}

void *slab_alloc(struct slab_cache *cache)
{
	void *object = kmalloc(cache->size);
	cache->objects += object != NULL;
	return object;
}

void *slab_alloc_zeroed(struct slab_cache *cache)
{
	void *object = slab_alloc(cache);
	return object ? __builtin_memset(object, 0, cache->size) : NULL;
}

void slab_free(struct slab_cache *cache, void *object)
{
	cache->objects--;
	kfree(object);
}

uint32_t slab_alloc_many(struct slab_cache *cache, void **objects, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!(objects[i] = slab_alloc(cache)))
			return i;
	return count;
}

void slab_free_many(struct slab_cache *cache, void *const *objects, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		slab_free(cache, objects[i]);
}

void panic_print(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
}

void watch_set_frame_hooks(bool (*wait)(const struct thread *, char *, size_t),
                           void (*say)(void))
{
	(void)wait, (void)say;
}
