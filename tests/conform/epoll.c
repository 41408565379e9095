/* SPDX-License-Identifier: MIT */
/* epoll_create(2), epoll_ctl(2), epoll_wait(2): wrong arguments, level and edge, EPOLLONESHOT,
 * what closing does, epolls in epolls, what is written of the caller's memory. */
#include "case.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static int change(int epoll, int operation, int fd, uint32_t events)
{
	struct epoll_event event = {events, {.fd = fd}};
	return epoll_ctl(epoll, operation, fd, &event);
}

/* What is ready, without waiting. */
static void look(int epoll, const char *when)
{
	struct epoll_event events[8];
	int count = epoll_wait(epoll, events, 8, 0);
	say("%s: %d", when, count);
	for (int i = 0; i < count; i++)
		say("  events %x", events[i].events);
}

static void wrong(void)
{
	struct epoll_event event = {EPOLLIN, {.fd = 0}};
	int ends[2], epoll = epoll_create1(EPOLL_CLOEXEC);
	pipe(ends);
	GIVES(epoll_create(0), "size 0");
	SUCCEEDS(epoll_create(1), "size 1");
	GIVES(epoll_create1(1), "odd flags");
	say("cloexec %d", fcntl(epoll, F_GETFD));
	GIVES(change(99, EPOLL_CTL_ADD, ends[0], EPOLLIN), "no epoll");
	GIVES(change(epoll, EPOLL_CTL_ADD, 99, EPOLLIN), "no file");
	GIVES(change(ends[0], EPOLL_CTL_ADD, ends[1], EPOLLIN), "a pipe");
	GIVES(change(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN), "itself");
	GIVES(change(epoll, 9, ends[0], EPOLLIN), "odd operation");
	GIVES(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], (void *)1), "bad address");
	GIVES(change(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN), "change, not there");
	GIVES(change(epoll, EPOLL_CTL_DEL, ends[0], EPOLLIN), "remove, not there");
	GIVES(change(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN), "add");
	GIVES(change(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN), "again");
	int second = dup(ends[0]);
	GIVES(change(epoll, EPOLL_CTL_ADD, second, EPOLLIN), "its duplicate");
	GIVES(epoll_ctl(epoll, EPOLL_CTL_DEL, second, NULL), "remove that");
	int file = open("epoll-file", O_RDWR | O_CREAT, 0600), folder = open(".", O_RDONLY);
	GIVES(change(epoll, EPOLL_CTL_ADD, file, EPOLLIN), "a regular file");
	GIVES(change(epoll, EPOLL_CTL_ADD, folder, EPOLLIN), "a directory");
	unlink("epoll-file");
	GIVES(epoll_wait(epoll, &event, 0, 0), "room for none");
	GIVES(epoll_wait(epoll, &event, -1, 0), "room for -1");
	GIVES(epoll_wait(99, &event, 1, 0), "no epoll");
	GIVES(epoll_wait(ends[0], &event, 1, 0), "a pipe");
	write(ends[1], "x", 1);
	GIVES(epoll_wait(epoll, (void *)4096, 1, 0), "bad address");
	GIVES(epoll_wait(epoll, &event, 1, 0), "a good one");
	GIVES(syscall(SYS_epoll_pwait, epoll, &event, 1, 0, &(uint64_t){0}, 4), "size of the mask");
	GIVES(change(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLEXCLUSIVE), "exclusive, too late");
	GIVES(change(epoll, EPOLL_CTL_ADD, ends[1], EPOLLOUT | EPOLLEXCLUSIVE | EPOLLONESHOT), "both");
	GIVES(change(epoll, EPOLL_CTL_ADD, ends[1], EPOLLOUT | EPOLLEXCLUSIVE), "exclusive");
	GIVES(change(epoll, EPOLL_CTL_MOD, ends[1], EPOLLOUT), "change that");
	look(epoll, "both ends");
	char byte;
	GIVES(read(epoll, &byte, 1), "read");
	GIVES(write(epoll, &byte, 1), "write");
	close(epoll), close(ends[0]), close(ends[1]), close(second), close(file), close(folder);
}

static void kinds(uint32_t kind, const char *name)
{
	int ends[2], epoll = epoll_create1(0);
	char bytes[8];
	pipe2(ends, O_NONBLOCK);
	say("%s", name);
	write(ends[1], "a", 1);
	change(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN | kind);
	look(epoll, "a byte was there");
	look(epoll, "again");
	write(ends[1], "b", 1);
	look(epoll, "another byte");
	look(epoll, "again");
	read(ends[0], bytes, 1);
	look(epoll, "one of two was read");
	change(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN | kind);
	look(epoll, "set again");
	read(ends[0], bytes, 8);
	look(epoll, "all was read");
	write(ends[1], "c", 1);
	change(epoll, EPOLL_CTL_MOD, ends[0], kind);
	look(epoll, "nothing is wanted");
	close(ends[1]);
	look(epoll, "it hangs up");
	look(epoll, "again");
	change(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLRDHUP | kind);
	look(epoll, "all is wanted");
	close(epoll), close(ends[0]);
}

