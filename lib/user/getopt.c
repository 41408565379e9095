/* SPDX-License-Identifier: MIT */
/* Command-line options, as POSIX describes getopt. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

char *optarg;
int optind = 1, opterr = 1, optopt;

static int complain(const char *options, const char *what)
{
	if (opterr && options[0] != ':')
		fprintf(stderr, "%s: %s -- '%c'\n", program_invocation_short_name, what,
		        optopt);
	return '?';
}

int getopt(int argc, char *const argv[], const char *options)
{
	static const char *next = ""; /* what is left of the argument that is being read */
	const char *option;

	if (!*next) {
		if (optind >= argc || argv[optind][0] != '-' || !argv[optind][1])
			return -1;
		next = argv[optind++] + 1;
		if (strcmp(next, "-") == 0) {
			next = "";
			return -1;
		}
	}
	optopt = *next++;
	option = optopt == ':' ? NULL : strchr(options, optopt);
	if (!option)
		return complain(options, "invalid option");
	if (option[1] != ':')
		return optopt;
	if (!*next && optind >= argc) {
		complain(options, "option requires an argument");
		return options[0] == ':' ? ':' : '?';
	}
	optarg = *next ? (char *)next : argv[optind++];
	next = "";
	return optopt;
}
