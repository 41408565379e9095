/* SPDX-License-Identifier: MIT */
/* host-test: tests/host/standin/kernel.c tests/host/standin/files.c
 * host-test: tests/host/standin/oracle.c kernel/fs/inode.c
 * host-test: kernel/fs/dentry.c kernel/fs/path.c kernel/fs/file.c kernel/fs/regular.c
 * host-test: kernel/fs/access.c kernel/fs/lock.c kernel/fs/lease.c kernel/fs/allocate.c
 * host-test: kernel/fs/seal.c
 * host-test: kernel/fs/block_node.c kernel/fs/mount.c kernel/fs/pipe.c kernel/fs/tmpfs.c
 * host-test: kernel/fs/notify.c kernel/fs/xattr.c kernel/charge.c kernel/owner.c
 * host-test: kernel/fs/nameless.c kernel/sync/condition.c
 * host-test: kernel/fs/ext2.c kernel/fs/ext2_alloc.c kernel/fs/ext2_map.c
 * host-test: kernel/fs/ext2_directory.c kernel/fs/ext2_index.c
 * host-test: kernel/fs/ext2_promise.c kernel/fs/ext2_attributes.c
 * host-test: kernel/dev/block.c vm/frame.c vm/pagecache.c
 * host-test: vm/shmem.c vm/writeback.c lib/bitmap.c lib/tree.c
 * host-test: kernel/rights.c kernel/credentials.c kernel/fs/poll.c kernel/fs/transfer.c */
/* host-cflags: -m32 -fno-strict-aliasing -D__KERNEL__ -DPAGODA_DEBUG */
/*
 * The file system against the host's: thousands of random operations are done on an ext2
 * image by kernel/fs and in a folder by Linux. Each must return the same, all contents must
 * be the same in the end, and e2fsck must find nothing, now and then and at the end. Memory
 * is so short that pages are evicted all the time.
 *
 * Then the same with allocations that fail: an operation that returns -ENOMEM must have changed
 * nothing, so that it does what Linux does when it is simply called again.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>

#include "kernel/dev/block.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/transfer.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "tests/host/standin/files.h"
#include "tests/host/standin/kernel.h"
#include "tests/host/standin/oracle.h"
#include "tests/host/tap.h"
#include "vm/pagecache.h"

#define STEPS 30000
#define FAILING_STEPS 15000
#define PIECE_MAX 40000

static uint32_t random_state = 20240229;
static char ours[PIECE_MAX], theirs[PIECE_MAX];

static uint32_t number(uint32_t below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % below;
}

static ssize_t read_at(struct file *file, void *to, size_t n, loff_t *position)
{
	struct transfer transfer;

	transfer_user(&transfer, to, n);
	return file_read(file, &transfer, position);
}

static ssize_t write_at(struct file *file, const void *from, size_t n, loff_t *position)
{
	struct transfer transfer;

	transfer_user(&transfer, from, n);
	return file_write(file, &transfer, position);
}

/* A path of one to three of a few names; if `dots`, sometimes with ".", and with ".." in a
 * place where it cannot lead out of the host's folder. */
static void random_path(char *to, bool dots)
{
	static const char *const names[] = {"a", "b", "c", "d", "numbers", "link", "x1", "x2",
	                                    "a-name-that-is-somewhat-longer-than-the-others"};
	uint32_t depth = 1 + number(3);
	bool below = false;

	*to = '\0';
	for (uint32_t i = 0; i < depth; i++) {
		bool dot = dots && number(40) == 0;
		const char *name = !dot ? names[number(sizeof(names) / sizeof(names[0]))]
		                 : below ? ".." : ".";
		if (i)
			strcat(to, "/");
		strcat(to, name);
		below = !dot;
	}
	if (dots && number(30) == 0)
		strcat(to, "/");
}

#define SECOND_LEVEL ((12 + 1024) * 4096)
#define THIRD_LEVEL ((12 + 1024 + 1024 * 1024) * 4096ll)