static void closing(void)
{
	int ends[2], epoll = epoll_create1(0), second;
	pipe(ends);
	second = dup(ends[0]);
	write(ends[1], "x", 1);
	change(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN);
	close(ends[0]);
	look(epoll, "closed, but open under another number");
	GIVES(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], NULL), "remove the closed one");
	pid_t child = fork();
	if (!child) {
		usleep(50000);
		_exit(0);
	}
	close(second);
	look(epoll, "closed here, open in the child");
	waitpid(child, NULL, 0);
	look(epoll, "closed by all");
	close(epoll), close(ends[1]);
}

static void nested(void)
{
	int ends[2], inner = epoll_create1(0), outer = epoll_create1(0), many[12], count = 1;
	struct pollfd asked = {.fd = outer, .events = POLLIN | POLLOUT};
	pipe(ends);
	change(inner, EPOLL_CTL_ADD, ends[0], EPOLLIN);
	GIVES(change(outer, EPOLL_CTL_ADD, inner, EPOLLIN | EPOLLEXCLUSIVE), "exclusive");
	GIVES(change(outer, EPOLL_CTL_ADD, inner, EPOLLIN), "an epoll in an epoll");
	GIVES(change(inner, EPOLL_CTL_ADD, outer, EPOLLIN), "a circle");
	look(outer, "nothing");
	GIVES(poll(&asked, 1, 0), "poll");
	write(ends[1], "x", 1);
	look(outer, "a byte");
	look(inner, "the inner one");
	GIVES(poll(&asked, 1, 0), "poll");
	say("  events %x", asked.revents);
	change(outer, EPOLL_CTL_MOD, inner, EPOLLIN | EPOLLET);
	look(outer, "by edge");
	look(outer, "again");
	write(ends[1], "x", 1);
	look(outer, "another byte");
	for (int i = 0; i < 12; i++)
		many[i] = epoll_create1(0);
	while (count < 12 && !change(many[count], EPOLL_CTL_ADD, many[count - 1], EPOLLIN))
		count++;
	say("%d in a chain", count);
	for (int i = 0; i < 12; i++)
		close(many[i]);
	close(inner);
	look(outer, "the inner one is closed");
	close(outer), close(ends[0]), close(ends[1]);
}

static void several(void)
{
	int epoll = epoll_create1(0), counts[5];
	struct epoll_event events[8];
	bool seen[5] = {false};
	for (int i = 0; i < 5; i++) {
		struct epoll_event event = {EPOLLIN, {.u64 = 1ull << 40 | i}};
		counts[i] = eventfd(1, 0);
		epoll_ctl(epoll, EPOLL_CTL_ADD, counts[i], &event);
	}
	for (int round = 0; round < 3; round++) {
		int count = epoll_wait(epoll, events, 2, 0);
		for (int i = 0; i < count; i++)
			seen[events[i].data.u64 & 7] = events[i].data.u64 >> 40 == 1;
	}
	say("three times two of five, by turns: %d", seen[0] && seen[1] && seen[2] && seen[3] && seen[4]);
	for (int i = 0; i < 5; i++)
		close(counts[i]);
	look(epoll, "all closed");
	close(epoll);
}

static void sockets(void)
{
	int ends[2], epoll = epoll_create1(0);
	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	change(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	look(epoll, "a socket");
	write(ends[1], "x", 1);
	look(epoll, "with a byte");
	shutdown(ends[1], SHUT_WR);
	look(epoll, "that ends");
	close(ends[1]);
	look(epoll, "that hangs up");
	close(ends[0]);
	close(epoll);
}

/* Only what is told is written, and only room for that is asked for. */
static void room(void)
{
	int ends[2], epoll = epoll_create1(0);
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct epoll_event *last = (struct epoll_event *)(pages + PAGE) - 1;
	pipe(ends);
	change(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN);
	memset(pages, 0x55, 2 * PAGE);
	munmap(pages + PAGE, PAGE);
	GIVES(epoll_wait(epoll, last, 1, 0), "nothing to tell");
	say("left as it was: %d", last->events == 0x55555555 && pages[PAGE - 1] == 0x55);
	GIVES(epoll_wait(epoll, (void *)(pages + PAGE), 1, 0), "and no room for it");
	GIVES(epoll_wait(epoll, (void *)(pages + PAGE), 1, 20), "the same, for a while");
	write(ends[1], "x", 1);
	GIVES(epoll_wait(epoll, last, 4, 0), "one to tell, room for one of four");
	GIVES(epoll_wait(epoll, (void *)((char *)last + 1), 4, 0), "room for half of one");
	GIVES(epoll_wait(epoll, last, 4, 0), "and it is told still");
	mprotect(pages, PAGE, PROT_READ);
	GIVES(epoll_wait(epoll, last, 1, 0), "room that is read-only");
	munmap(pages, PAGE);
	close(epoll);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	wrong();
	room();
	kinds(0, "level");
	kinds(EPOLLET, "edge");
	kinds(EPOLLONESHOT, "once");
	closing();
	nested();
	several();
	sockets();
	return 0;
}
