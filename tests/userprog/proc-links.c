/* SPDX-License-Identifier: MIT */
/*
 * The links of /proc/self lead to objects, not to names: an open file that was deleted, a pipe, a
 * directory that is gone can be opened anew through /proc/self/fd, /dev/stdin and /dev/fd. What
 * fdinfo, map_files and task tell. A file of /proc about memory ends when the process runs another
 * program: proc(5), proc_pid_fd(5), proc_pid_fdinfo(5), proc_pid_map_files(5).
 */
#include "tests/test.h"

#include <dirent.h>

static char path[64];

static const char *fd_path(int fd)
{
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static bool leads_to(const char *link, const char *end)
{
	char to[512];
	ssize_t length = readlink(link, to, sizeof(to) - 1);

	CHECK(length > 0, "%s is a link", link);
	to[length] = '\0';
	return strlen(to) >= strlen(end) && !strcmp(to + strlen(to) - strlen(end), end);
}

static void deleted_file(void)
{
	char bytes[4];
	int fd = file_make("gone", 1, 1);
	ino_t number;
	struct stat st;

	CHECK(fstat(fd, &st) == 0, "its number");
	number = st.st_ino;
	CHECK(unlink("gone") == 0 && leads_to(fd_path(fd), "/gone (deleted)"), "it is deleted");
	CHECK(stat(fd_path(fd), &st) == 0 && st.st_ino == number, "the link leads to it");
	int again = open(fd_path(fd), O_RDONLY);
	CHECK(again >= 0 && read(again, bytes, 4) == 4, "it can be opened anew");
	CHECK(lseek(fd, 0, SEEK_CUR) == PAGE && lseek(again, 0, SEEK_CUR) == 4,
	      "each has its own position");
	CHECK_ERRNO(open(fd_path(fd), O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK_ERRNO(open(fd_path(fd), O_RDONLY | O_DIRECTORY), ENOTDIR);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/below", fd);
	CHECK_ERRNO(open(path, O_RDONLY), ENOTDIR);
	CHECK(truncate(fd_path(fd), 0) == 0 && fstat(fd, &st) == 0 && st.st_size == 0,
	      "other calls go through it as well");
	CHECK(open(fd_path(fd), O_WRONLY | O_CREAT | O_TRUNC, 0644) >= 0, "as does O_CREAT");
	CHECK_ERRNO(open(fd_path(fd), O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
	close(again);
	close(fd);
}

static void pipes(void)
{
	int ends[2], fd;
	char bytes[8] = "";

	CHECK(pipe(ends) == 0, "a pipe");
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	CHECK(readlink(path, bytes, 6) == 6 && !memcmp(bytes, "pipe:[", 6), "what it is called");
	fd = open(path, O_WRONLY);
	CHECK(fd >= 0 && write(fd, "in", 2) == 2, "its other end can be opened through it");
	CHECK(read(ends[0], bytes, sizeof(bytes)) == 2 && !memcmp(bytes, "in", 2), "it comes out");
	close(fd);
	CHECK(dup2(ends[0], 0) == 0 && write(ends[1], "std", 3) == 3, "the standard input");
	fd = open("/dev/stdin", O_RDONLY);
	CHECK(fd >= 0 && read(fd, bytes, sizeof(bytes)) == 3, "/dev/stdin is what 0 is");
	close(fd);
	close(ends[0]);
	close(ends[1]);
}

static void directories(void)
{
	int fd;
	char name[32];

	CHECK(mkdir("below", 0755) == 0 && mkdir("below/more", 0755) == 0, "directories");
	close(file_make("below/more/file", 1, 1));
	fd = open("below", O_RDONLY | O_DIRECTORY);
	CHECK(rename("below", "moved") == 0, "it has another name");
	snprintf(path, sizeof(path), "/proc/self/fd/%d/more/file", fd);
	CHECK(access(path, R_OK) == 0, "a path goes on from where the link leads");
	snprintf(path, sizeof(path), "/proc/self/fd/%d/", fd);
	CHECK(open(path, O_RDONLY) >= 0, "a slash is no harm to a directory");
	close(fd);
	CHECK(leads_to("/proc/self/root", "/") && leads_to("/proc/self/exe", "proc-links"),
	      "root and program");
	CHECK(open("/proc/self/exe", O_RDONLY) >= 0, "the program's file");
	CHECK(access("/proc/self/cwd/moved/more", F_OK) == 0, "the directory it is in");
	snprintf(name, sizeof(name), "/proc/self/task/%d/stat", (int)getpid());
	CHECK(access(name, R_OK) == 0, "its thread");
	snprintf(name, sizeof(name), "/proc/self/task/%d/task", (int)getpid());
	CHECK_ERRNO(access(name, F_OK), ENOENT);
}

static void descriptor_information(void)
{
	char text[256] = "";
	unsigned flags = 0;
	int fd = file_make("file", 1, 1), information;

	close(fd);
	fd = open("file", O_RDWR | O_APPEND | O_CLOEXEC);
	lseek(fd, 77, SEEK_SET);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	information = open(path, O_RDONLY);
	CHECK(read(information, text, sizeof(text) - 1) > 0, "fdinfo");
	char *line = strstr(text, "flags:\t");
	CHECK(!strncmp(text, "pos:\t77\n", 8) && line, "the position: %s", text);
	flags = strtoul(line + 7, NULL, 8);
	CHECK((flags & (O_ACCMODE | O_APPEND | O_CLOEXEC)) == (O_RDWR | O_APPEND | O_CLOEXEC),
	      "the flags: %o", flags);
	close(information);
	close(fd);
}

static void mapped_files(void)
{
	struct stat st;
	int fd = file_make("file", 2, 1), found = 0;
	char *memory = file_map(fd, 2 * PAGE, PROT_READ, MAP_SHARED);
	DIR *directory = opendir("/proc/self/map_files");
	struct dirent *entry;

	close(fd);
	CHECK(directory, "map_files can be listed");
	while ((entry = readdir(directory)))
		found += strtoul(entry->d_name, NULL, 16) == (uintptr_t)memory;
	closedir(directory);
	CHECK(found == 1, "the mapping is there, once");
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)memory,
	         (unsigned long)memory + 2 * PAGE);
	CHECK(leads_to(path, "/file") && lstat(path, &st) == 0 && S_ISLNK(st.st_mode),
	      "its link leads to the file");
	CHECK((st.st_mode & 0777) == 0600, "the link says how the file is open: %o", st.st_mode);
}

/* ---- memory through a file ---- */

static int constant_page[PAGE / 4] __attribute__((aligned(PAGE))) = {1};

static void memory_file(void)
{
	int mem = open("/proc/self/mem", O_RDWR), fd = file_make("file", 1, 7);
	char bytes[8] = "", *memory = file_map(fd, PAGE, PROT_READ, MAP_PRIVATE);
	char *shared = file_map(fd, PAGE, PROT_READ, MAP_SHARED);

	CHECK(mem >= 0, "mem can be opened");
	CHECK(pread(mem, bytes, 8, (uintptr_t)memory) == 8 && !memcmp(bytes, memory, 8), "read");
	CHECK(pwrite(mem, "debugger", 8, (uintptr_t)memory + 100) == 8, "write to what is read-only");
	CHECK(!memcmp(memory + 100, "debugger", 8), "the program sees it");
	CHECK(page_has(shared, 7), "the file does not");
	CHECK_ERRNO(pwrite(mem, "x", 1, (uintptr_t)shared), EIO);
	CHECK(pwrite(mem, "xyz", 3, (uintptr_t)constant_page) == 3 &&
	      *(char *)constant_page == 'x', "its own page, as it is");
	char *writable = file_map(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	CHECK(pwrite(mem, "both", 4, (uintptr_t)writable + 8) == 4 &&
	      !memcmp(shared + 8, "both", 4), "what all see and may write, all see written");
	munmap(writable, PAGE);
	CHECK_ERRNO(pread(mem, bytes, 1, 0x1000), EIO);
	CHECK(munmap(shared, PAGE) == 0, "a hole");
	char page[16];
	CHECK(pread(mem, page, 16, (uintptr_t)memory + PAGE - 8) >= 8, "up to a hole");
	close(mem);
	close(fd);
}

/* In the program that this one becomes: 10 and 11 are maps and mem of before. */
static int after_exec(void)
{
	char byte;

	CHECK(read(10, &byte, 1) == 0, "what was opened tells nothing of the new program");
	CHECK(pread(11, &byte, 1, (uintptr_t)constant_page) == 0, "nor does its memory");
	CHECK(open("/proc/self/maps", O_RDONLY) >= 0, "opened anew it does");
	return 0;
}

static void become_another(void *unused)
{
	(void)unused;
	CHECK(dup2(open("/proc/self/maps", O_RDONLY), 10) == 10 &&
	      dup2(open("/proc/self/mem", O_RDWR), 11) == 11, "files about memory");
	execl("/proc/self/exe", "proc-links", "after", (char *)NULL);
	_exit(1);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "after"))
		return after_exec();
	deleted_file();
	pipes();
	directories();
	descriptor_information();
	mapped_files();
	memory_file();
	in_child(become_another, NULL);
	say("links lead to objects");
	return 0;
}
