/* SPDX-License-Identifier: MIT */
/*
 * What programs ask about the processor: /proc/cpuinfo (proc_cpuinfo(5)) and, for nproc, lscpu and
 * libraries that count processors, /sys/devices/system/cpu (Linux's
 * Documentation/ABI/testing/sysfs-devices-system-cpu). CPUID says it (SDM vol. 2A); what it does
 * not say is left out.
 */
#include <cpuid.h>

#include "kernel/cpu/cpu.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/procfs.h"
#include "kernel/time/clock.h"
#include "kernel/time/time_page.h"
#include "lib/printf.h"
#include "lib/string.h"

#define LEAF_CACHES 4u
#define LEAF_EXTENDED 0x80000001u
#define LEAF_NAME 0x80000002u
#define LEAF_ADDRESSES 0x80000008u
#define HAS_FPU 0x1u /* in leaf 1's EDX */
#define HAS_CLFLUSH 0x80000u
#define NS_PER_MICROSECOND 1000u
#define ADDRESS_BITS 32u

struct leaf {
	uint32_t eax, ebx, ecx, edx; /* all 0 if the processor does not have it */
};

static struct leaf leaf_of(uint32_t number, uint32_t part)
{
	struct leaf leaf = {0};

	__get_cpuid_count(number, part, &leaf.eax, &leaf.ebx, &leaf.ecx, &leaf.edx);
	return leaf;
}

/* --- /proc/cpuinfo ---------------------------------------------------------------------- */

/* Features in the order of leaf 1's EDX and ECX, under Linux's names. What needs state that the
 * kernel does not switch (AVX and what builds on it) is not there for programs. */
static const char *const features_edx[32] = {
	"fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce", "cx8", "apic", NULL, "sep",
	"mtrr", "pge", "mca", "cmov", "pat", "pse36", "pn", "clflush", NULL, "dts", "acpi",
	"mmx", "fxsr", "sse", "sse2", "ss", "ht", "tm", "ia64", "pbe",
};
static const char *const features_ecx[32] = {
	"pni", "pclmulqdq", "dtes64", "monitor", "ds_cpl", "vmx", "smx", "est", "tm2", "ssse3",
	"cid", "sdbg", NULL, "cx16", "xtpr", "pdcm", NULL, "pcid", "dca", "sse4_1", "sse4_2",
	"x2apic", "movbe", "popcnt", "tsc_deadline_timer", "aes", NULL, NULL, NULL, NULL,
	"rdrand", "hypervisor",
};

static void show_features(struct text *text, uint32_t bits, const char *const names[32])
{
	for (uint32_t i = 0; i < 32; i++)
		if (bits & 1u << i && names[i])
			text_print(text, " %s", names[i]);
}

static void show_model_name(struct text *text)
{
	struct leaf leaves[3];
	char name[sizeof(leaves) + 1], *start = name;

	for (uint32_t i = 0; i < 3; i++)
		leaves[i] = leaf_of(LEAF_NAME + i, 0);
	memcpy(name, leaves, sizeof(leaves));
	name[sizeof(leaves)] = '\0';
	while (*start == ' ')
		start++;
	if (*start)
		text_print(text, "model name\t: %s\n", start);
}

static void show_rate(struct text *text)
{
	uint32_t scale = clock_tsc_scale();

	if (!scale)
		return;
	uint32_t khz = ((uint64_t)NS_PER_MICROSECOND * 1000 << CLOCK_SCALE_SHIFT) / scale;
	text_print(text, "cpu MHz\t\t: %u.%03u\n", khz / 1000, khz % 1000);
}

static const char *yes(bool is)
{
	return is ? "yes" : "no";
}

static void show_addresses(struct text *text)
{
	uint32_t bits = leaf_of(LEAF_ADDRESSES, 0).eax & 0xff;

	if (bits)
		text_print(text, "address sizes\t: %u bits physical, %u bits virtual\n", bits,
		           ADDRESS_BITS);
}

