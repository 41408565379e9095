/* SPDX-License-Identifier: MIT */
/*
 * The trace: what the kernel decided, noted one event after another, for eyes on the host.
 *
 *   tracepoint --> ring of this processor --> channel (virtio console, or COM2) --> a file
 *
 * A tracepoint is an inline function that costs one instruction while nothing is recorded.
 * On, it writes one fixed-size record into the processor's ring, which is handed to the
 * channel in pieces, without a copy. When the channel does not keep up, records are dropped
 * and counted; the stream says how many. Tracepoints may stand anywhere: they take no lock of
 * the caller's, never sleep, and work in interrupts.
 *
 * The records say things as the kernel has them: objects by address, frames by number.
 * scripts/trace/decode.py turns them into the events of docs/trace-format.md. It reads the
 * lists of groups and kinds below from this file.
 */
#pragma once

#include "lib/types.h"

/* What can be switched on and off. */
#define TRACE_GROUPS(group)                                                             \
	group(fault) group(map) group(area) group(page) group(cache) group(frame)       \
	group(swap) group(evict) group(disk) group(process) group(switch) group(call)

enum trace_group_number {
#define TRACE_GROUP_NUMBER(name) TRACE_GROUP_##name,
	TRACE_GROUPS(TRACE_GROUP_NUMBER)
#undef TRACE_GROUP_NUMBER
	TRACE_GROUP_COUNT
};
extern const char *const trace_group_names[TRACE_GROUP_COUNT];

#define TRACE_BIT(name) (1u << TRACE_GROUP_##name)
#define TRACE_ALL ((1u << TRACE_GROUP_COUNT) - 1)

/* One line a kind of record: which tracepoint below or in vm/tracepoints.h writes it says
 * what its words are. */
enum trace_kind {
	TRACE_CHUNK, /* detail: processor; number, records lost before it. Begins each piece */
	TRACE_TEXT,  /* 20 bytes of the text that belongs to the next record of another kind */
	TRACE_BEGIN, TRACE_CLOCK, TRACE_COMMAND_LINE, TRACE_SNAPSHOT, TRACE_TELLING, TRACE_END,
	TRACE_FAULT_BEGIN, TRACE_FAULT_AGAIN, TRACE_FAULT_END, TRACE_COPY,
	TRACE_MAP, TRACE_UNMAP, TRACE_PROTECT, TRACE_CLEAR, TRACE_WEAKEN,
	TRACE_SPACE_NEW, TRACE_SPACE_END, TRACE_AREA_RANGE, TRACE_AREA_ADD, TRACE_AREA_REMOVE,
	TRACE_AREA_CHANGE,
	TRACE_PAGE, TRACE_PAGES_DROP, TRACE_PAGES_SHARE, TRACE_PAGE_MOVE,
	TRACE_ANON_TOLD, TRACE_ANON_ATTACH, TRACE_ANON_DETACH, TRACE_ANON_SLOT,
	TRACE_SPAN_TOLD, TRACE_SPAN_SHARE, TRACE_SPAN_OWN, TRACE_SPAN_LEAVE,
	TRACE_CACHE_INSERT, TRACE_CACHE_REMOVE, TRACE_FILE,
	TRACE_FRAME_TAKE, TRACE_FRAME_GIVE, TRACE_FRAME_TABLE, TRACE_FRAME_DIRTY,
	TRACE_SWAP_TAKE, TRACE_SWAP_GIVE, TRACE_SWAP_IN, TRACE_SWAP_OUT,
	TRACE_HAND, TRACE_EVICT, TRACE_EVICT_BACK, TRACE_POLICY,
	TRACE_DISK, TRACE_DISK_START, TRACE_DISK_DONE,
	TRACE_PROCESS, TRACE_FORK, TRACE_EXEC, TRACE_NAME, TRACE_EXIT, TRACE_OOM,
	TRACE_SWITCH,
	TRACE_CALL,
	TRACE_KINDS
};

#define TRACE_VERSION 1u
#define TRACE_WORDS 5

struct trace_record {
	uint64_t tsc;
	/* From the lowest bit up: the kind, 8 bits; small facts of the kind, 8; the thread that
	 * ran, 15; whether that was in an interrupt. */
	uint32_t what;
	uint32_t words[TRACE_WORDS];
};
#define TRACE_THREAD_SHIFT 16
#define TRACE_IN_INTERRUPT (1u << 31)

/* What is recorded now, on the processor's present thread: bits of groups and TRACE_LIVE; 0:
 * nothing. If only chosen programs are traced, the groups of TRACE_ACTIVITY come and go with
 * them at each switch. */
extern uint32_t trace_on;
#define TRACE_LIVE (1u << 31)
/* What programs do, as against what becomes of memory. */
#define TRACE_ACTIVITY (TRACE_BIT(fault) | TRACE_BIT(switch) | TRACE_BIT(call))

