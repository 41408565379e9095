/* SPDX-License-Identifier: MIT */
/*
 * adjtimex(2), clock_adjtime(2): how the wall clock is disciplined. By itself it goes at its nominal rate,
 * and nobody has synchronized it. What a time daemon asks for makes it go faster or slower:
 *
 *   tick, frequency      all the time
 *   ADJ_OFFSET           with STA_PLL: each second a part of the offset that is left, and the frequency
 *                        follows (RFC 5905, 11.3; the shifts are those of RFC 1589)
 *   adjtime(3)           500 microseconds a second until all is done
 *
 * No other clock follows. Leap seconds are kept in the status and told, and not inserted.
 */
#include <asm/errno.h>
#include <linux/time.h>
#include <linux/timex.h>

#include "kernel/rights.h"
#include "kernel/sync/spinlock.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

#define MICROSECONDS 1000000
#define TICK (MICROSECONDS / (int32_t)TICKS_PER_SECOND)
#define ERROR_MOST 16000000              /* microseconds: the clock is not synchronized any more */
#define ERROR_GROWS 500                  /* in a second, unless it is told again */
#define FREQUENCY_MOST (500 << 16)       /* parts in a million, 16 bits of them behind the point */
#define TICK_STEP ((MICROSECONDS / TICK) << 16) /* what a microsecond more in a tick is of these */
#define OFFSET_MOST (NS_PER_SECOND / 2)
#define SINGLE_SHOT_MOST 500             /* microseconds in a second */
#define CONSTANT_START 2
#define CONSTANT_MOST 10
#define TAI_MOST 100000
#define STEP_MOST 4294967296ll          /* seconds */
#define LOOP_SHIFT 2                     /* of the phase-locked loop, */
#define LOCKED_SHIFT 2                   /* and of the frequency-locked one, ... */
#define LOCKED_LEAST 256                 /* ... which takes this many seconds at least, */
#define LOCKED_ALWAYS 2048               /* and from here on is the better one in any case */
#define FREQUENCY_UNITS (1 << 16)        /* of a frequency, in one part in a million */
#define ADJ_ADJTIME 0x8000u              /* with ADJ_OFFSET: the old call adjtime(3), */
#define ADJ_READ_ONLY 0x2000u            /* which then only tells */

struct timex32 { /* struct timex, where a time has 32 bits */
	uint32_t modes;
	int32_t offset, frequency, most_error, estimated_error, status, constant, precision,
		tolerance, seconds, fraction, tick;
	int32_t pulses[8]; /* of a device that gives one a second: there is none */
	int32_t tai, rest[11];
};

static struct spinlock discipline_lock = SPINLOCK_INIT("clock discipline"); /* irq */
/* All below: discipline_lock. */
static struct __kernel_timex discipline = { /* offset in ns */
	.maxerror = ERROR_MOST, .esterror = ERROR_MOST, .status = STA_UNSYNC,
	.constant = CONSTANT_START, .precision = 1, .tolerance = FREQUENCY_MOST, .tick = TICK,
};
static uint64_t error_told;  /* clock_now() when maxerror was true */
static uint64_t offset_told; /* when the latest ADJ_OFFSET came; 0: none */
static int32_t single_shot;  /* microseconds that are left of adjtime(3) */
static int64_t slewed;       /* ns by which the clock goes faster in this second */
static struct timer second;  /* set while there is something left to slew */
static bool second_made;