/* Mostly within a few pages; sometimes where the indirect blocks of the second level begin. */
static int64_t random_position(void)
{
	if (number(8))
		return number(80000);
	return SECOND_LEVEL - 6000 + number(12000);
}

/* --- allocations that fail -------------------------------------------------------------- */

static bool may_fail; /* in this part of the test */
static uint32_t failures;

/* From now on an object of the heap, or a frame, will not be had. */
static void fail_soon(void)
{
	if (!may_fail)
		return;
	/* What is in memory needs no frame. */
	pagecache_sync_all();
	pagecache_drop_clean();
	if (number(4) == 0)
		standin_allocations_left = number(6);
	else
		thread_current()->fail_after = 1 + number(15);
}

/* No more of that. True if it came to pass. */
static bool fail_no_more(void)
{
	bool failed = may_fail && standin_allocations_left < 0 && !thread_current()->fail_after;

	standin_allocations_left = -1;
	thread_current()->fail_after = 0;
	failures += failed;
	return failed;
}

/* What the call returns, if need be when it is made again. */
#define RESULT(call) ({                                         \
	fail_soon();                                            \
	int result = (call);                                    \
	fail_no_more() && result == -ENOMEM ? (call) : result;  \
})

/* --- the same operations, ours ---------------------------------------------------------- */

static int our_write(const char *path, bool create, bool append, int64_t position, int n)
{
	struct file *file;
	loff_t at = position;
	int error = RESULT(vfs_open(NULL, path, O_WRONLY | O_NONBLOCK | O_LARGEFILE | (create ? O_CREAT : 0) |
	                            (append ? O_APPEND : 0), 0644, &file));

	if (error)
		return error;
	loff_t *place = file->stream && append ? NULL : &at;
	int done = RESULT(write_at(file, ours, n, place));
	if (may_fail && done > 0 && done < n) /* as far as there was memory: the rest */
		done += write_at(file, ours + done, n - done, place);
	file_put(file);
	return done;
}

static int our_read(const char *path, int64_t position, int n)
{
	struct file *file;
	loff_t at = position;
	int error = vfs_open(NULL, path, O_RDONLY | O_NONBLOCK | O_LARGEFILE, 0, &file);

	if (error)
		return error;
	fail_soon();
	int done = read_at(file, ours, n, &at);
	if (fail_no_more()) {
		at = position;
		done = read_at(file, ours, n, &at);
	}
	file_put(file);
	return done;
}

static int our_truncate(const char *path, int64_t size)
{
	struct dentry *dentry;
	int error = vfs_lookup(NULL, path, true, &dentry);

	if (error)
		return error;
	error = RESULT(inode_truncate(dentry_inode(dentry), size));
	dentry_put(dentry);
	return error;
}

static int our_stat(const char *path, struct oracle_stat *to)
{
	struct dentry *dentry;
	struct statx status;
	int error = vfs_lookup(NULL, path, false, &dentry);

	if (error)
		return error;
	inode_stat(dentry_inode(dentry), &status);
	dentry_put(dentry);
	bool directory = S_ISDIR(status.stx_mode);
	*to = (struct oracle_stat){status.stx_mode, directory ? 0 : status.stx_nlink,
	                           directory ? 0 : status.stx_size};
	return 0;
}

struct sum {
	uint32_t names, sum;
};

static bool add_name(void *context, const char *name, size_t length, uint32_t inode, loff_t next,
                     uint32_t type)
{
	struct sum *sum = context;

	(void)inode, (void)next;
	/* Only our root has a lost+found. */
	if (length == 10 && !memcmp(name, "lost+found", 10))
		return true;
	sum->names++;
	sum->sum += oracle_hash(name, length) + type;
	return true;
}

static int our_list(const char *path, uint32_t *names, uint32_t *total)
{
	struct file *file;
	struct sum sum = {0};
	loff_t position = 0;
	int error = vfs_open(NULL, path, O_RDONLY | O_DIRECTORY, 0, &file);

	if (error)
		return error;
	fail_soon();
	error = file->ops->iterate(file, &position, add_name, &sum);
	if (fail_no_more()) {
		sum = (struct sum){0};
		position = 0;
		error = file->ops->iterate(file, &position, add_name, &sum);
	}
	file_put(file);
	*names = sum.names;
	*total = sum.sum;
	return error;
}

