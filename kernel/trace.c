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
 * not, records are dropped until it has. A channel that waits takes each record by itself. Only its own processor writes a ring, with interrupts
 * off, so no lock is needed, and a record may be noted wherever a lock is held.
 */
#include "kernel/trace.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/paging.h"
#include "kernel/cpu/trap.h"
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
	struct trace_record *first; /* in the piece being filled */
	bool sending[PIECES_MOST];
	uint32_t lost, number;      /* records dropped, pieces begun */
} ring;

/* Of the piece being filled: the next record and its end; both NULL if there is no piece. What
 * every record says of the thread that runs. For the code below, which is why they have names. */
struct trace_record *trace_next, *trace_piece_end;
uint32_t trace_thread;

/* Hands over what the piece has. One that the channel does not take is lost. */
static void piece_send(void)
{
	uint32_t count = trace_next - ring.first;

	if (channel->waits) {
		channel->send(ring.first, count * sizeof(struct trace_record));
		trace_next = trace_piece_end = NULL;
		return;
	}
	ring.sending[ring.piece] = true;
	if (!channel->send(ring.first, count * sizeof(struct trace_record))) {
		ring.sending[ring.piece] = false;
		ring.lost += count - 1;
	}
	ring.piece = (ring.piece + 1) % ring.pieces;
	trace_next = trace_piece_end = NULL;
}

/* There is no room for a record: goes on in the next piece, if it is free; else one is lost. */
void trace_make_room(void)
{
	if (trace_next)
		piece_send();
	if (channel->waits) {
		trace_next = ring.first;
		trace_piece_end = trace_next + 1;
		return;
	}
	channel->reclaim();
	if (ring.sending[ring.piece]) {
		ring.lost++;
		return;
	}
	ring.first = (struct trace_record *)(ring.memory + ring.piece * PIECE_BYTES);
	trace_piece_end = ring.first + PIECE_BYTES / sizeof(struct trace_record);
	trace_next = ring.first + 1;
	*ring.first = (struct trace_record){
		clock_tsc(), TRACE_CHUNK | trace_thread, {ring.number++, ring.lost}};
}

void trace_sent(const void *data)
{
	ring.sending[((const char *)data - ring.memory) / PIECE_BYTES] = false;
}

/*
 * trace_note() and its brothers are written by hand, since they are what the trace costs: half of
 * what the compiler needs, most of all for registers that must not change.
 * In: eax what, edx a, ecx b, the other words on the stack. `copy` stores those, when ebx is the
 * record, and the flags, ebx and eax were pushed. `save` and `restore`: PUSH and POP, or NEITHER if
 * eax and edx may change.
 */
_Static_assert(offsetof(struct trace_record, what) == 8, "known below");
_Static_assert(offsetof(struct trace_record, words) == 12, "known below");
_Static_assert(offsetof(struct cpu, interrupt_depth) == 12, "known below");
_Static_assert(TRACE_IN_INTERRUPT == 0x80000000, "known below");

#define NOTE(name, copy, save, restore)                                                           \
	__asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name ":\n"               \
	        "pushfl\n cli\n pushl %ebx\n" save("%eax")                                        \
	        "1: movl trace_next, %ebx\n cmpl trace_piece_end, %ebx\n je 4f\n"                 \
	        "movl %edx, 12(%ebx)\n movl %ecx, 16(%ebx)\n"                                     \
	        "orl trace_thread, %eax\n cmpl $0, boot_cpu + 12\n jne 3f\n"                      \
	        "2: movl %eax, 8(%ebx)\n" copy save("%edx") "rdtsc\n"                             \
	        "movl %eax, (%ebx)\n movl %edx, 4(%ebx)\n" restore("%edx")                        \
	        "addl $32, %ebx\n movl %ebx, trace_next\n"                                        \
	        "5:" restore("%eax") "popl %ebx\n popfl\n ret\n"                                  \
	        "3: orl $0x80000000, %eax\n jmp 2b\n"                                             \
	        "4: pushal\n call trace_make_room\n popal\n"                                      \
	        "cmpl $0, trace_next\n jne 1b\n jmp 5b\n"                                         \
	        ".size " #name ", . - " #name)
#define STACK_WORD(from, to) "movl " #from "(%esp), %eax\n movl %eax, " #to "(%ebx)\n"
#define PUSH(which) "pushl " which "\n"
#define POP(which) "popl " which "\n"
#define NEITHER(which)

NOTE(trace_note_words, "", PUSH, POP);
NOTE(trace_note_words_3, STACK_WORD(16, 20), PUSH, POP);
NOTE(trace_note_words_4, STACK_WORD(16, 20) STACK_WORD(20, 24), PUSH, POP);
NOTE(trace_note_more, STACK_WORD(16, 20) STACK_WORD(20, 24) STACK_WORD(24, 28), PUSH, POP);
NOTE(trace_note_last, "", NEITHER, NEITHER);
/* As thread_user_frame() does, in the offsets below. */
NOTE(trace_note_where,
     "movl boot_cpu + trace_current, %ecx\n xorl %eax, %eax\n"
     "cmpl $0, trace_process(%ecx)\n je 6f\n"
     "movl trace_stack(%ecx), %eax\n movl trace_eip(%eax), %eax\n"
     "6: movl %eax, 20(%ebx)\n", NEITHER, NEITHER);

