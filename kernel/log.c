/* SPDX-License-Identifier: MIT */
/*
 * The kernel's messages: a ring of the newest bytes, and an output, which is the bare
 * serial port until the console takes over. One spinlock guards both, so messages come
 * out whole.
 */
#include "kernel/log.h"

#include "kernel/cpu/io.h"
#include "kernel/sync/spinlock.h"
#include "kernel/time/clock.h"
#include "lib/printf.h"
#include "lib/string.h"

#define MESSAGE_MAX 256
#define LEVEL_USUAL (-1)
#define LEVEL_QUIET 7

#define LIMIT_PERIOD (5 * NS_PER_SECOND)
#define LIMIT_MESSAGES 10u /* in a period */

#define COM1 0x3f8
#define COM1_LINE_STATUS (COM1 + 5)
#define COM1_CAN_SEND 0x20
#define SEND_ATTEMPTS 100000 /* where there is no port, messages go nowhere */

static void serial_output(const char *bytes, size_t n);

static struct spinlock lock = SPINLOCK_INIT("log");
/* Guarded by lock. */
static char ring[LOG_SIZE];
static uint32_t ring_written;    /* bytes ever written */
static void (*output)(const char *bytes, size_t n) = serial_output;
static struct log_levels levels = {
	.console = 7, .message = 4, .least = 1, .first = 7}; /* as of Linux */

static void serial_output(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (int wait = SEND_ATTEMPTS; wait && !(inb(COM1_LINE_STATUS) & COM1_CAN_SEND);)
			wait--;
		outb(COM1, bytes[i]);
	}
}

static void ring_append(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ring[ring_written++ % LOG_SIZE] = bytes[i];
}

static void message(int level, const char *words, va_list arguments)
{
	char text[MESSAGE_MAX];
	uint64_t micros = clock_now() / 1000;
	int length = snprintf(text, sizeof(text), "[%5u.%06u] ", (uint32_t)(micros / 1000000),
	                      (uint32_t)(micros % 1000000));
	length += vsnprintf(text + length, sizeof(text) - length, words, arguments);
	if (length > MESSAGE_MAX - 1)
		length = MESSAGE_MAX - 1;

	uint32_t flags = spin_lock_irq(&lock);
	ring_append(text, length);
	ring_append("\n", 1);
	if ((level < 0 ? levels.message : level) < levels.console) {
		output(text, length);
		output("\r\n", 2);
	}
	spin_unlock_irq(&lock, flags);
}

void log_print(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	message(LEVEL_USUAL, format, arguments);
	va_end(arguments);
}

/* Whether one more may be told; if so, how many before it were not. */
static bool limit_allows(struct log_limit *limit, uint32_t *left_out)
{
	uint64_t now = clock_now();
	uint32_t flags = spin_lock_irq(&lock);

	if (!limit->told || now - limit->since >= LIMIT_PERIOD) {
		limit->since = now;
		limit->told = 0;
	}
	bool allowed = limit->told < LIMIT_MESSAGES;
	*left_out = limit->left_out;
	limit->told += allowed;
	limit->left_out = allowed ? 0 : limit->left_out + 1;
	spin_unlock_irq(&lock, flags);
	return allowed;
}

void log_limited(struct log_limit *limit, const char *format, ...)
{
	uint32_t left_out;
	va_list arguments;

	if (!limit_allows(limit, &left_out))
		return;
	if (left_out)
		log_print("(%u more like the next one are not shown)", left_out);
	va_start(arguments, format);
	message(LEVEL_USUAL, format, arguments);
	va_end(arguments);
}

void log_quiet(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	message(LEVEL_QUIET, format, arguments);
	va_end(arguments);
}

void log_with_level(int level, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	message(level, format, arguments);
	va_end(arguments);
}

struct log_levels log_levels_get(void)
{
	uint32_t flags = spin_lock_irq(&lock);
	struct log_levels now = levels;
	spin_unlock_irq(&lock, flags);
	return now;
}

void log_levels_set(const struct log_levels *new)
{
	uint32_t flags = spin_lock_irq(&lock);
	levels = *new;
	spin_unlock_irq(&lock, flags);
}

uint32_t log_end(void)
{
	return __atomic_load_n(&ring_written, __ATOMIC_RELAXED);
}

uint32_t log_start(void)
{
	uint32_t end = log_end();
	return end < LOG_SIZE ? 0 : end - LOG_SIZE;
}

size_t log_read(uint32_t *from, char *to, size_t size)
{
	uint32_t flags = spin_lock_irq(&lock);
	if (*from < log_start())
		*from = log_start();
	size_t left = *from < ring_written ? ring_written - *from : 0;
	size_t n = size < left ? size : left;
	for (size_t i = 0; i < n; i++)
		to[i] = ring[(*from + i) % LOG_SIZE];
	spin_unlock_irq(&lock, flags);
	return n;
}

void log_set_output(void (*write)(const char *bytes, size_t n))
{
	uint32_t flags = spin_lock_irq(&lock);
	output = write;
	spin_unlock_irq(&lock, flags);
}

void log_last_words(const char *bytes, size_t n, bool bare)
{
	ring_append(bytes, n);
	for (size_t i = 0; i < n; i++) {
		void (*write)(const char *, size_t) = bare ? serial_output : output;
		if (bytes[i] == '\n')
			write("\r", 1);
		write(bytes + i, 1);
	}
}