static int our_readlink(const char *path)
{
	struct dentry *dentry;
	int error = vfs_lookup(NULL, path, false, &dentry);

	if (error)
		return error;
	int length = RESULT(vfs_readlink(dentry, ours, 4096));
	dentry_put(dentry);
	return length;
}

/* --- both, compared --------------------------------------------------------------------- */

static bool agree(const char *what, const char *path, const char *other, int our, int their)
{
	if (our == their)
		return true;
	printf("# %s %s %s: %d, Linux %d\n", what, path, other, our, their);
	return false;
}

static bool try_write(const char *path)
{
	bool create = number(2), append = number(4) == 0;
	int64_t position = random_position();
	int n = 1 + number(number(4) ? 6000 : PIECE_MAX - 1);

	for (int i = 0; i < n; i++)
		ours[i] = theirs[i] = number(256);
	return agree("write", path, "", our_write(path, create, append, position, n),
	             oracle_write(path, create, append, position, theirs, n));
}

static bool try_read(const char *path)
{
	int64_t position = random_position();
	int n = 1 + number(PIECE_MAX - 1);
	int our = our_read(path, position, n);
	int their = oracle_read(path, position, theirs, n);

	if (!agree("read", path, "", our, their))
		return false;
	return our <= 0 || agree("read bytes", path, "", memcmp(ours, theirs, our), 0);
}

static bool try_stat(const char *path)
{
	struct oracle_stat our = {0}, their = {0};

	if (!agree("stat", path, "", our_stat(path, &our), oracle_stat(path, &their)))
		return false;
	return agree("stat: mode", path, "", our.mode, their.mode) &&
	       agree("stat: links", path, "", our.links, their.links) &&
	       agree("stat: size", path, "", our.size == their.size, true);
}

static bool try_list(const char *path)
{
	uint32_t our = 0, our_sum = 0, their = 0, their_sum = 0;

	if (!agree("list", path, "", our_list(path, &our, &our_sum),
	           oracle_list(path, &their, &their_sum)))
		return false;
	return agree("list: names", path, "", our, their) &&
	       agree("list: sum", path, "", our_sum, their_sum);
}

static bool try_readlink(const char *path)
{
	int our = our_readlink(path), their = oracle_readlink(path, theirs, 4096);

	return agree("readlink", path, "", our, their) &&
	       (our <= 0 || agree("readlink", path, "bytes", memcmp(ours, theirs, our), 0));
}

static bool try_symlink(const char *path)
{
	char target[600];

	random_path(target, false);
	if (number(3) == 0) { /* too long for the inode */
		memset(target, 'z', 500);
		target[500] = '\0';
	}
	return agree("symlink", path, target, RESULT(vfs_symlink(NULL, path, target)),
	             oracle_symlink(target, path));
}

static int our_link(const char *path, const char *other)
{
	struct dentry *dentry;
	int error = vfs_lookup(NULL, path, false, &dentry);

	if (error)
		return error;
	error = vfs_link(dentry_inode(dentry), NULL, other);
	dentry_put(dentry);
	return error;
}

static bool try_two(const char *path)
{
	char other[300];

	random_path(other, true);
	if (number(3) == 0)
		return agree("link", path, other, RESULT(our_link(path, other)),
		             oracle_link(path, other));
	uint32_t flags = (uint32_t[]){0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE}[number(4)];
	return agree("rename", path, other, RESULT(vfs_rename(NULL, path, NULL, other, flags)),
	             oracle_rename(path, other, flags));
}

