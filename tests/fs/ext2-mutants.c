/* SPDX-License-Identifier: MIT */
/*
 * Damaged disks, whatever the damage (scripts/ext2damage.py): each is mounted, looked through,
 * read, written, changed and emptied. What the calls say is the disk's affair; but each comes back,
 * what was mounted can be taken out, and the kernel's own books are in order afterwards.
 *
 * `make ext2-mutants` does this with hundreds of disks; here are a few.
 *
 * pagoda-only: Linux need not be so patient.
 * guest: disks="mutant:1.4 mutant:1.6 mutant:1.9 mutant:1.14" pagoda-only
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <linux/falloc.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#include "tests/test.h"

#define PLACES_MOST 160u  /* names that are remembered */
#define DEPTH_MOST 8u
#define LISTED_MOST 2000u /* names that are looked at, on a disk */
#define PATH_MOST 1024u

static char *places[PLACES_MOST]; /* paths */
static uint32_t place_count, listed, calls, failures, refused;

/* Counts what a call gave. */
static long did(long result)
{
	calls++;
	if (result < 0 && (errno == EIO || errno == ELOOP || errno == EINTR))
		failures++;
	else if (result < 0 && errno == EROFS)
		refused++;
	return result;
}

/* ---- looking ---- */

static void look_at_pages(int fd, off_t size)
{
	size_t bytes = size < (off_t)MIB ? (size_t)size : MIB;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return;
	for (size_t i = 0; i < bytes && i < 16 * PAGE; i += 5 * PAGE) {
		did(pwrite(fd, memory + i, 1, i)); /* EFAULT, if it cannot be read */
		death_of(read_byte, memory + i);
	}
	munmap(memory, bytes);
}

static void look_at_content(const char *path, const struct stat *status)
{
	static char bytes[16 * PAGE];
	int fd = did(open(path, O_RDWR | O_NONBLOCK));

	if (fd < 0)
		fd = did(open(path, O_RDONLY | O_NONBLOCK));
	if (fd < 0)
		return;
	for (off_t at = 0; at < 4 * (off_t)sizeof(bytes); at += sizeof(bytes))
		did(pread(fd, bytes, sizeof(bytes), at));
	did(pread(fd, bytes, PAGE, status->st_size - 100));
	did(pread(fd, bytes, PAGE, status->st_size / 2));
	if (status->st_size)
		look_at_pages(fd, status->st_size);
	close(fd);
}

static void look_at(const char *path, uint32_t depth);

static void look_into(const char *path, uint32_t depth)
{
	char *below = malloc(PATH_MOST);
	DIR *directory = opendir(path);
	struct dirent *entry;

	while (directory && (errno = 0, entry = readdir(directory)) && ++listed < LISTED_MOST) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (snprintf(below, PATH_MOST, "%s/%s", path, entry->d_name) < (int)PATH_MOST)
			look_at(below, depth + 1);
	}
	did(errno ? -1 : 0);
	if (directory)
		closedir(directory);
	free(below);
}

static void look_at(const char *path, uint32_t depth)
{
	struct stat status;
	char target[512];

	if (place_count < PLACES_MOST)
		places[place_count++] = strdup(path);
	if (did(lstat(path, &status)) < 0)
		return;
	if (S_ISLNK(status.st_mode))
		did(readlink(path, target, sizeof(target)));
	if (S_ISLNK(status.st_mode) || S_ISREG(status.st_mode))
		did(stat(path, &status));
	if (S_ISREG(status.st_mode))
		look_at_content(path, &status);
	if (S_ISDIR(status.st_mode) && depth < DEPTH_MOST)
		look_into(path, depth);
}

/* ---- changing ---- */

/* Room and holes, in the file and behind its end. */
static void give_room(int fd, off_t size)
{
	const int hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	did(lseek(fd, lseek(fd, 0, SEEK_HOLE), SEEK_DATA));
	did(fallocate(fd, FALLOC_FL_KEEP_SIZE, size, 20 * PAGE));
	did(fallocate(fd, 0, 5 * PAGE, 10 * PAGE));
	did(fallocate(fd, hole, 2 * PAGE, 30 * PAGE));
	did(fallocate(fd, hole, size + 5 * PAGE, 5 * PAGE));
}

