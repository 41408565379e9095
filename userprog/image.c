/* SPDX-License-Identifier: MIT */
/* An ELF file on its way into an address space: see image.h. Nothing is read but the headers; the
 * segments are only promised, and come by page faults. */
#include "userprog/image.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/stat.h>

#include "kernel/fs/vfs.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "userprog/exec.h"
#include "userprog/places.h"
#include "userprog/process.h"
#include "vm/mmap.h"
#include "vm/page.h"
#include "vm/pagecache.h"
#include "vm/spt.h"

int image_take(struct image *image, struct dentry *found)
{
	const struct inode *inode = dentry_inode(found);
	struct file *opened;
	if (!S_ISREG(inode->mode) || inode_access(inode, ACCESS_EXECUTE))
		return -EACCES;
	/* This breaks leases, before anything of it is read. */
	int error = file_open_dentry(found, O_RDONLY, &opened);
	if (error)
		return error;
	error = program_get(found);
	if (error) {
		file_put(opened);
		return error;
	}
	image_release(image);
	image->file = found;
	image->opened = opened;
	return 0;
}

int image_find(struct image *image, const char *path)
{
	struct dentry *found;
	struct dentry *cwd = places_cwd(process_current()->places);
	int error = vfs_lookup(cwd, path, true, &found);
	dentry_put(cwd);
	if (error)
		return error;
	error = image_take(image, found);
	dentry_put(found);
	return error;
}

int image_read(struct image *image, uint32_t position, void *to, uint32_t n)
{
	struct page_source *source = &dentry_inode(image->file)->source;
	if (position + n < position || position + n > source->size)
		return -ENOEXEC;
	return pagecache_read(source, position, to, n);
}

int image_read_headers(struct image *image)
{
	Elf32_Ehdr *h = &image->header;
	int error = image_read(image, 0, h, sizeof *h);
	if (error)
		return error;
	/* As on Linux, the machine alone says what the words' size and order are. */
	if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 ||
	    (h->e_machine != EM_386 && h->e_machine != EM_IAMCU) ||
	    (h->e_type != ET_EXEC && h->e_type != ET_DYN) ||
	    h->e_phentsize != sizeof(Elf32_Phdr) || !h->e_phnum || h->e_phnum > SEGMENTS_MAX)
		return -ENOEXEC;
	return image_read(image, h->e_phoff, image->segments, h->e_phnum * sizeof(Elf32_Phdr));
}

static int map_segment(struct image *image, struct spt *spt, const Elf32_Phdr *segment)
{
	const struct page_source *source = image->opened->backing.source;
	uintptr_t address = segment->p_vaddr + image->bias, end = address + segment->p_memsz;
	int prot = (segment->p_flags & PF_R ? PROT_READ : 0) |
	           (segment->p_flags & PF_W ? PROT_WRITE : 0) |
	           (segment->p_flags & PF_X ? PROT_EXEC : 0);

	if (segment->p_filesz > segment->p_memsz || address < USER_START || end < address ||
	    end > USER_STACK_TOP || page_offset(address) != page_offset(segment->p_offset) ||
	    (uint64_t)segment->p_offset + segment->p_filesz > source->size)
		return -ENOEXEC;
	if (!segment->p_memsz)
		return 0;
	if (image->header.e_phoff >= segment->p_offset &&
	    image->header.e_phoff < segment->p_offset + segment->p_filesz)
		image->headers = address + (image->header.e_phoff - segment->p_offset);
	if (end > image->end)
		image->end = end;
	return vm_map_segment(spt, address, &image->opened->backing, segment->p_offset,
	                      segment->p_filesz, segment->p_memsz, prot);
}

static bool loads(const Elf32_Phdr *segment)
{
	return segment->p_type == PT_LOAD && segment->p_memsz;
}

/* The bytes from the lowest segment's page to the highest one's end, and where the lowest begins;
 * 0: there are none, or their places make no sense. */
static uint32_t extent_of(const struct image *image, uintptr_t *lowest)
{
	uint64_t start = UINT32_MAX, end = 0;
	for (uint32_t i = 0; i < image->header.e_phnum; i++) {
		const Elf32_Phdr *segment = &image->segments[i];
		uint64_t segment_end = (uint64_t)segment->p_vaddr + segment->p_memsz;
		if (!loads(segment))
			continue;
		start = page_round_down(segment->p_vaddr) < start
		                ? page_round_down(segment->p_vaddr) : start;
		end = segment_end > end ? segment_end : end;
	}
	*lowest = (uintptr_t)start;
	return end > start && end <= USER_END ? (uint32_t)(end - start) : 0;
}

int image_place(struct image *image, struct spt *spt, uintptr_t base)
{
	uintptr_t lowest;
	uint32_t length = extent_of(image, &lowest);
	if (!length)
		return -ENOEXEC;
	image->bias = 0;
	if (image->header.e_type != ET_DYN)
		return 0;
	if (!base && !(base = vm_find_place(spt, page_round_up(length))))
		return -ENOMEM;
	image->bias = base - lowest;
	return 0;
}

int image_map(struct image *image, struct spt *spt)
{
	int error = 0;
	for (uint32_t i = 0; i < image->header.e_phnum && !error; i++)
		if (image->segments[i].p_type == PT_LOAD)
			error = map_segment(image, spt, &image->segments[i]);
	return error ? error : image->end ? 0 : -ENOEXEC;
}

const Elf32_Phdr *image_segment(const struct image *image, uint32_t type)
{
	for (uint32_t i = 0; i < image->header.e_phnum; i++)
		if (image->segments[i].p_type == type)
			return &image->segments[i];
	return NULL;
}

int image_read_interpreter(struct image *image, char **path)
{
	const Elf32_Phdr *segment = image_segment(image, PT_INTERP);
	*path = NULL;
	if (!segment)
		return 0;
	if (segment->p_filesz < 2 || segment->p_filesz > PATH_MAX)
		return -ENOEXEC;
	char *name = kmalloc(segment->p_filesz);
	if (!name)
		return -ENOMEM;
	int error = image_read(image, segment->p_offset, name, segment->p_filesz);
	if (!error && name[segment->p_filesz - 1] != '\0')
		error = -ENOEXEC;
	if (error)
		kfree(name);
	else
		*path = name;
	return error;
}

void image_release(struct image *image)
{
	program_put(image->file);
	if (image->opened)
		file_put(image->opened);
}
