/* SPDX-License-Identifier: MIT */
/*
 * Shared memory of two machines (dsm_pages.h): the messages, the two handlers, the meeting.
 *
 * Every message has eight bytes, a page's are behind its message. The two signals never interrupt
 * each other, and the program blocks them while it reads the line itself, so a message is always
 * read and answered as a whole.
 */
#include "userprog/bin/demo/dsm_pages.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/time.h>
#include <termios.h>
#include <ucontext.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define WRITE_ACCESS 2   /* in the error code of a page fault */
#define ANSWER_US 5000   /* how often a machine that computes looks at the line */
#define HELLO_MS 200     /* how often a machine that meets nobody says hello */

enum right { NONE, READ, WRITE }; /* what this machine may do with a page */
static const int protection[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};

enum kind {
	HELLO = 'h',  /* number: the sender's, by chance */
	HEARD = 'a',  /* number: that of the hello */
	COPY = 'c',   /* number: a page that the sender wants to read */
	MOVE = 'm',   /* ... to write */
	BYTES = 'b',  /* the page that was asked for is behind this */
	LEAVE = 'l',  /* the page is yours; you have its bytes */
	HERE = 'w',   /* shared_meet() */
	BYE = 'e',    /* shared_end() */
};

struct message {
	char mark[3]; /* "dsm" */
	char kind;
	uint32_t number;
};

static struct shared {
	int line;
	bool first;
	uint8_t *memory;
	uint32_t own_number, other_number;
	enum right rights[SHARED_PAGES];
	struct shared_counts counts[SHARED_PAGES];
	int wanted;      /* the page that this machine asked to write, or -1 */
	int postponed;   /* the one that the other asked for meanwhile, or -1 */
	unsigned answered; /* questions and answers of the other machine */
	unsigned meetings, other_meetings;
	bool other_ended;
	struct termios settings; /* as they were */
} shared;

static void *page_at(unsigned page)
{
	return shared.memory + page * PAGE;
}

/* ---- the line ---------------------------------------------------------------------- */

static void broken(const char *what)
{
	fprintf(stderr, "demo: the line to the other machine: %s\n", what);
	_exit(1);
}

static void put(const void *from, size_t n)
{
	const char *bytes = from;

	while (n) {
		ssize_t done = write(shared.line, bytes, n);
		if (done > 0)
			bytes += done, n -= done;
		else if (done == 0 || errno != EINTR)
			broken(strerror(errno));
	}
}

static void get(void *to, size_t n)
{
	char *bytes = to;

	while (n) {
		ssize_t done = read(shared.line, bytes, n);
		if (done > 0)
			bytes += done, n -= done;
		else if (done == 0)
			broken("it has ended");
		else if (errno != EINTR)
			broken(strerror(errno));
	}
}

static bool something_comes(int milliseconds)
{
	struct pollfd line = {.fd = shared.line, .events = POLLIN};

	return poll(&line, 1, milliseconds) > 0;
}

static void tell(enum kind kind, uint32_t number)
{
	struct message message = {{'d', 's', 'm'}, (char)kind, number};

	put(&message, sizeof(message));
}

/* ---- pages ------------------------------------------------------------------------- */

static void allow(unsigned page, enum right right)
{
	mprotect(page_at(page), PAGE, protection[right]);
	shared.rights[page] = right;
}

static void send_page(unsigned page, enum right keep)
{
	tell(BYTES, page);
	put(page_at(page), PAGE);
	allow(page, keep);
	shared.counts[page].sent++;
}

/* The other machine wants to write the page. If both may read it and both ask, each sees the
 * other's question before an answer: the first machine's comes first. */
static void give(unsigned page)
{
	if (shared.wanted == (int)page && shared.first) {
		shared.postponed = page;
	} else if (shared.rights[page] == READ) {
		allow(page, NONE);
		tell(LEAVE, page);
	} else {
		send_page(page, NONE);
	}
}

