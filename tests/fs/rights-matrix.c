/* SPDX-License-Identifier: MIT */
/*
 * Each call that needs a right on a file, by everybody who may ask: root, the owner, a member of
 * the file's group, another. A row of the tables below has a call and its four answers; each is
 * tried on objects of its own, and printed. The answers are those of the manual pages chmod(2),
 * chown(2), open(2), link(2), unlink(2), rename(2), mknod(2), utimensat(2), access(2), write(2),
 * path_resolution(7) and inode(7); Linux gives them too (make check-linux).
 *
 * guest: linux-root
 */
#include "tests/test.h"

#include <sys/sysmacros.h>
#include <sys/time.h>

enum actor { ROOT, OWNER, MEMBER, OTHER, ACTORS };

#define OWNER_ID 1000
#define GROUP 2000   /* of the objects; the owner and the member are in it */
#define FOREIGN 3000 /* a group that nobody is in */

static unsigned id_of(enum actor actor)
{
	return actor == ROOT ? 0 : OWNER_ID + (unsigned)actor - OWNER;
}

static void become(enum actor actor)
{
	static const unsigned groups[] = {GROUP};
	unsigned id = id_of(actor);

	if (actor == ROOT)
		return;
	CHECK(syscall(__NR_setgroups32, actor == OTHER ? 0 : 1, groups) == 0, "groups");
	CHECK(setgid(id) == 0 && setuid(id) == 0, "user %u", id);
}

/* ---- the objects: a directory of their own, and therein -----------------------------------
 *   f          a file of the owner, of the group
 *   d          a directory of theirs, with a file of theirs in it, and one of each actor
 *   open       a directory for all
 */

static void give(const char *name, unsigned uid, unsigned gid, unsigned mode)
{
	CHECK(chown(name, uid, gid) == 0 && chmod(name, mode) == 0, "%s is given to %u", name, uid);
}

static void make_file(const char *name, unsigned uid, unsigned gid, unsigned mode)
{
	int fd = open(name, O_CREAT | O_RDWR | O_EXCL, 0600);

	CHECK(fd >= 0 && write(fd, "text", 4) == 4 && close(fd) == 0, "%s is made", name);
	give(name, uid, gid, mode);
}

static void make_objects(unsigned file_mode, unsigned directory_mode)
{
	char name[16];

	make_file("f", OWNER_ID, GROUP, file_mode);
	CHECK(mkdir("d", 0700) == 0 && mkdir("d/sub", 0700) == 0 && mkdir("open", 0777) == 0,
	      "directories");
	make_file("d/f", OWNER_ID, GROUP, 0644);
	for (enum actor actor = ROOT; actor < ACTORS; actor++) {
		snprintf(name, sizeof(name), "d/%u", id_of(actor));
		make_file(name, id_of(actor), id_of(actor), 0644);
	}
	give("d/sub", OWNER_ID, GROUP, 0755);
	give("d", OWNER_ID, GROUP, directory_mode);
	give("open", 0, 0, 0777);
}

/* In a new directory: makes the objects, and runs the call as the actor. Its errno, or 0. */
static int try(int (*call)(void), enum actor actor, unsigned file_mode, unsigned directory_mode)
{
	static unsigned number;
	char name[16];

	snprintf(name, sizeof(name), "trial%u", ++number);
	CHECK(chdir("..") == 0 || number == 1, "back");
	CHECK(mkdir(name, 0777) == 0 && chdir(name) == 0 && chmod(".", 0777) == 0, "a place");
	make_objects(file_mode, directory_mode);
	pid_t child = fork_checked();
	if (!child) {
		become(actor);
		errno = 0;
		_exit(call() == -1 ? errno : 0);
	}
	int status = wait_status(child);
	CHECK(WIFEXITED(status), "the trial ends");
	return WEXITSTATUS(status);
}

/* ---- the calls ------------------------------------------------------------------------- */

static int opens(const char *name, int flags)
{
	int fd = open(name, flags, 0644);

	return fd < 0 ? -1 : close(fd);
}