static bool try_allocate(const char *path, int64_t position)
{
	uint32_t mode = (uint32_t[]){0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE,
	                             FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE}[number(4)];
	int64_t n = 1 + number(60000);
	struct file *file;
	int error = RESULT(vfs_open(NULL, path, O_WRONLY | O_NONBLOCK | O_LARGEFILE, 0, &file));

	if (!error) {
		error = RESULT(file_allocate(file, mode, position, n));
		file_put(file);
	}
	return agree("fallocate", path, "", error, oracle_allocate(path, mode, position, n));
}

static bool step(void)
{
	char path[300];
	int64_t size = random_position();

	random_path(path, true);
	switch (number(16)) {
	case 0: case 1: case 2: case 3:
		return try_write(path);
	case 4: case 5:
		return try_read(path);
	case 6:
		return number(2) ? try_allocate(path, size)
		                 : agree("truncate", path, "", our_truncate(path, size),
		                         oracle_truncate(path, size));
	case 7:
		return agree("mkdir", path, "", RESULT(vfs_mkdir(NULL, path, 0755)),
		             oracle_mkdir(path));
	case 8:
		return agree("rmdir", path, "", RESULT(vfs_rmdir(NULL, path)), oracle_rmdir(path));
	case 9:
		return agree("unlink", path, "", RESULT(vfs_unlink(NULL, path)),
		             oracle_unlink(path));
	case 10: case 11:
		return try_two(path);
	case 12:
		return try_symlink(path);
	case 13:
		return try_stat(path);
	case 14:
		return number(8) ? try_list(path)
		                 : agree("mkfifo", path, "",
		                         RESULT(vfs_mknod(NULL, path, S_IFIFO | 0644, 0)),
		                         oracle_mkfifo(path));
	default:
		return try_readlink(path);
	}
}

/* So many steps, looking at the image now and then. */
static void walk(uint32_t wanted)
{
	uint32_t steps = 0;

	while (steps < wanted && step())
		if (++steps % 5000 == 0 && (vfs_sync(), !CHECK(!oracle_fsck())))
			break;
	CHECK(steps == wanted);
	vfs_sync();
	CHECK(!oracle_fsck());
}

/* A file that could not be opened for want of memory was not made either. */
static void check_open_whole(void)
{
	struct file *file;
	struct dentry *dentry;
	uint32_t nth = 0, refused = 0;
	int error;

	do {
		if (nth % 2)
			standin_allocations_left = nth / 2;
		else
			thread_current()->fail_after = 1 + nth / 2;
		nth++;
		error = vfs_open(NULL, "/fresh", O_RDWR | O_CREAT | O_EXCL, 0600, &file);
		fail_no_more();
		if (error) {
			refused++;
			CHECK(error == -ENOMEM);
			CHECK(vfs_lookup(NULL, "/fresh", false, &dentry) == -ENOENT);
		} else {
			file_put(file);
			CHECK(!vfs_unlink(NULL, "/fresh"));
		}
	} while (nth < 40);
	CHECK(!error && refused > 1);
	vfs_sync();
	CHECK(!oracle_fsck());
}

/* Four GiB that are nearly all hole, up to where indirect blocks of the third level begin. */
static void check_large(void)
{
	static char piece[20000];
	struct file *file;
	loff_t at = THIRD_LEVEL - 10000;

	memset(piece, 'l', sizeof(piece));
	CHECK(!vfs_open(NULL, "/large", O_RDWR | O_CREAT | O_LARGEFILE, 0600, &file));
	CHECK(write_at(file, piece, sizeof(piece), &at) == sizeof(piece));
	at -= 5000;
	CHECK(read_at(file, ours, 6000, &at) == 5000 && !memcmp(ours, piece, 5000));
	at = 1 << 20;
	CHECK(read_at(file, ours, 1, &at) == 1 && ours[0] == 0);
	vfs_sync();
	CHECK(!oracle_fsck());
	CHECK(!our_truncate("/large", THIRD_LEVEL - 9000));
	at = THIRD_LEVEL - 10000;
	CHECK(read_at(file, ours, 6000, &at) == 1000 && !memcmp(ours, piece, 1000));
	file_put(file);
	CHECK(!vfs_unlink(NULL, "/large"));
	vfs_sync();
	CHECK(!oracle_fsck());
}

