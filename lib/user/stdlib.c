/* SPDX-License-Identifier: MIT */
/* Numbers, random numbers, the environment, temporary names. */
#include "lib/number.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

long long strtoll(const char *text, char **end, int base)
{
	struct number number = number_parse(text, end, base);
	uint64_t most = (uint64_t)LLONG_MAX + number.negative;

	if (number.magnitude > most) {
		errno = ERANGE;
		number.magnitude = most;
	}
	return (long long)(number.negative ? -number.magnitude : number.magnitude);
}

unsigned long long strtoull(const char *text, char **end, int base)
{
	struct number number = number_parse(text, end, base);

	if (number.too_large) {
		errno = ERANGE;
		return ULLONG_MAX;
	}
	return number.negative ? -number.magnitude : number.magnitude;
}

int atoi(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

long atol(const char *text)
{
	return strtol(text, NULL, 10);
}

long long atoll(const char *text)
{
	return strtoll(text, NULL, 10);
}

int abs(int value)
{
	return value < 0 ? -value : value;
}

long labs(long value)
{
	return value < 0 ? -value : value;
}

long long llabs(long long value)
{
	return value < 0 ? -value : value;
}

div_t div(int numerator, int denominator)
{
	return (div_t){numerator / denominator, numerator % denominator};
}

ldiv_t ldiv(long numerator, long denominator)
{
	return (ldiv_t){numerator / denominator, numerator % denominator};
}

/* ---- random numbers: xorshift (Marsaglia, 2003); the state is never 0 --------------- */

static unsigned random_state = 1;

int rand_r(unsigned *seed)
{
	unsigned x = *seed ? *seed : 1;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*seed = x;
	return (int)(x & RAND_MAX);
}

int rand(void)
{
	return rand_r(&random_state);
}

void srand(unsigned seed)
{
	random_state = seed * 2654435761u;
}

long random(void)
{
	return rand();
}

void srandom(unsigned seed)
{
	srand(seed);
}

/* ---- environment ------------------------------------------------------------------ */

/* The array that environ points to once the program has changed it, and what was made
 * by setenv in it is never freed: another part may still hold a pointer from getenv. */
static char **own_environment;

static char **variable_find(const char *name, size_t length)
{
	char **variable;

	for (variable = environ; variable && *variable; variable++)
		if (strncmp(*variable, name, length) == 0 && (*variable)[length] == '=')
			return variable;
	return NULL;
}

char *getenv(const char *name)
{
	size_t length = strlen(name);
	char **variable = variable_find(name, length);

	return variable ? *variable + length + 1 : NULL;
}

/* Makes the assignment part of the environment, in the place of the old one. */
int putenv(char *assignment)
{
	char **variable = variable_find(assignment, strcspn(assignment, "="));
	size_t count = 0;
	char **larger;

	if (variable) {
		*variable = assignment;
		return 0;
	}
	while (environ && environ[count])
		count++;
	larger = malloc((count + 2) * sizeof(*larger));
	if (!larger)
		return -1;
	memcpy(larger, environ, count * sizeof(*larger));
	larger[count] = assignment;
	larger[count + 1] = NULL;
	if (environ == own_environment)
		free(own_environment);
	environ = own_environment = larger;
	return 0;
}

static int name_valid(const char *name)
{
	if (name && *name && !strchr(name, '='))
		return 1;
	errno = EINVAL;
	return 0;
}

int setenv(const char *name, const char *value, int overwrite)
{
	size_t length;
	char *assignment;

	if (!name_valid(name))
		return -1;
	if (!overwrite && getenv(name))
		return 0;
	length = strlen(name);
	assignment = malloc(length + strlen(value) + 2);
	if (!assignment)
		return -1;
	memcpy(assignment, name, length);
	assignment[length] = '=';
	strcpy(assignment + length + 1, value);
	if (putenv(assignment) == 0)
		return 0;
	free(assignment);
	return -1;
}

int unsetenv(const char *name)
{
	char **variable;

	if (!name_valid(name))
		return -1;
	while ((variable = variable_find(name, strlen(name))))
		for (; *variable; variable++)
			variable[0] = variable[1];
	return 0;
}

int clearenv(void)
{
	static char *empty[] = {NULL};

	environ = empty;
	return 0;
}

/* ---- temporary names -------------------------------------------------------------- */

#define NAME_TRIES 100

/* The six X at the end of the template, which a name needs; NULL if they are not there. */
static char *name_place(char *template)
{
	size_t length = strlen(template);

	if (length >= 6 && strcmp(template + length - 6, "XXXXXX") == 0)
		return template + length - 6;
	errno = EINVAL;
	return NULL;
}

static void name_choose(char place[6])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	uint32_t number;
	struct timespec now;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		number = (uint32_t)now.tv_nsec * 2654435761u ^ (uint32_t)getpid() ^
		         (uint32_t)rand();
	}
	for (int i = 0; i < 6; i++, number /= 36)
		place[i] = letters[number % 36];
}

int mkstemp(char *template)
{
	char *place = name_place(template);
	int fd;

	for (int try = 0; place && try < NAME_TRIES; try++) {
		name_choose(place);
		fd = open(template, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

char *mkdtemp(char *template)
{
	char *place = name_place(template);

	for (int try = 0; place && try < NAME_TRIES; try++) {
		name_choose(place);
		if (mkdir(template, 0700) == 0)
			return template;
		if (errno != EEXIST)
			return NULL;
	}
	return NULL;
}
