/* SPDX-License-Identifier: MIT */
/*
 * The trace's rings (trace.h). Each processor has one, of pieces that go to the channel as
 * they are:
 *
 *   piece 0        piece 1        piece 2           piece 3
 *   [being sent]   [being sent]   [CHUNK|....|--]   [free]
 *                                          ^ next
 *
 * A full piece is handed over and the next one begun, if the channel has given it back; if
 * not, records are dropped until it has. Only its own processor writes a ring, with interrupts
 * off, so no lock is needed, and a record may be noted wherever a lock is held.
 */
#include "kernel/trace.h"

#include "kernel/cpu/cpu.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/physmem.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "lib/string.h"

#define PIECE_BYTES 16384u
#define PIECES_LEAST 8u
#define PIECES_MOST 64u
#define RING_SHARE 64u  /* of memory: the ring gets one part in so many */
#define TEXT_MOST 160u
#define TEXT_BYTES (TRACE_WORDS * sizeof(uint32_t)) /* in one record */
#define FLUSH_TIME (NS_PER_SECOND / 10)

_Static_assert(sizeof(struct trace_record) == 32, "a record is 32 bytes");

const char *const trace_group_names[TRACE_GROUP_COUNT] = {
#define TRACE_GROUP_NAME(name) #name,
	TRACE_GROUPS(TRACE_GROUP_NAME)
#undef TRACE_GROUP_NAME
};

uint32_t trace_on;

static const struct trace_channel *channel; /* set at start-up */
static uint32_t wanted;  /* groups */
static bool only_chosen; /* of TRACE_ACTIVITY: what chosen threads do */
static struct timer flush_timer;

/* The one ring of the one processor; written by it alone, with interrupts off. */
static struct {
	char *memory;               /* of `pieces` pieces */
	uint32_t pieces, piece;     /* how many, and which is being filled */
	struct trace_record *first; /* in the piece being filled; NULL: none was free */
	struct trace_record *next, *end;
	bool sending[PIECES_MOST];
	uint32_t lost, number;      /* records dropped, pieces begun */
} ring;

static inline void stamp(struct trace_record *record, uint32_t what)
{
	const struct cpu *cpu = this_cpu();

	record->tsc = clock_tsc();
	what |= (uint32_t)cpu->current->id << TRACE_THREAD_SHIFT;
	if (__builtin_expect(cpu->interrupt_depth, 0))
		what |= TRACE_IN_INTERRUPT;
	record->what = what;
}

/* As interrupts_off() and interrupts_restore(), in fewer instructions. */
static inline uint32_t flags_save(void)
{
	uint32_t flags;
	__asm__ volatile("pushfl; popl %0; cli" : "=r"(flags) : : "memory");
	return flags;
}

static inline void flags_restore(uint32_t flags)
{
	__asm__ volatile("pushl %0; popfl" : : "r"(flags) : "memory", "cc");
}

/* Goes on in the next piece, if it is free. */
static __attribute__((noinline)) bool piece_begin(void)
{
	channel->reclaim();
	if (ring.sending[ring.piece])
		return false;
	ring.first = (struct trace_record *)(ring.memory + ring.piece * PIECE_BYTES);
	ring.end = ring.first + PIECE_BYTES / sizeof(struct trace_record);
	ring.next = ring.first + 1;
	stamp(ring.first, TRACE_CHUNK);
	ring.first->words[0] = ring.number++;
	ring.first->words[1] = ring.lost;
	return true;
}

/* Hands over what the piece has. One that the channel does not take is lost. */
static __attribute__((noinline)) void piece_send(void)
{
	uint32_t count = ring.next - ring.first;

	ring.sending[ring.piece] = true;
	if (!channel->send(ring.first, count * sizeof(struct trace_record))) {
		ring.sending[ring.piece] = false;
		ring.lost += count - 1;
	}
	ring.piece = (ring.piece + 1) % ring.pieces;
	ring.first = ring.next = ring.end = NULL;
}

void trace_sent(const void *data)
{
	ring.sending[((const char *)data - ring.memory) / PIECE_BYTES] = false;
}