static void receive_page(unsigned page)
{
	allow(page, WRITE);
	get(page_at(page), PAGE);
	allow(page, shared.wanted == (int)page ? WRITE : READ);
	shared.counts[page].received++;
}

static void answer_about_page(const struct message *message)
{
	unsigned page = message->number;

	if (page >= SHARED_PAGES)
		broken("a message about a page that there is not");
	if (message->kind == COPY)
		send_page(page, READ);
	else if (message->kind == MOVE)
		give(page);
	else if (message->kind == BYTES)
		receive_page(page);
	else
		allow(page, WRITE);
}

/* Reads one message and does what it asks. */
static void answer(void)
{
	struct message message;

	get(&message, sizeof(message));
	shared.answered++;
	if (memcmp(message.mark, "dsm", 3) != 0)
		broken("bytes that are no message");
	switch (message.kind) {
	case HELLO:
		if (message.number != shared.other_number)
			broken("the other machine has begun anew");
		break; /* said again before it heard us */
	case HEARD:
		break;
	case COPY:
	case MOVE:
	case BYTES:
	case LEAVE:
		answer_about_page(&message);
		break;
	case HERE:
		shared.other_meetings++;
		break;
	case BYE:
		shared.other_ended = true;
		break;
	default:
		broken("a message of an unknown kind");
	}
}

/* Whether there was something that waited for its turn. */
static bool answer_postponed(void)
{
	int page = shared.postponed;

	if (page < 0)
		return false;
	shared.postponed = -1;
	shared.answered++;
	give(page);
	return true;
}

static void answer_all(void)
{
	answer_postponed();
	while (something_comes(0))
		answer();
}

/* ---- signals ----------------------------------------------------------------------- */

static void on_timer(int number)
{
	int error = errno;

	(void)number;
	answer_all();
	errno = error;
}

/* The whole period begins again, and what is due is forgotten: the program goes on for a while
 * before it answers. */
static void begin_period(void)
{
	struct itimerval period = {{0, ANSWER_US}, {0, ANSWER_US}};
	struct timespec now = {0, 0};
	sigset_t timer;

	setitimer(ITIMER_REAL, &period, NULL);
	sigemptyset(&timer);
	sigaddset(&timer, SIGALRM);
	sigtimedwait(&timer, NULL, &now);
}

static void fetch(unsigned page, bool to_write)
{
	struct shared_counts *counts = &shared.counts[page];
	uint64_t begun = nanoseconds();
	enum right enough = to_write ? WRITE : READ;

	counts->read_faults += !to_write;
	counts->write_faults += to_write;
	counts->left += to_write && shared.rights[page] == READ;
	shared.wanted = to_write ? (int)page : -1;
	tell(to_write ? MOVE : COPY, page);
	while (shared.rights[page] < enough)
		answer();
	shared.wanted = -1;
	counts->waited += nanoseconds() - begun;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	const ucontext_t *state = context;
	uintptr_t offset = (uintptr_t)info->si_addr - (uintptr_t)shared.memory;
	int error = errno;

	(void)number;
	if (offset >= SHARED_PAGES * PAGE) {
		signal(SIGSEGV, SIG_DFL); /* not ours: the access fails again, and ends it */
		return;
	}
	fetch(offset / PAGE, state->uc_mcontext.gregs[REG_ERR] & WRITE_ACCESS);
	begin_period();
	errno = error;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};

	sigaddset(&action.sa_mask, SIGALRM);
	sigaddset(&action.sa_mask, SIGSEGV);
	action.sa_sigaction = on_fault;
	sigaction(SIGSEGV, &action, NULL);
	action.sa_flags = SA_RESTART;
	action.sa_handler = on_timer;
	sigaction(SIGALRM, &action, NULL);
	begin_period();
}