static int own_file_of_d(char name[16])
{
	return snprintf(name, 16, "d/%u", (unsigned)getuid());
}

static int chmod_600(void) { return chmod("f", 0600); }
static int chmod_same(void) { return chmod("f", 0640); }
static int fchmod_descriptor(void)
{
	int fd = open("f", O_RDONLY);
	return fd < 0 ? -1 : fchmod(fd, 0600);
}
static int chown_nothing(void) { return chown("f", -1, -1); }
static int chown_self(void) { return chown("f", getuid(), -1); }
static int chown_owner(void) { return chown("f", OWNER_ID, -1); }
static int chown_other(void) { return chown("f", 1002, -1); }
static int chown_root(void) { return chown("f", 0, 0); }
static int chgrp_same(void) { return chown("f", -1, GROUP); }
static int chgrp_own(void) { return chown("f", -1, getgid()); }
static int chgrp_foreign(void) { return chown("f", -1, FOREIGN); }
static int read_it(void) { return opens("f", O_RDONLY); }
static int write_it(void) { return opens("f", O_WRONLY); }
static int read_write(void) { return opens("f", O_RDWR); }
static int neither(void) { return opens("f", O_ACCMODE); }
static int empty_it(void) { return opens("f", O_RDONLY | O_TRUNC); }
static int create_existing(void) { return opens("f", O_RDONLY | O_CREAT); }
static int unseen(void) { return opens("f", O_RDONLY | O_NOATIME); }
static int unseen_later(void)
{
	int fd = open("f", O_RDONLY);
	return fd < 0 ? -1 : fcntl(fd, F_SETFL, O_NOATIME);
}
static int by_path(void) { return opens("f", O_PATH); }
static int truncate_it(void) { return truncate("f", 2); }
static int execute(void) { return execl("f", "f", (char *)NULL); }
static int access_read(void) { return access("f", R_OK); }
static int access_write(void) { return access("f", W_OK); }
static int access_execute(void) { return access("f", X_OK); }
static int access_exists(void) { return access("f", F_OK); }
static int touch(void) { return utimensat(AT_FDCWD, "f", NULL, 0); }
static int set_time(void)
{
	const struct timespec times[2] = {{1, 0}, {2, 0}};
	return utimensat(AT_FDCWD, "f", times, 0);
}
static int link_it(void) { return link("f", "open/name"); }
static int link_into(void) { return link("f", "d/name"); }
static int list(void) { return opens("d", O_RDONLY | O_DIRECTORY); }
static int enter(void) { return chdir("d"); }
static int look_up(void) { return access("d/f", F_OK); }
static int make_in(void) { return opens("d/new", O_WRONLY | O_CREAT); }
static int mkdir_in(void) { return mkdir("d/new", 0777); }
static int symlink_in(void) { return symlink("f", "d/new"); }
static int remove_owners(void) { return unlink("d/f"); }
static int remove_own(void)
{
	char name[16];
	own_file_of_d(name);
	return unlink(name);
}
static int remove_subdirectory(void) { return rmdir("d/sub"); }
static int rename_within(void) { return rename("d/f", "d/g"); }
static int rename_out(void) { return rename("d/f", "open/f"); }
static int rename_over(void)
{
	char name[16];
	own_file_of_d(name);
	return rename(name, "d/f");
}
static int move_directory(void) { return rename("d/sub", "open/sub"); }
static int rename_directory(void) { return rename("d/sub", "d/sub2"); }
static int make_fifo(void) { return mknod("open/n", S_IFIFO | 0666, 0); }
static int make_file_node(void) { return mknod("open/n", S_IFREG | 0666, 0); }
static int make_null(void) { return mknod("open/n", S_IFCHR | 0666, makedev(1, 3)); }
static int make_disk(void) { return mknod("open/n", S_IFBLK | 0666, makedev(7, 0)); }
static int make_whiteout(void) { return mknod("open/n", S_IFCHR | 0666, 0); }
static int make_device_in(void) { return mknod("d/n", S_IFCHR | 0666, makedev(1, 3)); }

