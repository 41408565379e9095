/* SPDX-License-Identifier: MIT */
/* The kernel command line, kept twice: whole, and cut into words. */
#include "kernel/boot_args.h"

#include <stddef.h>

#include "lib/string.h"

#define LINE_MAX 512

/* Written during start-up only. */
static char line_kept[LINE_MAX];
static char words[LINE_MAX];   /* each ends with NUL; an empty one ends them all */

/* QEMU puts the kernel's file name in front, GRUB does not: it is no argument. */
static const char *skip_kernel_name(const char *line)
{
	size_t word = 0;
	bool is_path = false;
	while (line[word] && line[word] != ' ' && line[word] != '=')
		is_path |= line[word++] == '/';
	if (!is_path || line[word] == '=')
		return line;
	while (line[word] == ' ')
		word++;
	return line + word;
}

void boot_args_init(const char *line)
{
	strlcpy(line_kept, skip_kernel_name(line), sizeof(line_kept));
	char *to = words;
	for (const char *from = line_kept; *from; from++) {
		if (*from != ' ')
			*to++ = *from;
		else if (to > words && to[-1])
			*to++ = '\0';
	}
}

const char *boot_args_line(void)
{
	return line_kept;
}

const char *boot_arg(const char *name)
{
	size_t length = strlen(name);
	const char *value = NULL;
	bool ours = true;
	for (const char *word = words; *word && ours; word += strlen(word) + 1) {
		if (!strncmp(word, name, length) && word[length] == '=')
			value = word + length + 1;
		ours = strncmp(word, "test=", 5) != 0; /* what follows is the test's own */
	}
	return value;
}

bool boot_flag(const char *name)
{
	for (const char *word = words; *word; word += strlen(word) + 1)
		if (!strcmp(word, name))
			return true;
	return false;
}

uint32_t boot_arg_number(const char *name, uint32_t otherwise)
{
	const char *value = boot_arg(name);
	return value ? strtoul(value, NULL, 0) : otherwise;
}