/* A record with its first words, to be followed by end_record(); NULL: there is no room. */
static inline struct trace_record *begin_record(uint32_t what, uint32_t a, uint32_t b)
{
	if (__builtin_expect(!ring.next, 0) && !piece_begin()) {
		ring.lost++;
		return NULL;
	}
	struct trace_record *record = ring.next;
	stamp(record, what);
	record->words[0] = a;
	record->words[1] = b;
	return record;
}

static inline void end_record(struct trace_record *record)
{
	ring.next = record + 1;
	if (__builtin_expect(ring.next == ring.end, 0))
		piece_send();
}

TRACE_CALLING void trace_note(uint32_t what, uint32_t a, uint32_t b)
{
	uint32_t flags = flags_save();
	struct trace_record *record = begin_record(what, a, b);
	if (record)
		end_record(record);
	flags_restore(flags);
}

TRACE_CALLING void trace_note_more(uint32_t what, uint32_t a, uint32_t b, uint32_t c, uint32_t d,
                                   uint32_t e)
{
	uint32_t flags = flags_save();
	struct trace_record *record = begin_record(what, a, b);
	if (record) {
		record->words[2] = c;
		record->words[3] = d;
		record->words[4] = e;
		end_record(record);
	}
	flags_restore(flags);
}

void trace_note_text(uint32_t what, const char *text, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t words[TRACE_WORDS], flags = interrupts_off();
	size_t length = strlen(text);

	if (length > TEXT_MOST)
		length = TEXT_MOST;
	for (size_t at = 0; at < length; at += TEXT_BYTES) {
		size_t n = length - at < TEXT_BYTES ? length - at : TEXT_BYTES;
		memset(words, 0, sizeof(words));
		memcpy(words, text + at, n);
		trace_note_more(TRACE_TEXT, words[0], words[1], words[2], words[3], words[4]);
	}
	trace_note_more(what, a, b, c, 0, 0);
	interrupts_restore(flags);
}

void trace_flush(void)
{
	if (!channel)
		return;
	uint32_t flags = interrupts_off();
	if (ring.next && ring.next - ring.first > 1)
		piece_send();
	interrupts_restore(flags);
}

static void flush_due(struct timer *timer)
{
	trace_flush();
	if (trace_on)
		timer_set(timer, clock_now() + FLUSH_TIME);
}

static bool is_chosen(const struct thread *thread)
{
	return !only_chosen || thread->traced || !thread->process;
}

static void record_as_wanted(const struct thread *running)
{
	uint32_t groups = is_chosen(running) ? wanted : wanted & ~TRACE_ACTIVITY;
	__atomic_store_n(&trace_on, groups | TRACE_LIVE, __ATOMIC_RELEASE);
}

void trace_switched(const struct thread *from, const struct thread *to)
{
	if (wanted & TRACE_BIT(switch) && (is_chosen(from) || is_chosen(to)))
		trace_note(TRACE_WHAT(TRACE_SWITCH, from->state), (uint32_t)to->id, 0);
	record_as_wanted(to);
}

void trace_begin(uint32_t groups, bool only)
{
	ASSERT(channel);
	wanted = groups;
	only_chosen = only;
	record_as_wanted(this_cpu()->current);
	timer_set(&flush_timer, clock_now() + FLUSH_TIME);
}

void trace_end(void)
{
	trace_note(TRACE_END, 0, 0);
	__atomic_store_n(&trace_on, 0, __ATOMIC_RELEASE);
	trace_flush();
}

void trace_set_channel(const struct trace_channel *new)
{
	uint32_t pieces = physmem_total() / RING_SHARE / (PIECE_BYTES / PAGE_SIZE);

	if (pieces < PIECES_LEAST)
		pieces = PIECES_LEAST;
	ring.pieces = pieces < PIECES_MOST ? pieces : PIECES_MOST;
	ring.memory = physmem_boot_take(ring.pieces * (PIECE_BYTES / PAGE_SIZE));
	timer_init(&flush_timer, flush_due);
	channel = new;
	panic_add_note(trace_flush);
}

bool trace_has_channel(void)
{
	return channel != NULL;
}

uint32_t trace_lost(void)
{
	return ring.lost;
}