/*
 * Whether one of the groups is recorded now.
 *
 * While none is, a tracepoint is one instruction that does nothing; its address, that of the code
 * behind it and the groups stand in a table (linker.ld). trace_begin() makes jumps of those whose
 * groups are recorded, and trace_end() takes them back. Only for groups that come and go with the
 * thread are the flags looked at as well.
 *
 * What a tracepoint costs then is what the compiler does otherwise because of it, to have what the
 * record says at hand. So the places where a fault passes hand over what they have anyway, in
 * memory or in a register, and the code behind works the rest out.
 */
#if __STDC_HOSTED__ /* a test on the host */
#define tracing(groups) (trace_on & (groups))
#else
static __attribute__((always_inline)) inline bool tracing(uint32_t groups)
{
	__asm__ __inline__ goto("1: .byte 0x0f, 0x1f, 0x44, 0, 0\n" /* NOP, of a jump's length */
	             ".pushsection .trace_sites, \"a\"\n.long 1b, %l[on], %c0\n.popsection"
	             : : "i"(groups) : : on);
	return false;
on:
	return !(groups & TRACE_ACTIVITY) || __builtin_expect(trace_on & groups, 0);
}
#endif

/*
 * Notes one record. what: the kind, and the detail << 8. Callable anywhere. Words that are not
 * given are undefined.
 *
 * The call changes no register, so that a function with a tracepoint in it is compiled as if there
 * were none. The attribute alone has the callee keep them; that its caller may count on it, only
 * a call in assembly says.
 */