static sigset_t block_timer(void)
{
	sigset_t timer, before;

	sigemptyset(&timer);
	sigaddset(&timer, SIGALRM);
	sigprocmask(SIG_BLOCK, &timer, &before);
	return before;
}

/* ---- meeting and parting ----------------------------------------------------------- */

/* The next message on a line on which there may be the end of an older one. */
static struct message find_message(void)
{
	struct message message;
	size_t have = 0;

	while (have < sizeof(message)) {
		get((char *)&message + have, 1);
		have++;
		if (have <= 3 && message.mark[have - 1] != "dsm"[have - 1]) {
			message.mark[0] = message.mark[have - 1];
			have = message.mark[0] == 'd';
		}
	}
	return message;
}

/* Both say hello until both have heard each other. An older hello than that of the machine that is
 * there now is answered, too, which does no harm. */
static void meet(void)
{
	bool heard = false;

	shared.other_number = 0;
	getrandom(&shared.own_number, sizeof(shared.own_number), 0);
	shared.own_number |= 1; /* 0: none yet */
	while (!heard || !shared.other_number) {
		tell(HELLO, shared.own_number);
		while ((!heard || !shared.other_number) && something_comes(HELLO_MS)) {
			struct message message = find_message();

			if (message.kind == HELLO && message.number != shared.own_number) {
				shared.other_number = message.number;
				tell(HEARD, message.number);
			} else if (message.kind == HEARD && message.number == shared.own_number) {
				heard = true;
			}
		}
	}
	shared.first = shared.own_number > shared.other_number;
}

/* Bytes as they are; none is lost when they come faster than they are read. */
static void line_prepare(void)
{
	struct termios settings;

	if (tcgetattr(shared.line, &shared.settings) != 0)
		return; /* a socket */
	settings = shared.settings;
	cfmakeraw(&settings);
	settings.c_cflag |= CRTSCTS;
	if (tcsetattr(shared.line, TCSAFLUSH, &settings) != 0)
		broken(strerror(errno));
}

void *shared_start(int line, bool *first)
{
	shared.line = line;
	shared.wanted = shared.postponed = -1;
	shared.memory = mmap(NULL, SHARED_PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (shared.memory == (void *)MAP_FAILED)
		give_up("no room");
	line_prepare();
	meet();
	for (unsigned page = 0; page < SHARED_PAGES; page++)
		allow(page, shared.first ? WRITE : NONE);
	catch_signals();
	*first = shared.first;
	return shared.memory;
}

unsigned shared_answered(void)
{
	return shared.answered;
}

void shared_wait(unsigned answered)
{
	sigset_t before = block_timer();

	if (!answer_postponed() && shared.answered == answered && something_comes(-1))
		answer();
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void shared_meet(void)
{
	sigset_t before = block_timer();

	answer_postponed();
	tell(HERE, ++shared.meetings);
	while (shared.other_meetings < shared.meetings)
		answer();
	sigprocmask(SIG_SETMASK, &before, NULL);
}

struct shared_counts shared_counts(unsigned first_page, unsigned pages)
{
	struct shared_counts sum = {0};

	for (unsigned page = first_page; page < first_page + pages; page++) {
		const struct shared_counts *counts = &shared.counts[page];

		sum.read_faults += counts->read_faults;
		sum.write_faults += counts->write_faults;
		sum.received += counts->received;
		sum.sent += counts->sent;
		sum.left += counts->left;
		sum.waited += counts->waited;
	}
	return sum;
}

void shared_end(void)
{
	struct itimerval never = {{0, 0}, {0, 0}};

	block_timer();
	setitimer(ITIMER_REAL, &never, NULL);
	answer_postponed();
	tell(BYE, 0);
	while (!shared.other_ended)
		answer();
	signal(SIGSEGV, SIG_DFL);
	munmap(shared.memory, SHARED_PAGES * PAGE);
	tcsetattr(shared.line, TCSADRAIN, &shared.settings); /* fails for a socket */
}