#define P EPERM
#define A EACCES

static const struct {
	const char *what;
	int (*call)(void);
	unsigned file, directory; /* the modes of f and d */
	int answers[ACTORS];      /* root, owner, member, other: errno, or 0 */
} calls[] = {
	{"chmod", chmod_600, 0666, 0777, {0, 0, P, P}},
	{"chmod to what it is", chmod_same, 0640, 0777, {0, 0, P, P}},
	{"fchmod", fchmod_descriptor, 0644, 0777, {0, 0, P, P}},
	{"chown to nobody new", chown_nothing, 0666, 0777, {0, 0, 0, 0}},
	{"chown of a set-id program to nobody new", chown_nothing, 06755, 0777, {0, 0, P, P}},
	{"chown to oneself", chown_self, 0666, 0777, {0, 0, P, P}},
	{"chown to the owner", chown_owner, 0666, 0777, {0, 0, P, P}},
	{"chown to another", chown_other, 0666, 0777, {0, P, P, P}},
	{"chown to root", chown_root, 0666, 0777, {0, P, P, P}},
	{"chgrp to the group it has", chgrp_same, 0666, 0777, {0, 0, P, P}},
	{"chgrp to one's own group", chgrp_own, 0666, 0777, {0, 0, P, P}},
	{"chgrp to a foreign group", chgrp_foreign, 0666, 0777, {0, P, P, P}},

	{"open 0640 to read", read_it, 0640, 0777, {0, 0, 0, A}},
	{"open 0640 to write", write_it, 0640, 0777, {0, 0, A, A}},
	{"open 0604 to read", read_it, 0604, 0777, {0, 0, A, 0}},
	{"open 0046 to read", read_it, 0046, 0777, {0, A, 0, 0}},
	{"open 0026 for both", read_write, 0026, 0777, {0, A, A, 0}},
	{"open 0640 for neither", neither, 0640, 0777, {0, 0, A, A}},
	{"open 0642 for neither", neither, 0646, 0777, {0, 0, A, 0}},
	{"open 0444 with O_TRUNC", empty_it, 0444, 0777, {0, A, A, A}},
	{"open 0640 with O_CREAT", create_existing, 0640, 0777, {0, 0, 0, A}},
	{"open with O_NOATIME", unseen, 0644, 0777, {0, 0, P, P}},
	{"F_SETFL of O_NOATIME", unseen_later, 0644, 0777, {0, 0, P, P}},
	{"open 0000 with O_PATH", by_path, 0000, 0777, {0, 0, 0, 0}},
	{"truncate 0620", truncate_it, 0620, 0777, {0, 0, 0, A}},
	{"execute 0640", execute, 0640, 0777, {A, A, A, A}},
	{"execute 0650, which is no program", execute, 0650, 0777, {ENOEXEC, A, ENOEXEC, A}},
	{"access 0420 to read", access_read, 0420, 0777, {0, 0, A, A}},
	{"access 0420 to write", access_write, 0420, 0777, {0, A, 0, A}},
	{"access 0420 to execute", access_execute, 0420, 0777, {A, A, A, A}},
	{"access 0001 to execute", access_execute, 0001, 0777, {0, A, A, 0}},
	{"access 0000 to exist", access_exists, 0000, 0777, {0, 0, 0, 0}},
	{"utimensat 0620, now", touch, 0620, 0777, {0, 0, 0, A}},
	{"utimensat 0400, now", touch, 0400, 0777, {0, 0, A, A}},
	{"utimensat 0666, a time", set_time, 0666, 0777, {0, 0, P, P}},
	{"link 0666", link_it, 0666, 0777, {0, 0, 0, 0}},
	{"link 0644", link_it, 0644, 0777, {0, 0, P, P}},
	{"link 0664", link_it, 0664, 0777, {0, 0, 0, P}},
	{"link of a set-user-ID file", link_it, 04777, 0777, {0, 0, P, P}},
	{"link of a set-group-ID program", link_it, 02777, 0777, {0, 0, P, P}},
	{"link into 0755", link_into, 0666, 0755, {0, 0, A, A}},

	{"list 0750", list, 0666, 0750, {0, 0, 0, A}},
	{"list 0711", list, 0666, 0711, {0, 0, A, A}},
	{"chdir 0750", enter, 0666, 0750, {0, 0, 0, A}},
	{"chdir 0640", enter, 0666, 0640, {0, A, A, A}},
	{"look up in 0710", look_up, 0666, 0710, {0, 0, 0, A}},
	{"create in 0770", make_in, 0666, 0770, {0, 0, 0, A}},
	{"create in 0755", make_in, 0666, 0755, {0, 0, A, A}},
	{"create in 0666", make_in, 0666, 0666, {0, A, A, A}},
	{"mkdir in 0775", mkdir_in, 0666, 0775, {0, 0, 0, A}},
	{"symlink in 0757", symlink_in, 0666, 0757, {0, 0, A, 0}},
	{"unlink in 0777", remove_owners, 0666, 0777, {0, 0, 0, 0}},
	{"unlink in 0755", remove_owners, 0666, 0755, {0, 0, A, A}},
	{"unlink in 01777", remove_owners, 0666, 01777, {0, 0, P, P}},
	{"unlink one's own in 01777", remove_own, 0666, 01777, {0, 0, 0, 0}},
	{"unlink one's own in 0755", remove_own, 0666, 0755, {0, 0, A, A}},
	{"rmdir in 01777", remove_subdirectory, 0666, 01777, {0, 0, P, P}},
	{"rename in 01777", rename_within, 0666, 01777, {0, 0, P, P}},
	{"rename out of 01777", rename_out, 0666, 01777, {0, 0, P, P}},
	{"rename out of 0777", rename_out, 0666, 0777, {0, 0, 0, 0}},
	{"rename over another's in 01777", rename_over, 0666, 01777, {0, 0, P, P}},
	{"rename over another's in 0777", rename_over, 0666, 0777, {0, 0, 0, 0}},
	{"rename a directory in its place", rename_directory, 0666, 0777, {0, 0, 0, 0}},
	{"move a directory elsewhere", move_directory, 0666, 0777, {0, 0, A, A}},

	{"mknod of a FIFO", make_fifo, 0666, 0777, {0, 0, 0, 0}},
	{"mknod of a file", make_file_node, 0666, 0777, {0, 0, 0, 0}},
	{"mknod of a character device", make_null, 0666, 0777, {0, P, P, P}},
	{"mknod of a block device", make_disk, 0666, 0777, {0, P, P, P}},
	{"mknod of a whiteout", make_whiteout, 0666, 0777, {0, 0, 0, 0}},
	{"mknod of a device in 0755", make_device_in, 0666, 0755, {0, P, A, A}},
};

