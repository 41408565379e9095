/* SPDX-License-Identifier: MIT */
/*
 * The orders seen form a graph: a node for each class, an edge a -> b for "b was taken while
 * a was held". As long as it has no circle, no set of threads can wait for each other in one.
 * A new edge is rare (a few hundred in all), so each is checked by a plain search; an old one
 * is recognised by one bit.
 *
 * Spinlocks and mutexes need no edges between them: a spinlock inside a mutex is always
 * right, a mutex inside a spinlock always wrong.
 *
 * The graph is guarded by a word of its own, with interrupts off; that is no struct spinlock,
 * since those are what is checked.
 */
#ifdef PAGODA_DEBUG

#include "kernel/sync/lockorder.h"

#include "kernel/cpu/cpu.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/spinlock.h"
#include "lib/string.h"

#define CLASSES_MAX 160
#define EDGES_MAX 1024
#define WORD_BITS 32

struct class {
	const char *name;
	uint8_t level;          /* of mutex_lock_nested */
	bool in_interrupts;     /* was taken by an interrupt handler */
	bool interrupts_on;     /* was taken by others with interrupts on, there: */
	uintptr_t where_on;
};

struct edge {
	uint8_t outer, inner;
	uintptr_t where;        /* the inner one was taken first in this order */
};

static struct class classes[CLASSES_MAX];
static uint32_t class_count = 1; /* 0: a lock whose class is not known yet */
static struct edge edges[EDGES_MAX];
static uint32_t edge_count;
static uint32_t edge_known[CLASSES_MAX][CLASSES_MAX / WORD_BITS];
static volatile uint32_t graph_lock;

/* For the notes of a panic: the way of known edges that the new order contradicts, ... */
static const struct edge *way[CLASSES_MAX];
static uint32_t way_length;
static const struct class *culprit; /* was taken with interrupts on, wrongly */
static bool stopped; /* panicking: what the last words need is not checked */

static uint32_t graph_enter(void)
{
	uint32_t flags = interrupts_off();
	while (__atomic_exchange_n(&graph_lock, 1, __ATOMIC_ACQUIRE))
		__asm__ volatile("pause");
	return flags;
}

static void graph_leave(uint32_t flags)
{
	__atomic_store_n(&graph_lock, 0, __ATOMIC_RELEASE);
	interrupts_restore(flags);
}

static void print_held(const char *who, const struct locks_held *held)
{
	for (uint32_t i = held->count; i-- > 0;) {
		panic_print("%s holds '%s', taken at\n", who, classes[held->locks[i].class].name);
		panic_print_place(held->locks[i].where);
	}
}

/* A note of every panic: what is held, and the orders that were seen before. */
static void say(void)
{
	print_held("this processor", &this_cpu()->spinlocks);
	print_held("the thread", &thread_current()->mutexes);
	for (uint32_t i = 0; i < way_length; i++) {
		panic_print("before, '%s' was taken while '%s' was held, at\n",
		            classes[way[i]->inner].name, classes[way[i]->outer].name);
		panic_print_place(way[i]->where);
	}
	if (culprit) {
		panic_print("'%s' was taken with interrupts on, at\n", culprit->name);
		panic_print_place(culprit->where_on);
	}
}

/* Graph locked. */
static uint8_t class_find(const char *name, unsigned level)
{
	for (uint32_t i = 1; i < class_count; i++)
		if (classes[i].level == level && strcmp(classes[i].name, name) == 0)
			return i;
	if (class_count == CLASSES_MAX) {
		stopped = true;
		panic("the lock-order checker has no room for the class '%s'", name);
	}
	if (class_count == 1)
		panic_add_note(say);
	classes[class_count] = (struct class){.name = name, .level = level};
	return class_count++;
}

/* The class of a lock, which keeps that of level 0. */
static uint8_t class_of(uint8_t *kept, const char *name, unsigned level)
{
	if (level == 0 && *kept)
		return *kept;
	uint32_t flags = graph_enter();
	uint8_t class = class_find(name ? name : "unnamed", level);
	if (level == 0)
		*kept = class;
	graph_leave(flags);
	return class;
}

static bool is_known(uint8_t outer, uint8_t inner)
{
	return edge_known[outer][inner / WORD_BITS] >> inner % WORD_BITS & 1;
}

/* Finds a way of edges between two classes, which is left in way[]; if there is none, that is
 * left empty. Each class is visited once. Graph locked. */
static bool find_way(uint8_t from, uint8_t to, bool visited[CLASSES_MAX])
{
	visited[from] = true;
	for (uint32_t i = 0; i < edge_count; i++) {
		const struct edge *edge = &edges[i];
		if (edge->outer != from || visited[edge->inner])
			continue;
		way[way_length++] = edge;
		if (edge->inner == to || find_way(edge->inner, to, visited))
			return true;
		way_length--;
	}
	return false;
}

static bool has_way(uint8_t from, uint8_t to)
{
	bool visited[CLASSES_MAX] = {false};
	way_length = 0;
	return find_way(from, to, visited);
}

/* Graph locked. */
static void check_circle(uint8_t outer, uint8_t inner)
{
	if (!has_way(inner, outer))
		return;
	stopped = true;
	panic("lock order: '%s' is taken while '%s' is held; before, the order was the other "
	      "way round", classes[inner].name, classes[outer].name);
}