static int64_t between(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/* ---- the clock's rate ---- */

/* In parts of 2^32; held by the tolerance of the tick, a tenth. */
static void apply_rate(void)
{
	int64_t rate = (discipline.tick - TICK) * TICK_STEP + discipline.freq;
	rate = rate * (1 << 16) / MICROSECONDS;
	rate += slewed * (1ll << 32) / (int64_t)NS_PER_SECOND;
	clock_set_rate((int32_t)rate);
}

/* What the loop takes of the offset in this second; the last of it at once. */
static int64_t take_offset(void)
{
	int64_t part = discipline.offset / (1 << (LOOP_SHIFT + discipline.constant));
	if (!part)
		part = discipline.offset;
	discipline.offset -= part;
	return part;
}

static int32_t take_single_shot(void)
{
	int32_t part = (int32_t)between(single_shot, -SINGLE_SHOT_MOST, SINGLE_SHOT_MOST);
	single_shot -= part;
	return part;
}

/* Begins to slew for a second, if there is something left. */
static void begin_second(void)
{
	slewed = take_offset() + (int64_t)take_single_shot() * NS_PER_MICROSECOND;
	apply_rate();
	if (slewed)
		timer_set(&second, clock_now() + NS_PER_SECOND);
}

static void second_over(struct timer *timer)
{
	(void)timer;
	uint32_t flags = spin_lock_irq(&discipline_lock);
	begin_second();
	spin_unlock_irq(&discipline_lock, flags);
}

/* More may be left than before: the second that runs goes on. */
static void slew(void)
{
	if (!second_made)
		timer_init(&second, second_over);
	second_made = true;
	if (slewed)
		apply_rate();
	else
		begin_second();
}

/* ---- what is asked for ---- */

static int check_adjtime(uint32_t modes)
{
	if (!(modes & ADJ_OFFSET))
		return -EINVAL;
	return modes & ADJ_READ_ONLY ? 0 : right_check(MAY_SET_CLOCK, NULL);
}

static int check_modes(const struct __kernel_timex *asked)
{
	uint32_t modes = asked->modes;
	int64_t fractions = modes & ADJ_NANO ? NS_PER_SECOND : MICROSECONDS;
	if (modes & ADJ_ADJTIME)
		return check_adjtime(modes);
	int error = modes ? right_check(MAY_SET_CLOCK, NULL) : 0;
	if (error)
		return error;
	if (modes & ADJ_TICK && (asked->tick < TICK - TICK / 10 || asked->tick > TICK + TICK / 10))
		return -EINVAL;
	if (modes & ADJ_SETOFFSET && (asked->time.tv_usec < 0 || asked->time.tv_usec >= fractions))
		return -EINVAL;
	return 0;
}

/* The error grows with time: adjtimex(2), "maxerror". */
static void let_error_grow(void)
{
	uint64_t now = clock_now(), seconds = (now - error_told) / NS_PER_SECOND;
	error_told += seconds * NS_PER_SECOND;
	uint64_t error = (uint64_t)discipline.maxerror + seconds * ERROR_GROWS;
	discipline.maxerror = error < ERROR_MOST ? (int64_t)error : ERROR_MOST;
	if (error >= ERROR_MOST)
		discipline.status |= STA_UNSYNC;
}

static void keep_status(int status)
{
	if (discipline.status & STA_PLL && !(status & STA_PLL))
		discipline.status = STA_UNSYNC;
	if (status & STA_PLL && !(discipline.status & STA_PLL))
		offset_told = clock_now();
	discipline.status = (discipline.status & STA_RONLY) | (status & ~STA_RONLY);
}

/* What is to be added to the frequency, of an offset that has come about in so many seconds: by the loop
 * that follows the phase, and after long intervals by that which follows the frequency. */
static int64_t frequency_change(int64_t offset, int64_t seconds)
{
	int64_t most = 1ll << (LOOP_SHIFT + 1 + discipline.constant), change = 0;
	bool locked = seconds >= LOCKED_LEAST &&
	              (discipline.status & STA_FLL || seconds > LOCKED_ALWAYS);
	discipline.status = (discipline.status & ~STA_MODE) | (locked ? STA_MODE : 0);
	if (locked)
		change = offset * FREQUENCY_UNITS / (seconds << LOCKED_SHIFT) / 1000;
	int64_t phase = offset * between(seconds, 0, most);
	return change + phase * FREQUENCY_UNITS / 1000 /
	                        (1ll << (2 * (LOOP_SHIFT + 2 + discipline.constant)));
}

static void keep_offset(int64_t offset)
{
	if (!(discipline.status & STA_PLL))
		return;
	if (!(discipline.status & STA_NANO))
		offset = between(offset, -MICROSECONDS, MICROSECONDS) * (int64_t)NS_PER_MICROSECOND;
	offset = between(offset, -(int64_t)OFFSET_MOST, OFFSET_MOST);
	uint64_t now = clock_now();
	int64_t seconds = (int64_t)((now - offset_told) / NS_PER_SECOND);
	if (discipline.status & STA_FREQHOLD)
		seconds = 0;
	offset_told = now;
	discipline.freq = between(discipline.freq + frequency_change(offset, seconds),
	                          -FREQUENCY_MOST, FREQUENCY_MOST);
	discipline.offset = offset;
}

/* In the order in which Linux takes them, for one may depend on another. */
static void keep(const struct __kernel_timex *asked)
{
	if (asked->modes & ADJ_STATUS)
		keep_status(asked->status);
	if (asked->modes & ADJ_NANO)
		discipline.status |= STA_NANO;
	if (asked->modes & ADJ_MICRO)
		discipline.status &= ~STA_NANO;
	if (asked->modes & ADJ_FREQUENCY)
		discipline.freq = between(asked->freq, -FREQUENCY_MOST, FREQUENCY_MOST);
	if (asked->modes & ADJ_MAXERROR)
		discipline.maxerror = between(asked->maxerror, 0, ERROR_MOST);
	if (asked->modes & ADJ_ESTERROR)
		discipline.esterror = between(asked->esterror, 0, ERROR_MOST);
	if (asked->modes & ADJ_TIMECONST)
		discipline.constant = between(between(asked->constant, 0, CONSTANT_MOST) +
		                              (discipline.status & STA_NANO ? 0 : 4), 0, CONSTANT_MOST);
	if (asked->modes & ADJ_TAI && asked->constant >= 0 && asked->constant <= TAI_MOST)
		discipline.tai = (int)asked->constant;
	if (asked->modes & ADJ_OFFSET)
		keep_offset(asked->offset);
	if (asked->modes & ADJ_TICK)
		discipline.tick = asked->tick;
}

static void tell(struct __kernel_timex *told)
{
	uint32_t modes = told->modes;
	bool nano = discipline.status & STA_NANO;
	*told = discipline;
	told->modes = modes;
	if (!nano)
		told->offset /= (int64_t)NS_PER_MICROSECOND;
}

/* ADJ_SETOFFSET. -EINVAL: to before 1970, or too far. */
static int step(const struct __kernel_timex *asked)
{
	int64_t ns = asked->time.tv_usec *
	             (asked->modes & ADJ_NANO ? 1 : (int64_t)NS_PER_MICROSECOND);
	if (asked->time.tv_sec < -STEP_MOST || asked->time.tv_sec > STEP_MOST)
		return -EINVAL;
	ns += asked->time.tv_sec * (int64_t)NS_PER_SECOND + (int64_t)clock_realtime();
	if (ns < 0)
		return -EINVAL;
	clock_set_realtime((uint64_t)ns);
	return 0;
}

/* Does what is asked for, and tells how the clock is then; its state, or an error. */
static int32_t adjust(struct __kernel_timex *timex)
{
	int error = check_modes(timex);
	if (error)
		return error;
	bool changes = timex->modes && timex->modes != ADJ_OFFSET_SS_READ;
	if (!(timex->modes & ADJ_ADJTIME) && timex->modes & ADJ_SETOFFSET)
		error = step(timex);
	if (error)
		return error;
	uint32_t flags = spin_lock_irq(&discipline_lock);
	int32_t single_shot_before = single_shot;
	bool old_call = timex->modes & ADJ_ADJTIME;
	let_error_grow();
	if (changes && old_call && !(timex->modes & ADJ_READ_ONLY))
		single_shot = (int32_t)between(timex->offset, INT32_MIN, INT32_MAX);
	else if (changes && !old_call)
		keep(timex);
	if (changes)
		slew();
	tell(timex);
	if (old_call)
		timex->offset = single_shot_before;
	spin_unlock_irq(&discipline_lock, flags);
	if (changes)
		wall_clock_changed();
	uint64_t now = clock_realtime();
	uint32_t fraction = (uint32_t)(now % NS_PER_SECOND);
	timex->time.tv_sec = (int64_t)(now / NS_PER_SECOND);
	timex->time.tv_usec = timex->status & STA_NANO ? fraction : fraction / NS_PER_MICROSECOND;
	return timex->status & (STA_UNSYNC | STA_CLOCKERR) ? TIME_ERROR : TIME_OK;
}

/* ---- the calls ---- */

static void widen(struct __kernel_timex *to, const struct timex32 *from)
{
	*to = (struct __kernel_timex){
		.modes = from->modes, .offset = from->offset, .freq = from->frequency,
		.maxerror = from->most_error, .esterror = from->estimated_error,
		.status = from->status, .constant = from->constant, .tick = from->tick,
		.time = {from->seconds, from->fraction},
	};
}

static void narrow(struct timex32 *to, const struct __kernel_timex *from)
{
	*to = (struct timex32){
		.modes = from->modes, .offset = (int32_t)from->offset,
		.frequency = (int32_t)from->freq, .most_error = (int32_t)from->maxerror,
		.estimated_error = (int32_t)from->esterror, .status = from->status,
		.constant = (int32_t)from->constant, .precision = (int32_t)from->precision,
		.tolerance = (int32_t)from->tolerance, .tick = (int32_t)from->tick,
		.seconds = (int32_t)from->time.tv_sec, .fraction = (int32_t)from->time.tv_usec,
		.tai = from->tai,
	};
}

static int32_t sys_adjtimex(struct timex32 *user_timex)
{
	struct timex32 asked;
	struct __kernel_timex timex;
	if (copy_from_user(&asked, user_timex, sizeof asked))
		return -EFAULT;
	widen(&timex, &asked);
	int32_t state = adjust(&timex);
	if (state < 0)
		return state;
	narrow(&asked, &timex);
	return copy_to_user(user_timex, &asked, sizeof asked) ? -EFAULT : state;
}

/* Whether the clock can be adjusted: -EOPNOTSUPP; -EINVAL: there is none. */
static int check_clock(int clock)
{
	bool known = clock >= 0 && clock <= CLOCK_TAI && clock != CLOCK_SGI_CYCLE;
	return clock == CLOCK_REALTIME ? 0 : known ? -EOPNOTSUPP : -EINVAL;
}

static int32_t sys_clock_adjtime(int clock, struct timex32 *user_timex)
{
	struct timex32 unused;
	if (copy_from_user(&unused, user_timex, sizeof unused))
		return -EFAULT;
	int error = check_clock(clock);
	return error ? error : sys_adjtimex(user_timex);
}

static int32_t sys_clock_adjtime64(int clock, struct __kernel_timex *user_timex)
{
	struct __kernel_timex timex;
	if (copy_from_user(&timex, user_timex, sizeof timex))
		return -EFAULT;
	int error = check_clock(clock);
	int32_t state = error ? error : adjust(&timex);
	return state < 0 || !copy_to_user(user_timex, &timex, sizeof timex) ? state : -EFAULT;
}

const struct system_call timex_calls[] = {
	CALL(adjtimex, 1),
	CALL(clock_adjtime, 2),
	CALL(clock_adjtime64, 2),
	CALLS_END,
};
