/* SPDX-License-Identifier: MIT */
/*
 * The terminal: line discipline over the console (serial, and VGA with keyboard, both
 * the same terminal). Line editing, echo, ^C ^\ ^Z as signals, ^D, raw mode, window
 * size: termios as in termios(3), structures from the uapi headers.
 */
#pragma once

#include <asm/termbits.h>
#include <asm/termios.h>

#include "lib/types.h"
#include "kernel/sync/wait_queue.h"

struct tty; /* one: the console */

void tty_init(void);
extern struct tty console_tty;

/* A byte from the wire or the keyboard; interrupt context. */
void tty_input(struct tty *, uint8_t byte);
/* Reads into a kernel buffer by the rules of the current mode. Sleeps unless nonblock.
 * Bytes read, 0 at end of input (^D), -EAGAIN, -EINTR (-ERESTARTSYS is userprog's
 * affair), -EIO. */
ssize_t tty_read(struct tty *, void *to, size_t n, bool nonblock);
/* Writes with output processing (NL to CR NL). May sleep. */
ssize_t tty_write(struct tty *, const void *from, size_t n);
/* Whether a read would not block; readers to wait on for poll. */
bool tty_readable(struct tty *);
struct wait_queue *tty_readers(struct tty *);

void tty_get_termios(struct tty *, struct termios *);
void tty_set_termios(struct tty *, const struct termios *, bool drain, bool flush_input);
void tty_get_window(struct tty *, struct winsize *);
void tty_set_window(struct tty *, const struct winsize *); /* SIGWINCH if changed */
void tty_flush(struct tty *, bool input, bool output);
uint32_t tty_pending(struct tty *); /* FIONREAD */

/* Foreground process group and session, as numbers: userprog gives them meaning. */
pid_t tty_foreground(struct tty *);
void tty_set_foreground(struct tty *, pid_t group);
pid_t tty_session(struct tty *);
void tty_set_session(struct tty *, pid_t session);
/* The door for userprog: send signal to process group (from ^C); interrupt context. */
void tty_set_signal_hook(void (*send)(pid_t group, int signal));