/* ---- what becomes of the set-id bits -------------------------------------------------------- */

static int writes(const char *name, int flags, const char *what, size_t n)
{
	int fd = open(name, flags);

	return fd < 0 ? -1 : (int)write(fd, what, n);
}

static int write_bytes(void) { return writes("f", O_WRONLY, "x", 1); }
static int append_bytes(void) { return writes("f", O_WRONLY | O_APPEND, "x", 1); }
static int write_nothing(void) { return writes("f", O_WRONLY, "", 0); }
static int only_open(void) { return opens("f", O_RDWR); }
static int chmod_ids(void) { return chmod("f", 06755); }

#define SET 06777
#define NONE 0777

static const struct {
	const char *what;
	int (*call)(void);
	unsigned before, after[ACTORS]; /* the mode of f; where the call fails, it stays */
} bits[] = {
	{"open", only_open, SET, {SET, SET, SET, SET}},
	{"write", write_bytes, SET, {SET, NONE, NONE, NONE}},
	{"append", append_bytes, SET, {SET, NONE, NONE, NONE}},
	{"write of no bytes", write_nothing, SET, {SET, SET, SET, SET}},
	{"truncate", truncate_it, SET, {SET, NONE, NONE, NONE}},
	{"open with O_TRUNC", empty_it, SET, {SET, NONE, NONE, NONE}},
	{"write, set-group-ID without x", write_bytes, 02767, {02767, 02767, 02767, 00767}},
	{"touch", touch, SET, {SET, SET, SET, SET}},
	{"chown to the owner", chown_owner, SET, {NONE, NONE, SET, SET}},
	{"chown to nobody new", chown_nothing, SET, {NONE, NONE, SET, SET}},
	{"chgrp to the group it has", chgrp_same, SET, {NONE, NONE, SET, SET}},
	{"chgrp, set-group-ID without x", chgrp_same, 02767, {02767, 02767, 02767, 02767}},
	{"chmod", chmod_ids, 0755, {06755, 06755, 0755, 0755}},
};

