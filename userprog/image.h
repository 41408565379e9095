/* SPDX-License-Identifier: MIT */
/*
 * An ELF file that becomes part of a program: the program itself, or the interpreter that it names
 * (PT_INTERP), its dynamic linker. execve(2) maps both; the linker then maps the libraries, with
 * mmap, as any program would.
 * Source: Tool Interface Standard, "Executable and Linking Format", 1.2, part 2; elf(5).
 */
#pragma once

#include <elf.h>

#include "lib/types.h"

struct dentry;
struct file;
struct spt;

#define SEGMENTS_MAX 64u

struct image {
	struct dentry *file;   /* program_get; NULL: not yet */
	struct file *opened;   /* the same, opened for reading; NULL: not yet */
	Elf32_Ehdr header;
	uintptr_t bias;        /* what is added to the file's addresses */
	uintptr_t headers;     /* where the program finds its program headers, or 0 */
	uintptr_t end;         /* of its highest segment */
	Elf32_Phdr segments[SEGMENTS_MAX]; /* header.e_phnum of them are filled */
};

/* All may sleep. Follows the path to a regular file that may be executed, in place of the one that
 * was found before. 0 or an error of path_resolution(7). */
int image_find(struct image *, const char *path);
/* The same with a file that has been found. */
int image_take(struct image *, struct dentry *);
/* Bytes of the file; -ENOEXEC if it ends before. */
int image_read(struct image *, uint32_t position, void *to, uint32_t n);
/* The ELF header and the program headers. -ENOEXEC: it is no program for this machine. */
int image_read_headers(struct image *);
/* Chooses where it will lie: where the file says, or, if it can lie anywhere, at the base, or for
 * base 0 where there is room (the gap that mmap would take). -ENOEXEC, -ENOMEM. */
int image_place(struct image *, struct spt *, uintptr_t base);
/* Maps its segments there. -ENOEXEC, -ENOMEM. */
int image_map(struct image *, struct spt *);
/* The first program header of the type, or NULL. */
const Elf32_Phdr *image_segment(const struct image *, uint32_t type);
/* The interpreter that it names, from the heap, the caller's to free; NULL: none. -ENOEXEC. */
int image_read_interpreter(struct image *, char **path);
void image_release(struct image *);
