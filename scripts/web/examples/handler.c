/* A program that handles its own page fault. prints: 1 fault, and then 7 */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

static char *memory;
static int faults;

static void on_fault(int number, siginfo_t *info, void *context)
{
	faults++;
	mprotect(memory, 4096, PROT_READ | PROT_WRITE); /* and the write runs again */
}

int main(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};

	action.sa_sigaction = on_fault;
	sigaction(SIGSEGV, &action, NULL);
	memory = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memory[0] = 7;
	printf("%d fault, and then %d\n", faults, memory[0]);
	return 0;
}
