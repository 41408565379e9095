/* SPDX-License-Identifier: MIT */
/*
 * cc FILE.c [-o PROGRAM]: compiles and links a program for Pagoda inside Pagoda, with lib/user. It
 * is libtcc, Debian's, with what it needs in /usr/lib/cc; the page in the browser brings all of it
 * when its editor is first used (scripts/web/compiler/make). What the compiler has to say comes as
 * FILE:LINE: error: WORDS. Without -o the program is a.out.
 */
#include <libtcc.h>
#include <stdio.h>
#include <string.h>

#define FOLDER "/usr/lib/cc"

static void tell(void *unused, const char *words)
{
	(void)unused;
	fprintf(stderr, "%s\n", words);
}

static int build(const char *source, const char *program)
{
	char options[] = "-nostdinc -nostdlib -static -Wall";
	TCCState *state = tcc_new();

	tcc_set_error_func(state, NULL, tell);
	tcc_set_lib_path(state, FOLDER);
	tcc_set_options(state, options);
	tcc_set_output_type(state, TCC_OUTPUT_EXE);
	tcc_add_sysinclude_path(state, FOLDER "/include");
	int failed = tcc_add_file(state, FOLDER "/crt0.o") || tcc_add_file(state, source) ||
	             tcc_add_file(state, FOLDER "/libuser.a") ||
	             tcc_add_file(state, FOLDER "/libtcc1.a") ||
	             tcc_output_file(state, program);
	tcc_delete(state);
	return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *source = NULL, *program = "a.out";

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-o") == 0 && i + 1 < argc)
			program = argv[++i];
		else if (argv[i][0] != '-' && !source)
			source = argv[i];
		else
			source = NULL, i = argc;
	}
	if (!source) {
		fprintf(stderr, "usage: cc FILE.c [-o PROGRAM]\n");
		return 2;
	}
	return build(source, program);
}
