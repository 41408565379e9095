/* SPDX-License-Identifier: MIT */
/* Pseudo-terminals, pty(7): what tty_file.c and userprog need of devpts.c. */
#pragma once

#include "lib/types.h"

struct file;
struct inode;
struct tty;

/* The terminal whose name in /dev/pts this inode is; NULL: it is none. */
struct tty *pty_of(const struct inode *);
/* Whether it can be opened: 0; -EIO: its master is closed, or has it locked. */
int pty_may_open(const struct tty *);
/* The inode of a pseudo-terminal; NULL: the terminal is no such one. */
struct inode *pty_inode(const struct tty *);
/* The terminal that the file is, also as its master; NULL: none. */
struct tty *file_terminal(const struct file *);
bool file_is_master(const struct file *);