static void write_to(const char *path, off_t size)
{
	static char bytes[3 * PAGE];
	int fd = did(open(path, O_RDWR | O_NONBLOCK));
	struct stat status;

	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
		did(pwrite(fd, bytes, sizeof(bytes), 10 * PAGE + 1));
		did(pwrite(fd, bytes, 10, size));
		give_room(fd, size);
		did(ftruncate(fd, size / 2));
		did(ftruncate(fd, 60 * PAGE));
		did(fsync(fd));
	}
	close(fd);
}

static void change(uint32_t i)
{
	const char *path = places[i], *other = places[(i * 7 + 3) % place_count];
	char below[PATH_MOST];
	struct stat status;

	snprintf(below, sizeof(below), "%s/new-%u", path, i);
	if (did(stat(path, &status)) == 0 && S_ISDIR(status.st_mode)) {
		did(mkdir(below, 0755));
		strcat(below, "-file");
		did(open(below, O_CREAT | O_RDWR | O_NONBLOCK, 0644));
		write_to(below, 0);
		strcat(below, "-link");
		did(symlink(path, below));
		did(rename(below, other));
	} else {
		write_to(path, status.st_size);
	}
	snprintf(below, sizeof(below), "%s-%u", other, i);
	did(link(path, below));
	did(rename(path, below));
	did(i % 3 ? rename(below, other) : rename(below, path));
	for (int fd = 3; fd < 20; fd++)
		close(fd);
}

static void empty(const char *path, uint32_t depth)
{
	char *below = malloc(PATH_MOST);
	DIR *directory = depth < DEPTH_MOST ? opendir(path) : NULL;
	struct dirent *entry;

	while (directory && (entry = readdir(directory)) && ++listed < LISTED_MOST) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    snprintf(below, PATH_MOST, "%s/%s", path, entry->d_name) >= (int)PATH_MOST)
			continue;
		if (did(unlink(below)) < 0 && errno == EISDIR) {
			empty(below, depth + 1);
			did(rmdir(below));
		}
	}
	if (directory)
		closedir(directory);
	free(below);
}

/* ---- each disk ---- */

static void look(void)
{
	struct statfs status;

	look_into("/m", 0);
	did(statfs("/m", &status));
}

static void change_all(void)
{
	for (uint32_t i = 0; i < place_count; i++)
		change(i);
	sync();
}

static void empty_all(void)
{
	empty("/m", 0);
}

/* What was removed while it is open goes at the close. */
static void fill(void)
{
	char name[32];

	did(open("/m/open", O_CREAT | O_RDWR, 0644));
	did(unlink("/m/open"));
	for (uint32_t i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), i % 2 ? "/m/file-%u" : "/m/directory-%u", i);
		if (did(i % 2 ? open(name, O_CREAT | O_RDWR, 0644) : mkdir(name, 0755)) < 0)
			break;
		write_to(name, 8 * MIB);
	}
	for (int fd = 3; fd < 64; fd++)
		close(fd);
}

/* Others look, change and empty while this one does. */
static void all_at_once(void)
{
	static void (*const parts[])(void) = {change_all, empty_all, look};
	pid_t children[3];

	for (uint32_t i = 0; i < 3; i++) {
		children[i] = fork_checked();
		if (!children[i]) {
			parts[i]();
			_exit(0);
		}
	}
	look();
	for (uint32_t i = 0; i < 3; i++)
		wait_success(children[i]);
}

static void forget_places(void)
{
	while (place_count)
		free(places[--place_count]);
}

static void try_disk(const char *device)
{
	/* From the first damage on a disk is read-only: what comes first is another on each. */
	static void (*const parts[])(void) = {look, all_at_once, change_all, empty_all, fill, look};
	uint32_t first = device[7] % 3 ? 0 : 3;

	calls = failures = refused = 0;
	for (uint32_t i = first; i < sizeof(parts) / sizeof(parts[0]); i++) {
		listed = 0;
		if (mount(device, "/m", "ext2", 0, NULL) != 0) {
			say("%s: cannot be mounted: %s", device, strerror(errno));
			break;
		}
		parts[i]();
		CHECK(umount("/m") == 0, "%s can be taken out", device);
	}
	forget_places();
	say("%s: %u calls, %u failed, %u refused", device, calls, failures, refused);
}

int main(void)
{
	char device[] = "/dev/vdc";

	CHECK(mkdir("/m", 0755) == 0, "a place for disks");
	for (; access(device, F_OK) == 0; device[7]++) {
		say("@@ %s", device);
		try_disk(device);
	}
	CHECK(device[7] > 'c', "there are disks");
	return 0;
}
