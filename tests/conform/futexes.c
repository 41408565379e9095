/* SPDX-License-Identifier: MIT */
/* futex(2): what a word is (private and shared, by which mapping), wrong words and numbers, waits
 * with both clocks, counts of those woken and moved, FUTEX_WAKE_OP, interruption; robust lists. */
#include "case.h"
#include <linux/futex.h>

struct shared {
	uint32_t word, other, lock;
	struct robust_list_head head;
	struct robust_list entry;
	volatile int asleep;
};

static struct shared *shared;

static long call(void *word, int operation, uint32_t value, const void *time, void *second,
                 uint32_t third)
{
	return syscall(SYS_futex, word, operation, value, time, second, third);
}

static void wrong_words(void)
{
	static const int operations[] = {FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_CMP_REQUEUE,
	                                 FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET, FUTEX_WAKE_OP};
	static const struct timespec none = {0, 0};
	char *memory = pages(1, PROT_READ | PROT_WRITE), *barred = pages(1, PROT_NONE);
	char *readable = pages(1, PROT_READ);
	memory[0] = 0;
	char *file = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, new_file("f", 1), 0);
	struct {
		const char *name;
		char *word;
	} words[] = {{"good", memory}, {"odd", memory + 2}, {"none", (char *)64},
	             {"barred", barred},
	             {"readable", readable}, {"a file's", file}};
	for (unsigned i = 0; i < sizeof operations / sizeof operations[0]; i++) {
		for (unsigned k = 0; k < sizeof words / sizeof words[0]; k++) {
			for (int private = 0; private <= FUTEX_PRIVATE_FLAG; private += FUTEX_PRIVATE_FLAG) {
				int operation = operations[i];
				bool timed = operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET;
				GIVES(call(words[k].word, operation | private, timed ? 9 : 1,
				           timed ? (void *)&none : (void *)1, memory + 4,
				           operation == FUTEX_CMP_REQUEUE ? 0 : operation == FUTEX_WAKE_OP
				                   ? 0 : FUTEX_BITSET_MATCH_ANY),
				      "%d of a word that is %s, private %d", operation, words[k].name,
				      private != 0);
			}
		}
	}
	GIVES(call(memory, FUTEX_REQUEUE, 1, (void *)1, memory + 2, 0), "to an odd word");
	GIVES(call(memory, FUTEX_REQUEUE, 1, (void *)1, barred, 0), "to a barred word");
	GIVES(call(memory, FUTEX_WAKE_OP, 1, (void *)1, readable, 0), "an operation on a readable one");
	GIVES(call(memory, FUTEX_WAKE_OP, 1, (void *)1, memory + 1, 0), "on an odd one");
}

static void wrong_numbers(void)
{
	struct timespec times[] = {{0, -1}, {0, 1000000000}, {-1, 0}, {0, 1000}};
	uint32_t word = 0, other = 0;
	for (int i = 0; i < 4; i++) {
		GIVES(call(&word, FUTEX_WAIT, 0, &times[i], NULL, 0), "time %d", i);
		GIVES(call(&word, FUTEX_WAIT, 1, &times[i], NULL, 0), "time %d, another value", i);
	}
	GIVES(call(&word, FUTEX_WAIT, 0, (void *)8, NULL, 0), "a bad time");
	GIVES(call(&word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 0, &times[3], NULL, 0), "by the wall clock");
	GIVES(call(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0), "the same, wake");
	GIVES(call(&word, FUTEX_WAIT_BITSET, 0, &times[3], NULL, 0), "no bits");
	GIVES(call(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0), "no bits, wake");
	GIVES(call(&word, FUTEX_REQUEUE, -1, (void *)1, &other, 0), "wake -1");
	GIVES(call(&word, FUTEX_REQUEUE, 1, (void *)-1, &other, 0), "move -1");
	GIVES(call(&word, FUTEX_CMP_REQUEUE, -1, (void *)1, &other, 0), "compare, wake -1");
	GIVES(call(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &other, 5), "compare with another");
	GIVES(call(&word, 2, 1, NULL, NULL, 0), "operation 2");
	GIVES(call(&word, 99, 1, NULL, NULL, 0), "operation 99");
	GIVES(call(&word, FUTEX_WAKE_OP, 1, (void *)1, &other, FUTEX_OP(7, 1, 0, 0)), "operation 7");
	GIVES(call(&word, FUTEX_WAKE_OP, 1, (void *)1, &other, FUTEX_OP(0, 1, 9, 0)), "comparison 9");
}

/* A child that waits; it ends with 1 if it was woken. */
static pid_t waiter(int operation, uint32_t *word, uint32_t bits)
{
	struct timespec time, start;
	int before = shared->asleep;
	pid_t child = fork();
	if (child == 0) {
		clock_gettime(CLOCK_MONOTONIC, &start);
		time = (struct timespec){operation == FUTEX_WAIT ? 4 : start.tv_sec + 4, 0};
		shared->asleep++;
		_exit(call(word, operation, 0, &time, NULL, bits) == 0);
	}
	while (shared->asleep == before)
		usleep(1000);
	usleep(20000); /* until it sleeps */
	return child;
}

static void all_end(pid_t *children, int count)
{
	int woken = 0, status;
	for (int i = 0; i < count; i++) {
		waitpid(children[i], &status, 0);
		woken += WEXITSTATUS(status);
	}
	say("  %d of %d were woken", woken, count);
}

