/* SPDX-License-Identifier: MIT */
#pragma once

extern char *optarg;
extern int optind, opterr, optopt;

/* POSIX: single-letter options, which end at the first other argument or at "--". */
int getopt(int argc, char *const argv[], const char *options);
