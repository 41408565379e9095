/* SPDX-License-Identifier: MIT */
/*
 * What holds no code is not executed, if the page tables can say so (make PAGING=pae): a fetch from
 * data, the stack, the heap, a mapping or the frame of zeros is SIGSEGV with SEGV_ACCERR at that
 * address. A right to execute that comes or goes is in force at once. Without NX there is nothing to
 * see, and the test says so.
 */
#include "tests/nx.h"

#define ACCESS (PROT_READ | PROT_WRITE)

static unsigned char data[] = {NX_RETURN};
static unsigned char zeros_first[PAGE];

static long refused(void)
{
	return machine_is_ours() ? proc_number("/proc/vmstat", "fault_not_code") : 0;
}

int main(void)
{
	unsigned char on_stack[] = {NX_RETURN}, *heap = malloc(64);
	unsigned char *mapped = (void *)memory_map(PAGE, ACCESS);
	unsigned char *zeros = (void *)memory_map(PAGE, PROT_READ);
	long before = refused();

	heap[0] = mapped[0] = zeros_first[0] = NX_RETURN;
	if (!nx_here()) {
		CHECK(nx_call(data) == 0, "data is executed");
		say("these page tables cannot forbid execution: nothing to see here");
		return 0;
	}
	CHECK(nx_call(data) == SEGV_ACCERR, "not from data");
	CHECK(nx_call(zeros_first) == SEGV_ACCERR, "nor from bss");
	CHECK(nx_call(on_stack) == SEGV_ACCERR, "nor from the stack");
	CHECK(nx_call(heap) == SEGV_ACCERR, "nor from the heap");
	CHECK(nx_call(mapped) == SEGV_ACCERR, "nor from a mapping");
	CHECK(*zeros == 0 && nx_call(zeros) == SEGV_ACCERR, "nor from the frame of zeros");
	CHECK(!machine_is_ours() || refused() - before == 6, "row NOT_CODE, each time");

	CHECK(mprotect(mapped, PAGE, PROT_READ | PROT_EXEC) == 0 && nx_call(mapped) == 0,
	      "what may be executed is, though its entry said no");
	mapped = (void *)memory_map(PAGE, ACCESS | PROT_EXEC);
	mapped[0] = NX_RETURN;
	CHECK(nx_call(mapped) == 0, "memory for code");
	CHECK(mprotect(mapped, PAGE, ACCESS) == 0 && nx_call(mapped) == SEGV_ACCERR,
	      "no more, though its entry allowed it");
	say("data, bss, stack, heap, a mapping and zeros: none was executed");
	return 0;
}