static void counts(void)
{
	pid_t children[5];
	for (int i = 0; i < 5; i++)
		children[i] = waiter(FUTEX_WAIT, &shared->word, 0);
	GIVES(call(&shared->word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 9, NULL, NULL, 0), "as private");
	GIVES(call(&shared->word, FUTEX_WAKE, 0, NULL, NULL, 0), "wake 0");
	GIVES(call(&shared->word, FUTEX_REQUEUE, 1, (void *)1, &shared->other, 0), "1 and 1");
	GIVES(call(&shared->other, FUTEX_WAKE, 9, NULL, NULL, 0), "wake those moved");
	GIVES(call(&shared->word, FUTEX_CMP_REQUEUE, 0, (void *)9, &shared->other, 0), "0 and 9");
	GIVES(call(&shared->word, FUTEX_WAKE, 9, NULL, NULL, 0), "who is left");
	GIVES(call(&shared->other, FUTEX_WAKE, -1, NULL, NULL, 0), "wake -1");
	GIVES(call(&shared->other, FUTEX_WAKE, 9, NULL, NULL, 0), "the rest");
	all_end(children, 5);
	for (int i = 0; i < 3; i++)
		children[i] = waiter(FUTEX_WAIT_BITSET, &shared->word, 1u << i);
	GIVES(call(&shared->word, FUTEX_WAKE_BITSET, 9, NULL, NULL, 8), "other bits");
	GIVES(call(&shared->word, FUTEX_WAKE_BITSET, 9, NULL, NULL, 5), "two of them");
	GIVES(call(&shared->word, FUTEX_WAKE, 9, NULL, NULL, 0), "any");
	all_end(children, 3);
}

static void operations(void)
{
	static const uint32_t codes[] = {
		FUTEX_OP(FUTEX_OP_SET, 5, FUTEX_OP_CMP_EQ, 0), FUTEX_OP(FUTEX_OP_ADD, 7, FUTEX_OP_CMP_GT, 4),
		FUTEX_OP(FUTEX_OP_ADD, -20, FUTEX_OP_CMP_LT, 4), FUTEX_OP(FUTEX_OP_OR, 3, FUTEX_OP_CMP_LE, -8),
		FUTEX_OP(FUTEX_OP_ANDN, 1, FUTEX_OP_CMP_NE, -5), FUTEX_OP(FUTEX_OP_XOR, 0xf, FUTEX_OP_CMP_GE, 0),
		FUTEX_OP(FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT, 12, FUTEX_OP_CMP_EQ, 1)};
	pid_t children[2];
	shared->other = 0;
	for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		shared->word = 0;
		uint32_t before = shared->other;
		GIVES(call(&shared->word, FUTEX_WAKE_OP, 1, (void *)1, &shared->other, codes[i]), "code %x",
		      codes[i]);
		say("  %d becomes %d", (int)before, (int)shared->other);
	}
	shared->other = 0;
	children[0] = waiter(FUTEX_WAIT, &shared->word, 0);
	children[1] = waiter(FUTEX_WAIT, &shared->other, 0);
	GIVES(call(&shared->word, FUTEX_WAKE_OP, 1, (void *)1, &shared->other,
	           FUTEX_OP(FUTEX_OP_SET, 1, FUTEX_OP_CMP_EQ, 0)), "both words");
	all_end(children, 2);
	shared->other = 0;
}

static void handler(int signal)
{
	(void)signal;
}

static void interrupted(int flags, bool timed)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
	struct itimerval soon = {{0, 0}, {0, 20000}};
	struct timespec time = {0, 60000000};
	uint32_t word = 0;
	pid_t child = -1;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	if (!timed && flags && !(child = fork())) {
		usleep(60000);
		call(&shared->word, FUTEX_WAKE, 1, NULL, NULL, 0);
		_exit(0);
	}
	GIVES(call(timed ? &word : &shared->word, FUTEX_WAIT, 0, timed ? &time : NULL, NULL, 0),
	      "interrupted, SA_RESTART %d, timed %d", flags != 0, timed);
	if (child > 0)
		waitpid(child, NULL, 0);
}

/* It ends, and holds the lock. */
static void ends(void *how)
{
	int kind = *(int *)how;
	struct robust_list_head *head = &shared->head;
	head->list.next = kind == 3 ? &head->list : &shared->entry;
	head->futex_offset = (long)((char *)&shared->lock - (char *)&shared->entry);
	head->list_op_pending = kind == 3 ? &shared->entry : NULL;
	shared->entry.next = kind == 2 ? &shared->entry : &head->list; /* a ring without its head */
	shared->lock = (uint32_t)getpid() | (kind == 1 ? 0 : FUTEX_WAITERS);
	if (kind == 4)
		shared->lock = 77;
	GIVES(syscall(SYS_set_robust_list, head, sizeof *head), "set");
	if (kind == 5)
		execl("/proc/self/exe", "again", "again", NULL);
	if (kind == 6)
		raise(SIGKILL);
}

static void robust(void)
{
	for (int kind = 0; kind <= 6; kind++) {
		child_status(ends, &kind);
		say("kind %d: %x", kind, shared->lock);
	}
	struct robust_list_head *head = NULL;
	size_t size = 0;
	GIVES(syscall(SYS_set_robust_list, &shared->head, 11), "set, size 11");
	GIVES(syscall(SYS_set_robust_list, &shared->head, 12), "set");
	GIVES(syscall(SYS_get_robust_list, 0, &head, &size), "get");
	say("  %d %zu", head == &shared->head, size);
	GIVES(syscall(SYS_get_robust_list, 0x7ffffff, &head, &size), "of nobody");
	GIVES(syscall(SYS_get_robust_list, 0, 8, &size), "to a bad place");
	syscall(SYS_set_robust_list, NULL, 12);
}

int main(int count, char **words)
{
	(void)words;
	if (count > 1)
		return 0;
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	wrong_words();
	wrong_numbers();
	counts();
	operations();
	for (int flags = 0; flags <= SA_RESTART; flags += SA_RESTART)
		for (int timed = 0; timed < 2; timed++)
			interrupted(flags, timed);
	robust();
	return 0;
}
