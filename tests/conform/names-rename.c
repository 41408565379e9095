/* SPDX-License-Identifier: MIT */
/* renameat2(2), rename(2), linkat(2): every kind of old name to every kind of new name, with each
 * flag; what is there afterwards; trailing slashes and dots; on a disk and on a tmpfs. */
#include "case.h"

#include <ftw.h>
#include <linux/fs.h>

static const char *const kinds[] = {
	"file", "other", "folder", "full", "full/inner", "link", "dangling", "fifo", "none",
	"hard", "folder/", "file/", "none/", ".", "..", "folder/.", "", "full/inner/..",
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static void make_all(void)
{
	mkdir("n", 0755);
	chdir("n");
	close(open("file", O_CREAT | O_WRONLY, 0644));
	close(open("other", O_CREAT | O_WRONLY, 0600));
	mkdir("folder", 0700);
	mkdir("full", 0755);
	mkdir("full/inner", 0711);
	symlink("file", "link");
	symlink("nowhere", "dangling");
	mkfifo("fifo", 0644);
	link("file", "hard");
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at)
{
	(void)s, (void)type, (void)at;
	return remove(path);
}

static void remove_all(void)
{
	chdir("..");
	if (nftw("n", remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
		say("something cannot be removed");
}

/* What is there now: type, rights, links. */
static void show(const char *name)
{
	struct stat s;

	if (lstat(name, &s) == 0)
		printf(" %s=%o.%d", name, s.st_mode, (int)s.st_nlink);
}

static void rename_each(unsigned flags)
{
	for (unsigned i = 0; i < KINDS; i++)
		for (unsigned k = 0; k < KINDS; k++) {
			make_all();
			errno = 0;
			int result = syscall(SYS_renameat2, AT_FDCWD, kinds[i], AT_FDCWD, kinds[k],
			                     flags);
			int error = errno;
			printf("%u: \"%s\" to \"%s\": %s;", flags, kinds[i], kinds[k],
			       result ? error_name(error) : "done");
			for (unsigned m = 0; m < 10; m++)
				show(kinds[m]);
			show(".");
			printf("\n");
			remove_all();
		}
}

static void link_each(int flags)
{
	make_all();
	for (unsigned i = 0; i < KINDS; i++) {
		GIVES(linkat(AT_FDCWD, kinds[i], AT_FDCWD, "new", flags), "link %x of \"%s\"",
		      flags, kinds[i]);
		show("new");
		printf("\n");
		unlink("new");
		GIVES(linkat(AT_FDCWD, "file", AT_FDCWD, kinds[i], flags), "link %x to \"%s\"",
		      flags, kinds[i]);
		if (!strcmp(kinds[i], "none"))
			unlink("none");
	}
	remove_all();
}

static void by_descriptor(void)
{
	make_all();
	int file = open("file", O_RDONLY), folder = open("folder", O_RDONLY | O_DIRECTORY);
	int path = open("link", O_PATH | O_NOFOLLOW);

	GIVES(linkat(file, "", AT_FDCWD, "new", AT_EMPTY_PATH), "an open file");
	GIVES(linkat(file, "", folder, "new", 0), "without the flag");
	GIVES(linkat(path, "", folder, "new", AT_EMPTY_PATH), "a link by O_PATH");
	GIVES(linkat(folder, "", AT_FDCWD, "new2", AT_EMPTY_PATH), "a folder");
	GIVES(linkat(99, "", AT_FDCWD, "new2", AT_EMPTY_PATH), "no descriptor");
	unlink("file");
	unlink("hard");
	unlink("new");
	GIVES(linkat(file, "", AT_FDCWD, "again", AT_EMPTY_PATH), "a file whose names are gone");
	GIVES(syscall(SYS_renameat2, AT_FDCWD, "other", folder, "x", 0), "into a folder");
	GIVES(syscall(SYS_renameat2, folder, "x", AT_FDCWD, "other", 0), "and back");
	GIVES(syscall(SYS_renameat2, file, "x", AT_FDCWD, "other", 0), "from a file");
	GIVES(syscall(SYS_renameat2, AT_FDCWD, "other", AT_FDCWD, "x", 3), "flags 3");
	GIVES(syscall(SYS_renameat2, AT_FDCWD, "other", AT_FDCWD, "x", 8), "flag 8");
	GIVES(rename((void *)16, "x"), "a bad pointer");
	close(file);
	close(folder);
	close(path);
	remove_all();
}

static void in_folder(const char *folder)
{
	say("-- in %s", folder[0] == '.' ? "a disk's folder" : "a tmpfs");
	chdir(folder);
	rename_each(0);
	rename_each(RENAME_NOREPLACE);
	rename_each(RENAME_EXCHANGE);
	link_each(0);
	link_each(AT_SYMLINK_FOLLOW);
	by_descriptor();
}

int main(void)
{
	in_folder(".");
	in_folder("/dev/shm");
	return 0;
}
