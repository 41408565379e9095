/* SPDX-License-Identifier: MIT */
/* tmpfs(5): sizes, numbers of inodes, mode and owner of the root, as mount(2), statfs(2) and
 * /proc/self/mounts tell; a remount; how many files there may be. */
#include "case.h"

#include <sys/statfs.h>

static void show_line(void)
{
	FILE *mounts = fopen("/proc/self/mounts", "r");
	char line[500], place[300], *found;

	getcwd(place, 200);
	strcat(place, "/m tmpfs ");
	while (fgets(line, sizeof line, mounts))
		if ((found = strstr(line, place)))
			printf("  %s", found + strlen(place));
	fclose(mounts);
}

static void try(const char *options)
{
	struct stat root;
	struct statfs room;

	GIVES(mount("t", "m", "tmpfs", 0, options), "%s", options);
	if (stat("m", &root) != 0 || statfs("m", &room) != 0 || umount("m") != 0)
		return;
	mount("t", "m", "tmpfs", 0, options);
	say("  mode %o, owner %d, group %d", root.st_mode & 07777, root.st_uid, root.st_gid);
	if (strstr(options, "size=") || strstr(options, "blocks="))
		say("  blocks %ld, free %ld", (long)room.f_blocks, (long)room.f_bfree);
	if (strstr(options, "inodes="))
		say("  files %ld, free %ld", (long)room.f_files, (long)room.f_ffree);
	show_line();
	umount("m");
}

static void free_files(const char *what)
{
	struct statfs room;

	statfs("m", &room);
	say("  %s: %ld of %ld", what, (long)room.f_ffree, (long)room.f_files);
}

static void make(const char *name)
{
	int fd;

	SUCCEEDS(fd = open(name, O_RDWR | O_CREAT, 0644), "open %s", name);
	close(fd);
}

static void few_files(void)
{
	struct stat s;

	GIVES(mount("t", "m", "tmpfs", 0, "size=64k,nr_inodes=6"), "six inodes");
	free_files("free");
	make("m/1");
	GIVES(mkdir("m/2", 0755), "mkdir");
	GIVES(symlink("x", "m/3"), "symlink");
	free_files("free");
	GIVES(link("m/1", "m/1a"), "link");
	GIVES(mknod("m/5", S_IFIFO | 0644, 0), "mknod");
	free_files("free");
	make("m/6");
	GIVES(link("m/1", "m/1b"), "link");
	GIVES(mkdir("m/6", 0755), "mkdir");
	GIVES(symlink("x", "m/6"), "symlink");
	GIVES(unlink("m/1"), "a name goes");
	free_files("free");
	GIVES(rename("m/5", "m/1a"), "renamed over another");
	free_files("free");
	GIVES(stat("m/1a", &s), "stat");
	GIVES(rmdir("m/2"), "rmdir");
	free_files("free");
	GIVES(open("m", O_TMPFILE | O_RDWR, 0644) < 0 ? -1 : 0, "one without a name");
	free_files("free");
	GIVES(mount(NULL, "m", NULL, MS_REMOUNT, "nr_inodes=3"), "remounted with fewer than are");
	GIVES(mount(NULL, "m", NULL, MS_REMOUNT, "nr_inodes=20,mode=700,uid=5"), "with more");
	free_files("free");
	show_line();
	GIVES(mount(NULL, "m", NULL, MS_REMOUNT, "size=0"), "without a limit");
	show_line();
	GIVES(mount(NULL, "m", NULL, MS_REMOUNT, "size=1m"), "with one again");
}

int main(void)
{
	static const char *const options[] = {
		"size=1M", "size=10", "size=4097", "size=1g", "size=0", "size=", "size=abc", "size=1x",
		"size", "mode=700,size=1m", "mode=7777", "mode=9", "mode=", "uid=5,gid=6", "uid=-1",
		"uid=x", "nr_inodes=10", "nr_inodes=1k", "nr_inodes=0", "nr_blocks=7", "nr_blocks=1k",
		"nr_blocks=0", "unknown", "unknown=1", "size=1m,,mode=700", ",size=1m", "size=1m,",
		"size=1m,size=2m",
	};

	mkdir("m", 0755);
	for (unsigned i = 0; i < sizeof options / sizeof options[0]; i++)
		try(options[i]);
	few_files();
	return 0;
}