static _Noreturn void stop_for_interrupts(uint8_t taken, uint8_t on)
{
	stopped = true;
	culprit = &classes[on];
	if (taken == on)
		panic("interrupt handlers take the spinlock '%s', which is also taken with "
		      "interrupts on", culprit->name);
	has_way(taken, on); /* for the notes */
	panic("interrupt handlers take the spinlock '%s', inside which '%s' is taken, which is "
	      "also taken with interrupts on", classes[taken].name, culprit->name);
}

/* No class that handlers take may be held, directly or not, while one is taken that is also
 * taken with interrupts on: with the latter held, the handler would come and wait. Graph
 * locked; after a new edge or a new fact about a class. */
static void check_interrupts(void)
{
	for (uint32_t taken = 1; taken < class_count; taken++) {
		bool reached[CLASSES_MAX] = {false};
		if (!classes[taken].in_interrupts)
			continue;
		find_way(taken, 0, reached); /* class 0 is nowhere: all that can be reached */
		for (uint32_t on = 1; on < class_count; on++)
			if (reached[on] && classes[on].interrupts_on)
				stop_for_interrupts(taken, on);
	}
}

static void edge_add(uint8_t outer, uint8_t inner, uintptr_t where)
{
	uint32_t flags = graph_enter();
	if (!is_known(outer, inner)) {
		check_circle(outer, inner);
		if (edge_count == EDGES_MAX) {
			stopped = true;
			panic("the lock-order checker has no room for more orders");
		}
		edges[edge_count++] = (struct edge){outer, inner, where};
		edge_known[outer][inner / WORD_BITS] |= 1u << inner % WORD_BITS;
		check_interrupts();
	}
	graph_leave(flags);
}

static void check_order(const struct locks_held *held, uint8_t class, uintptr_t where)
{
	for (uint32_t i = 0; i < held->count; i++) {
		uint8_t outer = held->locks[i].class;
		if (outer == class) {
			stopped = true;
			panic("two locks of the class '%s' are held at once, in no declared order",
			      classes[class].name);
		}
		if (!is_known(outer, class))
			edge_add(outer, class, where);
	}
}

static void check_context(uint8_t class, uintptr_t where)
{
	bool in_interrupt = this_cpu()->interrupt_depth > 0;
	bool on = !in_interrupt && interrupts_enabled();
	struct class *facts = &classes[class];
	if ((!in_interrupt || facts->in_interrupts) && (!on || facts->interrupts_on))
		return;
	uint32_t flags = graph_enter();
	facts->in_interrupts |= in_interrupt;
	if (on && !facts->interrupts_on) {
		facts->interrupts_on = true;
		facts->where_on = where;
	}
	check_interrupts();
	graph_leave(flags);
}

/* Interrupts off in these two: a handler uses the same stack of spinlocks in between. */
static void push(struct locks_held *held, const void *lock, uint8_t class, uintptr_t where)
{
	uint32_t flags = interrupts_off();
	if (held->count == LOCKS_HELD_MAX) {
		stopped = true;
		panic("more than %u locks are held at once", LOCKS_HELD_MAX);
	}
	held->locks[held->count++] = (struct lock_held){lock, where, class};
	interrupts_restore(flags);
}

static void pop(struct locks_held *held, const void *lock)
{
	uint32_t flags = interrupts_off();
	uint32_t i = held->count;
	while (i-- > 0 && held->locks[i].lock != lock)
		continue;
	if (i < held->count) {
		held->count--;
		for (; i < held->count; i++)
			held->locks[i] = held->locks[i + 1];
	}
	interrupts_restore(flags);
}

void lock_order_spin_take(struct spinlock *lock, uintptr_t where)
{
	if (stopped)
		return;
	struct locks_held *held = &this_cpu()->spinlocks;
	uint8_t class = class_of(&lock->order_class, lock->name, 0);
	check_context(class, where);
	check_order(held, class, where);
	push(held, lock, class, where);
}

void lock_order_spin_release(struct spinlock *lock)
{
	pop(&this_cpu()->spinlocks, lock);
}

void lock_order_mutex_want(struct mutex *mutex, unsigned level, uintptr_t where)
{
	if (stopped)
		return;
	const struct locks_held *spinlocks = &this_cpu()->spinlocks;
	if (spinlocks->count > 0) {
		stopped = true;
		panic("the mutex '%s' is wanted while the spinlock '%s' is held", mutex->name,
		      classes[spinlocks->locks[spinlocks->count - 1].class].name);
	}
	uint8_t class = class_of(&mutex->order_class, mutex->name, level);
	check_order(&thread_current()->mutexes, class, where);
}

void lock_order_mutex_take(struct mutex *mutex, unsigned level, uintptr_t where)
{
	uint8_t class = class_of(&mutex->order_class, mutex->name, level);
	push(&thread_current()->mutexes, mutex, class, where);
}

void lock_order_mutex_release(struct mutex *mutex)
{
	pop(&thread_current()->mutexes, mutex);
}

void lock_order_expect_none(const char *moment)
{
	const struct locks_held *held = &thread_current()->mutexes;
	if (stopped || held->count == 0)
		return;
	stopped = true;
	panic("a thread %s and holds the mutex '%s'", moment,
	      classes[held->locks[held->count - 1].class].name);
}

#endif