/* A file that is open when its name goes is there until it is closed. */
static void check_orphan(void)
{
	struct file *file;
	loff_t at = 0;

	CHECK(!vfs_open(NULL, "/orphan", O_RDWR | O_CREAT, 0600, &file));
	memset(ours, 'o', 20000);
	CHECK(write_at(file, ours, 20000, &at) == 20000);
	CHECK(!vfs_unlink(NULL, "/orphan"));
	at = 19999;
	CHECK(read_at(file, ours, 10, &at) == 1 && ours[0] == 'o');
	vfs_shutdown();
	CHECK(!oracle_fsck());
	file_put(file);
	vfs_shutdown();
	CHECK(!oracle_fsck());
}

#define ROOM 30000 /* bytes that a file has, and again as many behind its end */

/* A file of holes that was given room for all of it, and behind it. */
static struct file *file_with_room(void)
{
	struct file *file;

	CHECK(!vfs_open(NULL, "/promised", O_WRONLY | O_CREAT, 0644, &file));
	CHECK(!file_allocate(file, 0, 0, ROOM));
	CHECK(!file_allocate(file, FALLOC_FL_KEEP_SIZE, ROOM, ROOM));
	CHECK(file->inode->source.size == ROOM);
	return file;
}

/* It can be written although the disk is full, as far as it was promised. */
static void check_room(struct file *file)
{
	loff_t at = 0;

	CHECK(write_at(file, ours, ROOM, &at) == ROOM);
	CHECK(write_at(file, ours, ROOM, &at) == ROOM);
	at = 100 * ROOM;
	while (write_at(file, ours, ROOM, &at) > 0)
		;
	CHECK(write_at(file, ours, ROOM, &at) == -ENOSPC);
	file_put(file);
}

/* Directories of several blocks, and a disk that is full. */
static void check_full(void)
{
	struct file *file, *promised = file_with_room();
	char path[64];
	loff_t at = 0;
	int made = 0, done;

	CHECK(!vfs_mkdir(NULL, "/many", 0755));
	for (; made < 700; made++) {
		snprintf(path, sizeof(path), "/many/a-file-with-a-name-of-forty-letters-%04d",
		         made);
		if (vfs_mknod(NULL, path, S_IFREG | 0644, 0))
			break;
	}
	CHECK(made == 700);
	CHECK(!vfs_open(NULL, "/big", O_WRONLY | O_CREAT | O_LARGEFILE, 0644, &file));
	while ((done = write_at(file, ours, PIECE_MAX, &at)) > 0)
		;
	CHECK(done == -ENOSPC);
	file_put(file);
	check_room(promised);
	vfs_shutdown();
	CHECK(!oracle_fsck());
	for (int i = 0; i < made; i++) {
		snprintf(path, sizeof(path), "/many/a-file-with-a-name-of-forty-letters-%04d", i);
		vfs_unlink(NULL, path);
	}
	CHECK(!vfs_rmdir(NULL, "/many"));
	CHECK(!vfs_unlink(NULL, "/big"));
	CHECK(!vfs_unlink(NULL, "/promised"));
	vfs_shutdown();
	CHECK(!oracle_fsck());
}

/* Arguments, for looking further: options of mke2fs, the seed, how many steps. */
int main(int count, char **arguments)
{
	const char *options = count > 1 ? arguments[1] : "-b 4096 -g 8192 -N 2048 image 48m";
	uint32_t wanted = count > 3 ? strtoul(arguments[3], NULL, 10) : STEPS;

	if (count > 2)
		random_state = strtoul(arguments[2], NULL, 10);
	oracle_start(options);
	if (!CHECK(!standin_files_start()))
		return tap_done();
	walk(wanted);
	may_fail = true;
	walk(FAILING_STEPS);
	may_fail = false;
	CHECK(failures > FAILING_STEPS / 20);
	CHECK(!oracle_compare());
	check_open_whole();
	check_large();
	check_orphan();
	check_full();
	oracle_end();
	return tap_done();
}
