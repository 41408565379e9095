/* SPDX-License-Identifier: MIT */
/*
 * The policy lab's engine: replays a reference trace through the kernel's replacement policies,
 * the same source files, and through two yardsticks that no kernel can have:
 *
 *   opt   evicts the page whose next reference is farthest away (L. A. Belady's MIN, 1966): no
 *         policy has fewer misses
 *   lru   evicts the page whose last reference is longest ago, exactly
 *
 *     policylab ARRIVAL TICK SIZES POLICIES <TRACE
 *
 * ARRIVAL 1: a page arrives with its reference bit set, as on i386, where the access is retried;
 * 0: clear. TICK: references between two ticks of time. SIZES: memory sizes in frames, POLICIES:
 * names, both with commas. TRACE: page identities, 32 bits each in the host's byte order.
 * Prints a line for each policy and size: name, frames, misses. scripts/policy-lab calls it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/policy.h"

#define NEVER UINT32_MAX

/* A page of the trace. The policies see its first field. */
struct page {
	struct policy_page policy;
	struct list_link lru; /* resident: least recently used first */
	uint32_t next;        /* opt: when it is referenced next */
	bool resident;
	bool referenced;
};

struct trace {
	uint32_t length, distinct;
	uint32_t *references; /* indices into pages */
	uint32_t *next;       /* when the same page is referenced next, or NEVER */
	struct page *pages;
};

static void die(const char *what)
{
	fprintf(stderr, "policylab: %s\n", what);
	exit(1);
}

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);
	if (!memory)
		die("out of memory");
	return memory;
}

/* ---- the environment of the policies ---- */

bool policy_referenced(struct policy_page *policy_page)
{
	struct page *page = LIST_ENTRY(policy_page, struct page, policy);
	bool referenced = page->referenced;
	page->referenced = false;
	return referenced;
}

bool policy_evictable(struct policy_page *page)
{
	(void)page;
	return true;
}

static uint32_t replay_policy(struct trace *trace, const struct policy *policy, uint32_t frames,
                              bool arrival, uint32_t tick)
{
	void *table = allocate(frames, policy->table_bytes);
	void *self = allocate(1, policy->self_bytes);
	uint32_t resident = 0, misses = 0;

	policy->start(self, table, frames);
	for (uint32_t t = 0; t < trace->length; t++) {
		struct page *page = &trace->pages[trace->references[t]];
		if (page->resident) {
			page->referenced = true;
		} else {
			misses++;
			if (resident == frames) {
				struct policy_page *victim = policy_choose(policy, self, resident);
				if (!victim)
					die("a policy named no victim");
				policy->page_out(self, victim);
				LIST_ENTRY(victim, struct page, policy)->resident = false;
				resident--;
			}
			page->referenced = false;
			page->resident = true;
			policy->page_in(self, &page->policy);
			page->referenced = arrival;
			resident++;
		}
		if (policy->tick && (t + 1) % tick == 0)
			policy->tick(self);
	}
	for (uint32_t i = 0; i < trace->distinct; i++) {
		if (trace->pages[i].resident)
			policy->page_out(self, &trace->pages[i].policy);
		trace->pages[i].resident = false;
	}
	free(self);
	free(table);
	return misses;
}

static uint32_t replay_lru(struct trace *trace, uint32_t frames)
{
	struct list queue = LIST_INIT(queue);
	uint32_t resident = 0, misses = 0;

	for (uint32_t i = 0; i < trace->distinct; i++)
		list_link_init(&trace->pages[i].lru);
	for (uint32_t t = 0; t < trace->length; t++) {
		struct page *page = &trace->pages[trace->references[t]];
		if (list_linked(&page->lru)) {
			list_remove(&page->lru);
		} else {
			misses++;
			if (resident == frames)
				list_pop(&queue);
			else
				resident++;
		}
		list_append(&queue, &page->lru);
	}
	return misses;
}

/* A heap of resident pages, that with the farthest next reference on top. An entry whose page
 * was referenced again since is stale and thrown away when it comes to the top. */
struct heap {
	struct heap_entry {
		uint32_t next;
		uint32_t page;
	} *entries;
	uint32_t count;
};

static void heap_add(struct heap *heap, uint32_t next, uint32_t page)
{
	uint32_t at = heap->count++;
	for (; at > 0 && heap->entries[(at - 1) / 2].next < next; at = (at - 1) / 2)
		heap->entries[at] = heap->entries[(at - 1) / 2];
	heap->entries[at] = (struct heap_entry){next, page};
}

static struct heap_entry heap_pop(struct heap *heap)
{
	struct heap_entry top = heap->entries[0], last = heap->entries[--heap->count];
	uint32_t at = 0, child;
	while ((child = 2 * at + 1) < heap->count) {
		if (child + 1 < heap->count &&
		    heap->entries[child + 1].next > heap->entries[child].next)
			child++;
		if (heap->entries[child].next <= last.next)
			break;
		heap->entries[at] = heap->entries[child];
		at = child;
	}
	heap->entries[at] = last;
	return top;
}

