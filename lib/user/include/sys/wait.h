/* SPDX-License-Identifier: MIT */
#pragma once

#include <linux/wait.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#define WEXITSTATUS(status)  ((status) >> 8 & 0xff)
#define WTERMSIG(status)     ((status)&0x7f)
#define WSTOPSIG(status)     WEXITSTATUS(status)
#define WCOREDUMP(status)    (((status)&0x80) != 0)
#define WIFEXITED(status)    (WTERMSIG(status) == 0)
#define WIFSIGNALED(status)  (WTERMSIG(status) != 0 && WTERMSIG(status) != 0x7f)
#define WIFSTOPPED(status)   (((status)&0xff) == 0x7f)
#define WIFCONTINUED(status) ((status) == 0xffff)

pid_t wait(int *status);
pid_t waitpid(pid_t, int *status, int options);
pid_t wait3(int *status, int options, struct rusage *);
pid_t wait4(pid_t, int *status, int options, struct rusage *);
