/* SPDX-License-Identifier: MIT */
/*
 * /proc about the machine and the kernel: version, uptime, load, disks, mounts,
 * the log, and sys/kernel. Formats are Linux's (proc(5)).
 */
#include <asm/errno.h>

#include "kernel/cpu/irq.h"
#include "kernel/boot_args.h"
#include "kernel/dev/block.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/lease.h"
#include "kernel/fs/lock.h"
#include "kernel/fs/procfs.h"
#include "kernel/identity.h"
#include "kernel/log.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "kernel/trace.h"
#include "lib/string.h"
#include "vm/trace.h"

#define NS_PER_CENTISECOND (NS_PER_SECOND / 100)

static void version_show(struct text *text)
{
	text_print(text, "%s version %s (%s) %s\n", IDENTITY_SYSTEM, IDENTITY_RELEASE,
	           __VERSION__, IDENTITY_VERSION);
}

static uint32_t centiseconds(uint64_t ns)
{
	return ns / NS_PER_CENTISECOND;
}

static void uptime_show(struct text *text)
{
	uint32_t up = centiseconds(clock_now()), idle = centiseconds(thread_idle_ns());

	text_print(text, "%u.%02u %u.%02u\n", up / 100, up % 100, idle / 100, idle % 100);
}

/* --- load: how many threads want to run, averaged over 1, 5 and 15 minutes -------------- */

#define LOAD_INTERVAL (5 * NS_PER_SECOND)
#define LOAD_ONE 2048u /* fixed point: 1.0 */
#define LOAD_MISSED_MOST 1000u /* then nothing is left of any average */

/* e^(-5s/1min), e^(-5s/5min), e^(-5s/15min) in that fixed point. */
static const uint32_t load_decay[3] = {1884, 2014, 2037};
static uint32_t load[3]; /* written by the timer alone */
static struct timer load_timer;

static uint64_t next_sample;

static void load_take(uint32_t wanting)
{
	for (int i = 0; i < 3; i++)
		load[i] = (load[i] * load_decay[i] + wanting * (LOAD_ONE - load_decay[i])) /
		          LOAD_ONE;
	next_sample += LOAD_INTERVAL;
}

/* The timer is patient: while the machine was idle nobody wanted to run. */
static void load_sample(struct timer *timer)
{
	uint64_t now = clock_now();

	for (uint32_t i = 0; next_sample + LOAD_INTERVAL <= now && i < LOAD_MISSED_MOST; i++)
		load_take(0);
	if (next_sample + LOAD_INTERVAL <= now)
		next_sample = now;
	load_take(thread_ready_count() * LOAD_ONE);
	timer_set(timer, next_sample);
}

static void loadavg_show(struct text *text)
{
	for (int i = 0; i < 3; i++)
		text_print(text, "%u.%02u ", load[i] / LOAD_ONE,
		           load[i] % LOAD_ONE * 100 / LOAD_ONE);
	text_print(text, "%u/%u %d\n", thread_ready_count() + 1, thread_count(),
	           thread_current()->id);
}

/* --- what has happened since start ------------------------------------------------------ */

/* How a thread's time splits between program and kernel is known of each live thread only,
 * so all the time that was not idle counts as the programs'. */
static void stat_show(struct text *text)
{
	uint64_t now = clock_now();
	uint32_t idle = centiseconds(thread_idle_ns()), up = centiseconds(now);
	uint32_t busy = up > idle ? up - idle : 0;
	uint32_t booted = (clock_realtime() - now) / NS_PER_SECOND;

	text_print(text, "cpu  %u 0 0 %u 0 0 0 0 0 0\n", busy, idle);
	text_print(text, "cpu0 %u 0 0 %u 0 0 0 0 0 0\n", busy, idle);
	text_print(text, "ctxt %llu\n", (unsigned long long)thread_switches());
	text_print(text, "btime %u\n", booted);
	text_print(text, "processes %u\n", thread_count());
	text_print(text, "procs_running %u\n", thread_ready_count() + 1);
	text_print(text, "procs_blocked 0\n");
}

static void diskstats_show(struct text *text)
{
	struct block_device *device;

	for (unsigned i = 0; (device = block_at(i)); i++) {
		struct inode *node = block_node_by_name(device->name);
		uint32_t number = node->device;

		inode_put(node);
		text_print(text, "%4u %7u %s %llu %llu %llu 0 %llu %llu %llu 0 %u 0 0\n",
		           number >> MINOR_BITS, number & ((1u << MINOR_BITS) - 1), device->name,
		           device->read.transfers, device->read.joined, device->read.sectors,
		           device->written.transfers, device->written.joined,
		           device->written.sectors, device->in_flight);
	}
}

static void interrupts_show(struct text *text)
{
	text_print(text, "           CPU0\n");
	for (unsigned line = 0; line < IRQ_PIC_LINES; line++) {
		if (!irq_device(line, 0))
			continue;
		text_print(text, "%3u: %10u    XT-PIC  %2u  ", line, irq_count(line), line);
		for (unsigned i = 0; irq_device(line, i); i++)
			text_print(text, "%s%s", i ? ", " : "", irq_device(line, i));
		text_print(text, "\n");
	}
	text_print(text, "LOC: %10u   Local timer interrupts\n", irq_count(IRQ_LOCAL_TIMER));
	text_print(text, "ERR: %10u\n", irq_spurious());
}

