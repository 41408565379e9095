/* SPDX-License-Identifier: MIT */
/* proc_sys_kernel(5), msg_next_id, sem_next_id, shm_next_id: which identifier the next object gets. */
#include "case.h"
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

static int make_queue(void) { return msgget(IPC_PRIVATE, 0600); }
static int make_array(void) { return semget(IPC_PRIVATE, 1, 0600); }
static int make_segment(void) { return shmget(IPC_PRIVATE, 4096, 0600); }
static int end_queue(int id) { return msgctl(id, IPC_RMID, NULL); }
static int end_array(int id) { return semctl(id, 0, IPC_RMID); }
static int end_segment(int id) { return shmctl(id, IPC_RMID, NULL); }

static const struct kind {
	const char *path;
	int (*make)(void);
	int (*end)(int id);
} kinds[] = {
	{"/proc/sys/kernel/msg_next_id", make_queue, end_queue},
	{"/proc/sys/kernel/sem_next_id", make_array, end_array},
	{"/proc/sys/kernel/shm_next_id", make_segment, end_segment},
};

static void put(const struct kind *kind, const char *text)
{
	int fd = open(kind->path, O_WRONLY);
	GIVES(write(fd, text, strlen(text)), "\"%s\"", text);
	close(fd);
}

static void tell(const struct kind *kind)
{
	char text[32] = "";
	int fd = open(kind->path, O_RDONLY);
	if (read(fd, text, sizeof text - 1) < 0)
		say("cannot be read");
	close(fd);
	say("  says %s", strtok(text, "\n"));
}

static void try(const struct kind *kind)
{
	int id;
	say("%s", kind->path);
	tell(kind);
	put(kind, "40000");
	tell(kind);
	say("made %d", id = kind->make());
	tell(kind);
	put(kind, "40000");
	say("with the same: another %d", kind->make());
	GIVES(kind->end(40001), "end the second");
	GIVES(kind->end(id), "end");
	GIVES(kind->end(id), "again");
	put(kind, "40000");
	put(kind, "7");
	id = kind->make();
	say("the later one %d", id);
	kind->end(id);
	put(kind, "2147483647");
	say("the largest %d", id = kind->make());
	kind->end(id);
	put(kind, "0");
	tell(kind);
	id = kind->make();
	say("the first %d", id);
	kind->end(id);
	put(kind, "-1");
	put(kind, "-5");
	put(kind, "2147483648");
	put(kind, "x");
	tell(kind);
}

int main(void)
{
	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		try(&kinds[i]);
	return 0;
}