static uint32_t replay_opt(struct trace *trace, uint32_t frames)
{
	struct heap heap = {.entries = allocate(trace->length + 1, sizeof(struct heap_entry))};
	uint32_t resident = 0, misses = 0;

	for (uint32_t t = 0; t < trace->length; t++) {
		struct page *page = &trace->pages[trace->references[t]];
		if (!page->resident) {
			misses++;
			while (resident == frames) {
				struct heap_entry entry = heap_pop(&heap);
				struct page *victim = &trace->pages[entry.page];
				if (!victim->resident || victim->next != entry.next)
					continue;
				victim->resident = false;
				resident--;
			}
			page->resident = true;
			resident++;
		}
		page->next = trace->next[t];
		heap_add(&heap, page->next, trace->references[t]);
	}
	for (uint32_t i = 0; i < trace->distinct; i++)
		trace->pages[i].resident = false;
	free(heap.entries);
	return misses;
}

/* ---- the trace ---- */

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static uint32_t *read_numbers(FILE *file, uint32_t *length)
{
	size_t room = 1 << 16, count = 0, got;
	uint32_t *numbers = allocate(room, sizeof(*numbers));
	while ((got = fread(numbers + count, sizeof(*numbers), room - count, file)) > 0) {
		count += got;
		if (count == room && !(numbers = realloc(numbers, (room *= 2) * sizeof(*numbers))))
			die("out of memory");
	}
	if (count >= NEVER)
		die("the trace is too long");
	*length = count;
	return numbers;
}

/* Numbers the identities of the trace from 0 and finds each reference's next. */
static struct trace read_trace(FILE *file)
{
	struct trace trace = {0};
	trace.references = read_numbers(file, &trace.length);
	uint32_t *sorted = allocate(trace.length, sizeof(*sorted));
	memcpy(sorted, trace.references, trace.length * sizeof(*sorted));
	qsort(sorted, trace.length, sizeof(*sorted), compare);
	for (uint32_t i = 0; i < trace.length; i++)
		if (i == 0 || sorted[i] != sorted[i - 1])
			sorted[trace.distinct++] = sorted[i];

	trace.pages = allocate(trace.distinct, sizeof(*trace.pages));
	trace.next = allocate(trace.length, sizeof(*trace.next));
	for (uint32_t i = 0; i < trace.distinct; i++) {
		trace.pages[i].policy.identity = sorted[i];
		trace.pages[i].next = NEVER;
	}
	for (uint32_t t = trace.length; t-- > 0;) {
		uint32_t *found = bsearch(&trace.references[t], sorted, trace.distinct,
		                          sizeof(*sorted), compare);
		struct page *page = &trace.pages[found - sorted];
		trace.references[t] = found - sorted;
		trace.next[t] = page->next;
		page->next = t;
	}
	free(sorted);
	return trace;
}

static void trace_free(struct trace *trace)
{
	free(trace->references);
	free(trace->next);
	free(trace->pages);
}

static uint32_t replay(struct trace *trace, const char *name, uint32_t frames, bool arrival,
                       uint32_t tick)
{
	if (strcmp(name, "opt") == 0)
		return replay_opt(trace, frames);
	if (strcmp(name, "lru") == 0)
		return replay_lru(trace, frames);
	const struct policy *policy = policy_find(name);
	if (!policy)
		die("no such policy");
	return replay_policy(trace, policy, frames, arrival, tick);
}

static uint32_t number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (end == text || (*end && *end != ',') || value >= NEVER)
		die("a number is wrong");
	return value;
}

/* The next item of a list with commas, or NULL. */
static const char *next_item(const char *item)
{
	const char *comma = strchr(item, ',');
	return comma ? comma + 1 : NULL;
}

int main(int count, char **words)
{
	if (count == 1) {
		for (unsigned i = 0; policies[i]; i++)
			printf("%s\n", policies[i]->name);
		return 0;
	}
	if (count != 5)
		die("wants ARRIVAL TICK SIZES POLICIES, or nothing to list the policies");
	bool arrival = number(words[1]);
	uint32_t tick = number(words[2]);
	if (!tick)
		die("a tick is at least one reference");
	struct trace trace = read_trace(stdin);
	for (char *name = strtok(words[4], ","); name; name = strtok(NULL, ","))
		for (const char *size = words[3]; size; size = next_item(size)) {
			uint32_t frames = number(size);
			if (!frames)
				die("memory is at least one frame");
			printf("%s %" PRIu32 " %" PRIu32 "\n", name, frames,
			       replay(&trace, name, frames, arrival, tick));
		}
	trace_free(&trace);
	return 0;
}