static void cpuinfo_show(struct text *text)
{
	struct leaf first = leaf_of(0, 0), facts = leaf_of(1, 0);
	uint32_t vendor[4] = {first.ebx, first.edx, first.ecx, 0};
	bool has_fpu = facts.edx & HAS_FPU;

	text_print(text, "processor\t: 0\n");
	if (first.ebx)
		text_print(text, "vendor_id\t: %s\n", (const char *)vendor);
	text_print(text, "cpu family\t: %u\nmodel\t\t: %u\n", facts.eax >> 8 & 0xf,
	           (facts.eax >> 4 & 0xf) | (facts.eax >> 12 & 0xf0));
	show_model_name(text);
	text_print(text, "stepping\t: %u\n", facts.eax & 0xf);
	show_rate(text);
	text_print(text, "physical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\n");
	text_print(text, "fpu\t\t: %s\nfpu_exception\t: %s\ncpuid level\t: %u\nwp\t\t: yes\n",
	           yes(has_fpu), yes(has_fpu), first.eax);
	text_print(text, "flags\t\t:");
	show_features(text, facts.edx, features_edx);
	text_print(text, "%s", this_cpu()->has_no_execute ? " nx" : "");
	if (leaf_of(LEAF_EXTENDED, 0).edx & bit_LM)
		text_print(text, " lm");
	show_features(text, facts.ecx, features_ecx);
	text_print(text, "\n");
	if (facts.edx & HAS_CLFLUSH)
		text_print(text, "clflush size\t: %u\n", (facts.ebx >> 8 & 0xff) * 8);
	show_addresses(text);
	text_print(text, "\n");
}

/* --- /sys/devices/system/cpu ------------------------------------------------------------ */

#define CPU "devices/system/cpu/"
#define TOPOLOGY CPU "cpu0/topology/"

/* One processor, which is the only one of its core and of its package. A mask is hexadecimal. */
static const char *const facts_of_one[][2] = {
	{CPU "possible", "0\n"},
	{CPU "present", "0\n"},
	{CPU "online", "0\n"},
	{CPU "offline", "\n"},
	{CPU "kernel_max", "0\n"},
	{TOPOLOGY "physical_package_id", "0\n"},
	{TOPOLOGY "core_id", "0\n"},
	{TOPOLOGY "core_cpus", "1\n"},
	{TOPOLOGY "core_cpus_list", "0\n"},
	{TOPOLOGY "thread_siblings", "1\n"},
	{TOPOLOGY "thread_siblings_list", "0\n"},
	{TOPOLOGY "package_cpus", "1\n"},
	{TOPOLOGY "package_cpus_list", "0\n"},
	{TOPOLOGY "core_siblings", "1\n"},
	{TOPOLOGY "core_siblings_list", "0\n"},
};

static void cache_says(uint32_t index, const char *name, const char *text)
{
	char path[80];

	snprintf(path, sizeof(path), CPU "cpu0/cache/index%u/%s", index, name);
	sysfs_register(path, text);
}

static void cache_counts(uint32_t index, const char *name, uint32_t value, const char *unit)
{
	char text[16];

	snprintf(text, sizeof(text), "%u%s\n", value, unit);
	cache_says(index, name, text);
}

/* One cache as leaf 4 describes it; false: there is none with this index. */
static bool cache_register(uint32_t index)
{
	static const char *const types[4] = {NULL, "Data\n", "Instruction\n", "Unified\n"};
	struct leaf leaf = leaf_of(LEAF_CACHES, index);
	const char *type = types[leaf.eax & 3];

	if (!type)
		return false;
	uint32_t line = (leaf.ebx & 0xfff) + 1, partitions = (leaf.ebx >> 12 & 0x3ff) + 1;
	uint32_t ways = (leaf.ebx >> 22) + 1, sets = leaf.ecx + 1;
	cache_says(index, "type", type);
	cache_counts(index, "level", leaf.eax >> 5 & 7, "");
	cache_counts(index, "size", (uint64_t)line * partitions * ways * sets / 1024, "K");
	cache_counts(index, "coherency_line_size", line, "");
	cache_counts(index, "physical_line_partition", partitions, "");
	cache_counts(index, "ways_of_associativity", ways, "");
	cache_counts(index, "number_of_sets", sets, "");
	cache_says(index, "shared_cpu_map", "1\n");
	cache_says(index, "shared_cpu_list", "0\n");
	return true;
}

void procfs_register_processor(void)
{
	procfs_register("cpuinfo", cpuinfo_show, NULL);
	for (size_t i = 0; i < sizeof(facts_of_one) / sizeof(facts_of_one[0]); i++)
		sysfs_register(facts_of_one[i][0], facts_of_one[i][1]);
	for (uint32_t i = 0; i < 8 && cache_register(i); i++)
		;
}