/* Names for offsets, for the code above; never called. */
__attribute__((used)) static void offsets(void)
{
	__asm__(".set trace_current, %c0\n .set trace_process, %c1\n"
	        ".set trace_stack, %c2\n .set trace_eip, %c3"
	        : : "i"(offsetof(struct cpu, current)), "i"(offsetof(struct thread, process)),
	        "i"(offsetof(struct thread, stack)),
	        "i"(THREAD_STACK_SIZE - sizeof(struct trap_frame) +
	            offsetof(struct trap_frame, eip)));
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

TRACE_CALLING void trace_frame_give_note(uint32_t frame)
{
	trace_note(TRACE_FRAME_GIVE, frame, physmem_free());
}

void trace_flush(void)
{
	if (!channel)
		return;
	uint32_t flags = interrupts_off();
	if (trace_next && (channel->waits ? trace_next > ring.first : trace_next - ring.first > 1))
		piece_send();
	interrupts_restore(flags);
}

static void flush_due(struct timer *timer)
{
	trace_flush();
	if (trace_on)
		timer_set(timer, clock_now() + FLUSH_TIME);
}

/* ---- tracepoints that are there and not there ---- */

struct trace_site {
	uint8_t *code; /* the tracepoint's instruction, of SITE_BYTES */
	uint8_t *on;   /* the code behind it */
	uint32_t groups;
};
extern const struct trace_site trace_sites_start[], trace_sites_end[]; /* linker.ld */

static inline uint32_t read_cr0(void)
{
	uint32_t cr0;
	__asm__ volatile("movl %%cr0, %0" : "=r"(cr0));
	return cr0;
}

static inline void write_cr0(uint32_t cr0)
{
	__asm__ volatile("movl %0, %%cr0" : : "r"(cr0) : "memory");
}

#define SITE_BYTES 5
#define JUMP_NEAR 0xe9 /* Intel SDM 2A, JMP rel32: from the end of the instruction */

/* Makes jumps of the tracepoints of these groups, of others instructions that do nothing (Intel
 * SDM 2B, NOP). The kernel's code is read-only until CR0.WP is cleared; loading CR0 also makes
 * the processor forget what it has decoded (SDM 3A, 9.1.3). Other processors would have to be
 * stopped. */
static void sites_set(uint32_t groups)
{
	static const uint8_t nothing[SITE_BYTES] = {0x0f, 0x1f, 0x44, 0, 0};
	uint32_t flags = interrupts_off(), cr0 = read_cr0();

	write_cr0(cr0 & ~CR0_WP);
	for (const struct trace_site *site = trace_sites_start; site < trace_sites_end; site++) {
		uint32_t distance = site->on - (site->code + SITE_BYTES);
		memcpy(site->code, nothing, SITE_BYTES);
		if (site->groups & groups) {
			site->code[0] = JUMP_NEAR;
			memcpy(site->code + 1, &distance, sizeof(distance));
		}
	}
	write_cr0(cr0);
	interrupts_restore(flags);
}

static bool is_chosen(const struct thread *thread)
{
	return !only_chosen || thread->traced || !thread->process;
}

static void record_as_wanted(const struct thread *running)
{
	uint32_t groups = is_chosen(running) ? wanted : wanted & ~TRACE_ACTIVITY;
	trace_thread = (uint32_t)running->id << TRACE_THREAD_SHIFT;
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
	sites_set(groups | TRACE_LIVE);
	record_as_wanted(this_cpu()->current);
	timer_set(&flush_timer, clock_now() + FLUSH_TIME);
}

void trace_end(void)
{
	uint32_t flags = interrupts_off();
	trace_note(TRACE_END, 0, 0);
	__atomic_store_n(&trace_on, 0, __ATOMIC_RELEASE);
	sites_set(0);
	interrupts_restore(flags);
	trace_flush();
}

void trace_set_channel(const struct trace_channel *new)
{
	uint32_t pieces = physmem_total() / RING_SHARE / (PIECE_BYTES / PAGE_SIZE);

	if (pieces < PIECES_LEAST)
		pieces = PIECES_LEAST;
	ring.pieces = pieces < PIECES_MOST ? pieces : PIECES_MOST;
	if (new->waits)
		ring.pieces = 1;
	ring.memory = physmem_boot_take(ring.pieces * (PIECE_BYTES / PAGE_SIZE));
	ring.first = (struct trace_record *)ring.memory;
	timer_init(&flush_timer, flush_due);
	channel = new;
	panic_add_note(trace_flush);
}

bool trace_has_channel(void)
{
	return channel != NULL;
}

bool trace_has_words(void)
{
	return channel && channel->await_words;
}

void trace_await_words(char *words)
{
	channel->await_words(words);
}

uint32_t trace_lost(void)
{
	return ring.lost;
}
