/* SPDX-License-Identifier: MIT */
/*
 * adjtimex(2), clock_adjtime(2): how the wall clock is disciplined. Nothing steers it here. Who
 * asks is told of a clock with its nominal rate that nobody has synchronized; what a time daemon
 * sets is kept and told, and changes nothing.
 */
#include <asm/errno.h>
#include <linux/time.h>
#include <linux/timex.h>

#include "kernel/rights.h"
#include "kernel/sync/mutex.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

#define TICK (1000000 / (int32_t)TICKS_PER_SECOND) /* microseconds */
#define ERROR_UNKNOWN 16000000                     /* microseconds */
#define FREQUENCY_MOST (500 << 16) /* parts in a million, 16 bits of them behind the point */
#define CONSTANT_START 2
#define CONSTANT_MOST 10
/* What is kept; other changes are refused. */
#define MODES_KEPT \
	(ADJ_FREQUENCY | ADJ_MAXERROR | ADJ_ESTERROR | ADJ_STATUS | ADJ_TIMECONST | ADJ_TAI | \
	 ADJ_MICRO | ADJ_NANO | ADJ_TICK)

struct timex32 { /* struct timex, where a time has 32 bits */
	uint32_t modes;
	int32_t offset, frequency, most_error, estimated_error, status, constant, precision,
		tolerance, seconds, fraction, tick;
	int32_t pulses[8]; /* of a device that gives one a second: there is none */
	int32_t tai, rest[11];
};

static struct mutex discipline_lock = MUTEX_INIT(discipline_lock, "clock discipline");
static struct timex32 discipline = { /* discipline_lock */
	.most_error = ERROR_UNKNOWN, .estimated_error = ERROR_UNKNOWN, .status = STA_UNSYNC,
	.constant = CONSTANT_START, .precision = 1, .tolerance = FREQUENCY_MOST, .tick = TICK,
};

static int32_t between(int32_t value, int32_t least, int32_t most)
{
	return value < least ? least : value > most ? most : value;
}

static int check_modes(const struct timex32 *asked)
{
	if (asked->modes == ADJ_OFFSET_SS_READ || !asked->modes)
		return 0;
	int error = right_check(MAY_SET_CLOCK, NULL);
	if (error)
		return error;
	if (asked->modes & ADJ_TICK &&
	    (asked->tick < TICK - TICK / 10 || asked->tick > TICK + TICK / 10))
		return -EINVAL;
	return asked->modes & ~(uint32_t)MODES_KEPT ? -EINVAL : 0;
}

/* discipline_lock held. */
static void keep(const struct timex32 *asked)
{
	if (asked->modes & ADJ_STATUS)
		discipline.status = (discipline.status & STA_RONLY) |
		                    (asked->status & ~STA_RONLY);
	if (asked->modes & ADJ_NANO)
		discipline.status |= STA_NANO;
	if (asked->modes & ADJ_MICRO)
		discipline.status &= ~STA_NANO;
	if (asked->modes & ADJ_FREQUENCY)
		discipline.frequency = between(asked->frequency, -FREQUENCY_MOST, FREQUENCY_MOST);
	if (asked->modes & ADJ_MAXERROR)
		discipline.most_error = between(asked->most_error, 0, ERROR_UNKNOWN);
	if (asked->modes & ADJ_ESTERROR)
		discipline.estimated_error = between(asked->estimated_error, 0, ERROR_UNKNOWN);
	if (asked->modes & ADJ_TIMECONST)
		discipline.constant =
			between(asked->constant + (discipline.status & STA_NANO ? 0 : 4), 0,
		                CONSTANT_MOST);
	if (asked->modes & ADJ_TAI && asked->constant >= 0)
		discipline.tai = asked->constant;
	if (asked->modes & ADJ_TICK)
		discipline.tick = asked->tick;
}

static int32_t sys_adjtimex(struct timex32 *user_timex)
{
	struct timex32 asked;
	if (copy_from_user(&asked, user_timex, sizeof asked))
		return -EFAULT;
	int error = check_modes(&asked);
	if (error)
		return error;
	mutex_lock(&discipline_lock);
	if (asked.modes != ADJ_OFFSET_SS_READ)
		keep(&asked);
	struct timex32 told = discipline;
	mutex_unlock(&discipline_lock);
	uint64_t now = clock_realtime();
	uint32_t fraction = (uint32_t)(now % NS_PER_SECOND);
	told.modes = asked.modes;
	told.seconds = (int32_t)(now / NS_PER_SECOND);
	told.fraction = (int32_t)(told.status & STA_NANO ? fraction : fraction / 1000);
	if (copy_to_user(user_timex, &told, sizeof told))
		return -EFAULT;
	return told.status & STA_UNSYNC ? TIME_ERROR : TIME_OK;
}

static int32_t sys_clock_adjtime(int clock, struct timex32 *user_timex)
{
	if (clock == CLOCK_REALTIME)
		return sys_adjtimex(user_timex);
	bool known = clock >= 0 && clock <= CLOCK_TAI && clock != CLOCK_SGI_CYCLE;
	return known ? -EOPNOTSUPP : -EINVAL;
}

const struct system_call timex_calls[] = {
	CALL(adjtimex, 1),
	CALL(clock_adjtime, 2),
	CALLS_END,
};