static void filesystems_show(struct text *text)
{
	for (int i = 0; file_system_types[i]; i++)
		text_print(text, "%s\t%s\n", file_system_types[i]->on_disk ? "" : "nodev",
		           file_system_types[i]->name);
}

static void cmdline_show(struct text *text)
{
	text_print(text, "%s\n", boot_args_line());
}

static void kmsg_show(struct text *text)
{
	char piece[256];
	uint32_t from = 0;
	size_t n;

	for (; (n = log_read(&from, piece, sizeof(piece))); from += n)
		text_write(text, piece, n);
}

/* --- sys/kernel ------------------------------------------------------------------------- */

static void name_show(enum identity_name which, struct text *text)
{
	char name[IDENTITY_NAME_SIZE];

	identity_name(which, name);
	text_print(text, "%s\n", name);
}

static int name_store(enum identity_name which, const char *text, size_t length)
{
	if (length && text[length - 1] == '\n')
		length--;
	return identity_set_name(which, text, length);
}

static void hostname_show(struct text *text)
{
	name_show(IDENTITY_HOST, text);
}

static int hostname_store(const char *text, size_t length)
{
	return name_store(IDENTITY_HOST, text, length);
}

static void domainname_show(struct text *text)
{
	name_show(IDENTITY_DOMAIN, text);
}

static int domainname_store(const char *text, size_t length)
{
	return name_store(IDENTITY_DOMAIN, text, length);
}

static void ostype_show(struct text *text)
{
	text_print(text, "%s\n", IDENTITY_SYSTEM);
}

static void osrelease_show(struct text *text)
{
	text_print(text, "%s\n", IDENTITY_RELEASE);
}

static void osversion_show(struct text *text)
{
	text_print(text, "%s\n", IDENTITY_VERSION);
}

/* Which groups are recorded, and how much was lost. */
static void trace_show(struct text *text)
{
	for (uint32_t i = 0; i < TRACE_GROUP_COUNT; i++)
		if (trace_on & 1u << i)
			text_print(text, "%s ", trace_group_names[i]);
	if (!trace_on)
		text_print(text, "%s ", trace_has_channel() ? "off" : "impossible");
	text_print(text, "lost %u\n", trace_lost());
}

static int trace_store(const char *text, size_t length)
{
	(void)length;
	return trace_control(text);
}

/* proc_sys_kernel(5): four numbers; of those written the first may be all. */
static void levels_show(struct text *text)
{
	struct log_levels levels = log_levels_get();

	text_print(text, "%d\t%d\t%d\t%d\n", levels.console, levels.message, levels.least,
	           levels.first);
}

static int levels_store(const char *text, size_t length)
{
	struct log_levels levels = log_levels_get();
	int *const places[] = {&levels.console, &levels.message, &levels.least, &levels.first};
	const char *at = text;
	char *end;

	(void)length;
	for (int i = 0; i < 4; i++, at = end) {
		int value = (int)strtol(at, &end, 10);
		if (end == at)
			break;
		*places[i] = value;
	}
	while (*at == ' ' || *at == '\t' || *at == '\n')
		at++;
	if (end == text || *at)
		return -EINVAL;
	log_levels_set(&levels);
	return 0;
}

static const struct procfs_number pid_max = {
	"sys/kernel/pid_max", thread_id_limit, thread_set_id_limit};
static const struct procfs_number pid_last = {
	"sys/kernel/ns_last_pid", thread_last_id, thread_set_last_id};

static uint32_t taints;

static uint32_t taints_get(void)
{
	return taints;
}

/* Nothing taints this kernel by itself; bits that root sets stay (proc_sys_kernel(5)). */
static int taints_set(uint32_t more)
{
	taints |= more;
	return 0;
}

static const struct procfs_number tainted = {"sys/kernel/tainted", taints_get, taints_set};

static void held_show(struct text *text)
{
	leases_show(text, locks_show(text));
}

void procfs_register_system(void)
{
	procfs_register("version", version_show, NULL);
	procfs_register("uptime", uptime_show, NULL);
	procfs_register("sys/kernel/printk", levels_show, levels_store);
	procfs_register("loadavg", loadavg_show, NULL);
	procfs_register("stat", stat_show, NULL);
	procfs_register("diskstats", diskstats_show, NULL);
	procfs_register("filesystems", filesystems_show, NULL);
	procfs_register_polled("mounts", mounts_show, mounts_changes);
	procfs_register("locks", held_show, NULL);
	procfs_register("cmdline", cmdline_show, NULL);
	procfs_register("interrupts", interrupts_show, NULL);
	procfs_register_secret("kmsg", kmsg_show);
	procfs_register_number(&pid_max);
	procfs_register_number(&pid_last);
	procfs_register_number(&tainted);
	procfs_register("sys/kernel/hostname", hostname_show, hostname_store);
	procfs_register("sys/kernel/domainname", domainname_show, domainname_store);
	procfs_register("sys/kernel/trace", trace_show, trace_store);
	procfs_register("sys/kernel/ostype", ostype_show, NULL);
	procfs_register("sys/kernel/osrelease", osrelease_show, NULL);
	procfs_register("sys/kernel/version", osversion_show, NULL);
	timer_init(&load_timer, load_sample);
	load_timer.patient = true;
	next_sample = clock_now() + LOAD_INTERVAL;
	timer_set(&load_timer, next_sample);
}
