/* SPDX-License-Identifier: MIT */
/*
 * Terminals: the line discipline over the console (serial, and VGA with keyboard, both
 * the same terminal), and over each further serial line. Line editing, echo, ^C ^\ ^Z as signals,
 * ^D, raw mode, window size: termios as in termios(3), structures from the uapi headers.
 */
#pragma once

#include <asm/termbits.h>
#include <asm/termios.h>

#include "lib/types.h"
#include "kernel/sync/wait_queue.h"

struct tty;

void tty_init(void);
extern struct tty console_tty;

/* What a serial line does for its terminal. Nothing here sleeps. */
struct tty_line {
	/* The first program opens it, the last has closed it: until then it does not listen, and
	 * the other side is to wait. The tty's lock is held. */
	void (*listen)(struct tty *, bool on);
	/* Bytes to send; the tty's lock is held. What is beyond TTY_UNSENT_MAX is lost: an echo
	 * that nobody takes, since tty_write waits for room. */
	void (*write)(struct tty *, const char *bytes, size_t n);
	/* How many were written and are not sent: at most TTY_UNSENT_MAX. Calls
	 * tty_wake_writers() when they become fewer. */
	uint32_t (*unsent)(struct tty *);
	/* Forgets these. */
	void (*discard)(struct tty *);
	bool lingers; /* tcdrain(3) and the last close wait until all is sent */
	/* A pseudo-terminal is held (true), unless it is on its way out. NULL: it stays anyway. */
	bool (*hold)(struct tty *);
	/* Input was taken, or the settings changed: the line may go on in either direction. The
	 * tty's lock is not held. */
	void (*go_on)(struct tty *);
};
#define TTY_UNSENT_MAX 4096u

/* A terminal on a line, and what was given for it. NULL: no memory. */
struct tty *tty_make(const struct tty_line *, void *device);
void *tty_device(const struct tty *);
bool tty_is_on(const struct tty *, const struct tty_line *);
/* Nobody has it any more. */
void tty_destroy(struct tty *);
/* The other side is gone for good: reads say that the input has ended, writes -EIO, and the leader of
 * its session is told. */
void tty_hang_up(struct tty *);
bool tty_is_hung_up(const struct tty *);
/* The device number that /proc/PID/stat shows. */
void tty_set_number(struct tty *, uint32_t device);
uint32_t tty_number(const struct tty *);
/* A program opens it, and has closed it; a close sleeps until the output is sent, at most for half
 * a minute, as on Linux. */
void tty_opened(struct tty *);
void tty_closed(struct tty *);
/* Whether the line shall hold input back that has no room (CRTSCTS), and whether a byte has room.
 * A line in the making always has: else its end would never come. Interrupts are off. */
bool tty_holds_back(struct tty *);
bool tty_has_room(struct tty *);

/* A byte from the wire or the keyboard; interrupt context. */
void tty_input(struct tty *, uint8_t byte);
/* Reads into a kernel buffer by the rules of the current mode. Sleeps unless nonblock.
 * Bytes read, 0 at end of input (^D), -EAGAIN, -EINTR (-ERESTARTSYS is userprog's
 * affair), -EIO. */
ssize_t tty_read(struct tty *, void *to, size_t n, bool nonblock);
/* Writes with output processing (NL to CR NL). Sleeps unless nonblock. Bytes written, -EAGAIN,
 * -EINTR. */
ssize_t tty_write(struct tty *, const void *from, size_t n, bool nonblock);
/* Whether a write would not block; writers to wait on for poll. */
bool tty_writable(struct tty *);
struct wait_queue *tty_writers(struct tty *);
/* Output was sent, or may go on: wakes these, and tells by a signal those whose write it was that
 * did not get all off. Any context. */
void tty_wake_writers(struct tty *);
/* How many bytes of output are under way (TIOCOUTQ); sleeps until none is: 0, -EINTR. */
uint32_t tty_unsent(struct tty *);
int tty_drain(struct tty *);
/* Whether a read would not block; readers to wait on for poll. */
bool tty_readable(struct tty *);
struct wait_queue *tty_readers(struct tty *);
/* Who is told of either by signals: kernel/owner.h. */
struct list *tty_owners(struct tty *);

void tty_get_termios(struct tty *, struct termios *);
/* May sleep if drain: 0, -EINTR. */
int tty_set_termios(struct tty *, const struct termios *, bool drain, bool flush_input);
void tty_get_window(struct tty *, struct winsize *);
void tty_set_window(struct tty *, const struct winsize *); /* SIGWINCH if changed */
void tty_flush(struct tty *, bool input, bool output);
uint32_t tty_pending(struct tty *); /* FIONREAD */

/* Foreground process group and session, as numbers: userprog gives them meaning. */
pid_t tty_foreground(struct tty *);
void tty_set_foreground(struct tty *, pid_t group);
pid_t tty_session(struct tty *);
void tty_set_session(struct tty *, pid_t session);
/* The terminal of the session; NULL: it has none. `held`: with what its line's hold says, and none
 * that is hung up; else it is a hint, to be compared only. */
struct tty *tty_of_session(pid_t session, bool held);
/* The session ends: it has no terminal any more. The group that was in its foreground, or 0. */
pid_t tty_end_session(pid_t session);
/* What /proc tells of the session's terminal: its number and the foreground, or 0 and -1. */
void tty_tell_session(pid_t session, uint32_t *number, pid_t *foreground);
/* The doors for userprog: send a signal to a process group if it is of the session (from ^C;
 * interrupt context), or to a session's leader; and which session the caller is of. */
void tty_set_doors(void (*send_group)(pid_t session, pid_t group, int signal),
                   void (*send_leader)(pid_t session, int signal), pid_t (*session)(void));
pid_t tty_caller_session(void);