static unsigned mode_of(const char *name)
{
	struct stat st;

	CHECK(stat(name, &st) == 0, "%s is there", name);
	return st.st_mode & 07777;
}

static void try_bits(void)
{
	for (size_t row = 0; row < sizeof(bits) / sizeof(bits[0]); row++) {
		for (enum actor actor = ROOT; actor < ACTORS; actor++) {
			(void)try(bits[row].call, actor, bits[row].before, 0777);
			CHECK(mode_of("f") == bits[row].after[actor], "%s by %u: mode %o, not %o",
			      bits[row].what, id_of(actor), bits[row].after[actor], mode_of("f"));
		}
	}
}

static void try_calls(void)
{
	for (size_t row = 0; row < sizeof(calls) / sizeof(calls[0]); row++) {
		int got[ACTORS];

		for (enum actor actor = ROOT; actor < ACTORS; actor++)
			got[actor] = try(calls[row].call, actor, calls[row].file,
			                 calls[row].directory);
		say("%-42s root %-3d owner %-3d member %-3d other %d", calls[row].what, got[ROOT],
		    got[OWNER], got[MEMBER], got[OTHER]);
		for (enum actor actor = ROOT; actor < ACTORS; actor++)
			CHECK(got[actor] == calls[row].answers[actor], "%s by %u: errno %d, not %d",
			      calls[row].what, id_of(actor), calls[row].answers[actor], got[actor]);
	}
}

/* ---- whose new files are ------------------------------------------------------------------ */

/* In a set-group-ID directory everything is of its group; a program of a group that its maker is
 * not in is not set-group-ID. */
static void in_shared_directory(void *actor)
{
	struct stat st;

	become((enum actor)(uintptr_t)actor);
	umask(0);
	CHECK(close(open("d/new", O_CREAT | O_WRONLY, 02755)) == 0 && stat("d/new", &st) == 0,
	      "a new program");
	CHECK(st.st_uid == getuid() && st.st_gid == FOREIGN && (st.st_mode & 07777) == 0755,
	      "it is of the directory's group: %u, and without the bit: %o", st.st_gid, st.st_mode);
	CHECK(mkdir("d/below", 06755) == 0 && stat("d/below", &st) == 0, "a new directory");
	CHECK(st.st_gid == FOREIGN && (st.st_mode & 07777) == 02755,
	      "it is shared like the one above: %o", st.st_mode);
	CHECK(chmod("d/new", 02755) == 0 && stat("d/new", &st) == 0, "chmod of one's own");
	CHECK((st.st_mode & 07777) == 0755, "the bit is of a group one is not in: %o", st.st_mode);
}

static int nothing(void)
{
	return 0;
}

int main(void)
{
	umask(022);
	CHECK(chmod(".", 0755) == 0, "the directory may be searched");
	try_calls();
	try_bits();
	CHECK(try(nothing, ROOT, 0666, 0777) == 0, "fresh objects");
	give("d", 0, FOREIGN, 02777);
	in_child(in_shared_directory, (void *)OWNER);
	say("%zu calls by %d actors, %zu changes of set-id bits", sizeof(calls) / sizeof(calls[0]),
	    ACTORS, sizeof(bits) / sizeof(bits[0]));
	return 0;
}