#define TRACE_REGISTERS __attribute__((regparm(3))) /* arguments there */
#if __STDC_HOSTED__
#define TRACE_CALLING /* a test on the host, where functions may use the FPU's registers */
#define TRACE_TELL(function, thing) function(thing)
void trace_note(uint32_t what, uint32_t a, uint32_t b);
void trace_note_3(uint32_t what, uint32_t a, uint32_t b, uint32_t c);
void trace_note_4(uint32_t what, uint32_t a, uint32_t b, uint32_t c, uint32_t d);
#else
#define TRACE_CALLING TRACE_REGISTERS __attribute__((no_caller_saved_registers))
/* Calls a function of one argument that is TRACE_CALLING. */
#define TRACE_TELL(function, thing) \
	__asm__ volatile("call " #function : : "a"(thing) : "memory", "cc")

static __attribute__((always_inline)) inline void trace_note(uint32_t what, uint32_t a, uint32_t b)
{
	__asm__ volatile("call trace_note_words" : : "a"(what), "d"(a), "c"(b) : "memory", "cc");
}

static __attribute__((always_inline)) inline void trace_note_3(uint32_t what, uint32_t a,
                                                               uint32_t b, uint32_t c)
{
	__asm__ volatile("pushl %3\n call trace_note_words_3\n addl $4, %%esp"
	                 : : "a"(what), "d"(a), "c"(b), "ri"(c) : "memory", "cc");
}

static __attribute__((always_inline)) inline void trace_note_4(uint32_t what, uint32_t a,
                                                               uint32_t b, uint32_t c, uint32_t d)
{
	__asm__ volatile("pushl %4\n pushl %3\n call trace_note_words_4\n addl $8, %%esp"
	                 : : "a"(what), "d"(a), "c"(b), "ri"(c), "ri"(d) : "memory", "cc");
}
#endif
TRACE_CALLING void trace_note_more(uint32_t what, uint32_t a, uint32_t b, uint32_t c, uint32_t d,
                                   uint32_t e);
/* As trace_note, but as any other function it may change the registers of its arguments. */
TRACE_REGISTERS void trace_note_last(uint32_t what, uint32_t a, uint32_t b);
/* The same; the third word is where the program is that the thread runs, or 0. */
TRACE_REGISTERS void trace_note_where(uint32_t what, uint32_t a, uint32_t b);
/* The same, with a text that the decoder joins to it (at most 160 bytes of it). */
void trace_note_text(uint32_t what, const char *text, uint32_t a, uint32_t b, uint32_t c);
#define TRACE_WHAT(kind, detail) ((kind) | (uint32_t)(detail) << 8)

/* ---- the channel: a driver offers it, before start-up is over ---- */

struct trace_channel {
	const char *name;
	/* The channel takes whatever it is given before `send` returns, however long that takes:
	 * each record is handed over alone, without a TRACE_CHUNK, just before the next one is
	 * noted or when the trace is flushed. */
	bool waits;
	/* Hands over a piece of memory that stays as it is until trace_sent() says that it was
	 * sent. Callable anywhere; false if the channel can take no more now. */
	bool (*send)(const void *data, uint32_t bytes);
	/* Calls trace_sent for each piece that was sent since. NULL if the channel waits. */
	void (*reclaim)(void);
	/* Sleeps until the reader has sent words, as trace_control() takes them, and gives them out
	 * (TRACE_LINE_MAX bytes with the NUL). For one thread. NULL: its reader sends nothing. */
	void (*await_words)(char *words);
};
#define TRACE_LINE_MAX 128
void trace_set_channel(const struct trace_channel *);
void trace_sent(const void *data);

/* ---- control; vm/trace.h has what people use ---- */

bool trace_has_channel(void);
/* Whether the channel's reader can send words, and the next ones of them: see there. */
bool trace_has_words(void);
void trace_await_words(char *words);
/* From here on these groups are recorded; only_chosen: of TRACE_ACTIVITY, what threads do that
 * have `traced` set, and the kernel's own. */
void trace_begin(uint32_t groups, bool only_chosen);
void trace_end(void);
/* What is noted in between is a snapshot's; interrupts are off all the while, as other records
 * must not stand there. */
static inline void trace_telling(bool on)
{
	trace_note(TRACE_WHAT(TRACE_TELLING, on), 0, 0);
}

/* Sends what has been noted so far. Callable anywhere. */
void trace_flush(void);
uint32_t trace_lost(void); /* records dropped since start-up */

/* ---- tracepoints of the layers below vm/ ---- */

/* holder: enum physmem_holder; free: frames that are free now. Not for frames of vm/, which are
 * taken to be used: the next event that names the frame says it. */
static inline void trace_frame_take(uint32_t frame, uint32_t holder, uint32_t free)
{
	if (tracing(TRACE_BIT(frame)))
		trace_note(TRACE_WHAT(TRACE_FRAME_TAKE, holder), frame, free);
}

TRACE_CALLING void trace_frame_give_note(uint32_t frame);

static inline void trace_frame_give(uint32_t frame)
{
	if (tracing(TRACE_BIT(frame)))
		TRACE_TELL(trace_frame_give_note, frame);
}

struct thread;

/* The thread that runs gives way. Its state is its new one. */
void trace_switched(const struct thread *from, const struct thread *to);
static inline void trace_switch(const struct thread *from, const struct thread *to)
{
	if (tracing(TRACE_LIVE))
		trace_switched(from, to);
}

/* A request enters a disk's queue; it is over, with an error or 0. disk and request only tell
 * one from another; frame: where its bytes are. */
static inline void trace_disk_start(const void *disk, const void *request, bool write,
                                    uint32_t sector, uint32_t sectors, uint32_t frame)
{
	if (tracing(TRACE_BIT(disk)))
		trace_note_more(TRACE_WHAT(TRACE_DISK_START, write), (uintptr_t)disk,
		                (uintptr_t)request, sector, sectors, frame);
}

static inline void trace_disk_done(const void *disk, const void *request, bool write,
                                   uint32_t sector, uint32_t sectors, uint32_t frame, int error)
{
	if (tracing(TRACE_BIT(disk)))
		trace_note_more(TRACE_WHAT(TRACE_DISK_DONE, write), (uintptr_t)disk,
		                (uintptr_t)request, sector, sectors | (uint32_t)-error << 8, frame);
}

/* ---- tracepoints of userprog/, which knows processes ---- */

static inline void trace_process(pid_t pid, pid_t parent, const void *space, const char *name)
{
	if (tracing(TRACE_BIT(process)))
		trace_note_text(TRACE_PROCESS, name, (uint32_t)pid, (uint32_t)parent,
		                (uintptr_t)space);
}

static inline void trace_fork(pid_t child, const void *space, bool vfork)
{
	if (tracing(TRACE_BIT(process)))
		trace_note(TRACE_WHAT(TRACE_FORK, vfork), (uint32_t)child, (uintptr_t)space);
}

static inline void trace_exec(const void *space, const char *name)
{
	if (tracing(TRACE_BIT(process)))
		trace_note_text(TRACE_EXEC, name, (uintptr_t)space, 0, 0);
}

static inline void trace_name(const char *name)
{
	if (tracing(TRACE_BIT(process)))
		trace_note_text(TRACE_NAME, name, 0, 0, 0);
}

static inline void trace_exit(int status)
{
	if (tracing(TRACE_BIT(process)))
		trace_note(TRACE_EXIT, (uint32_t)status, 0);
}

static inline void trace_oom(pid_t victim)
{
	if (tracing(TRACE_BIT(process)))
		trace_note(TRACE_OOM, (uint32_t)victim, 0);
}

enum trace_call_name {
	TRACE_CALL_MMAP, TRACE_CALL_MUNMAP, TRACE_CALL_MPROTECT, TRACE_CALL_BRK,
	TRACE_CALL_MREMAP, TRACE_CALL_MADVISE, TRACE_CALL_MSYNC, TRACE_CALL_MLOCK,
};

/* A call that shapes the address space returns. Returns the result, for `return trace_call()`. */
static inline int32_t trace_call(enum trace_call_name call, int32_t result, uint32_t a,
                                 uint32_t b, uint32_t c, uint32_t d)
{
	if (tracing(TRACE_BIT(call)))
		trace_note_more(TRACE_WHAT(TRACE_CALL, call), (uint32_t)result, a, b, c, d);
	return result;
}
