/* SPDX-License-Identifier: MIT */
/* shmget(2), shmat(2), shmdt(2), shmctl(2): keys, sizes, rights, attaching at an address, parts,
 * fork and exit, removal while attached. */
#include "case.h"
#include <sys/ipc.h>
#include <sys/shm.h>

#define KEY 0x50616701

static int attached(int id)
{
	struct shmid_ds told;
	return shmctl(id, IPC_STAT, &told) ? -1 : (int)told.shm_nattch;
}

static void keys(void)
{
	int id = shmget(KEY, 5000, IPC_CREAT | 0640);
	struct shmid_ds told;
	GIVES(shmget(KEY + 1, 4096, 0600), "no such key");
	SUCCEEDS(id, "made");
	say("the same %d", shmget(KEY, 0, 0) == id);
	say("smaller %d", shmget(KEY, 100, 0600) == id);
	GIVES(shmget(KEY, 5001, 0600), "larger");
	GIVES(shmget(KEY, 8192, IPC_CREAT | 0600), "larger, to be made");
	GIVES(shmget(KEY, 10, IPC_CREAT | IPC_EXCL), "exclusive");
	GIVES(shmget(IPC_PRIVATE, 0, 0600), "no bytes");
	GIVES(shmctl(id, IPC_STAT, &told), "stat");
	say("  key %x mode %o size %u attached %u own %d creator %d", (unsigned)told.shm_perm.__key,
	    told.shm_perm.mode, (unsigned)told.shm_segsz, (unsigned)told.shm_nattch,
	    told.shm_perm.uid == geteuid() && told.shm_perm.cuid == geteuid(), told.shm_cpid == getpid());
	say("  times %d %d %d last %d", told.shm_atime == 0, told.shm_dtime == 0, told.shm_ctime > 0,
	    told.shm_lpid);
	told.shm_perm.mode = 0400;
	GIVES(shmctl(id, IPC_SET, &told), "set");
	shmctl(id, IPC_STAT, &told);
	say("  mode %o", told.shm_perm.mode);
	GIVES(shmctl(id, 99, &told), "odd command");
	GIVES(shmctl(id, IPC_STAT, (void *)1), "bad address");
	GIVES(shmctl(-1, IPC_STAT, &told), "id -1");
	GIVES(shmctl(id, SHM_LOCK, NULL), "lock");
	shmctl(id, IPC_STAT, &told);
	say("  mode %o", told.shm_perm.mode);
	GIVES(shmctl(id, SHM_UNLOCK, NULL), "unlock");
	GIVES(shmctl(id, IPC_RMID, NULL), "remove");
	GIVES(shmctl(id, IPC_STAT, &told), "stat");
	GIVES(shmctl(id, IPC_RMID, NULL), "again");
	GIVES(shmget(KEY, 0, 0), "its key");
	SUCCEEDS(shmat(id, NULL, 0), "attach");
}

static void attaching(void)
{
	int id = shmget(IPC_PRIVATE, 3 * PAGE, 0600);
	char *room = pages(8, PROT_NONE), *at;
	SUCCEEDS(at = shmat(id, NULL, 0), "anywhere");
	say("zeros %d, attached %d", !at[0] && !at[3 * PAGE - 1], attached(id));
	strcpy(at, "shared");
	SUCCEEDS(shmat(id, room, 0), "over a mapping");
	SUCCEEDS(shmat(id, room, SHM_REMAP), "over a mapping, wanted");
	say("%s, attached %d", room, attached(id));
	SUCCEEDS(shmat(id, room + 5, SHM_REMAP), "odd address");
	SUCCEEDS(shmat(id, NULL, SHM_REMAP), "remap of nothing");
	say("rounded %d", shmat(id, room + 4 * PAGE + 5, SHM_REMAP | SHM_RND) == room + 4 * PAGE);
	say("attached %d", attached(id));
	GIVES(shmdt(room + PAGE), "in the middle");
	GIVES(shmdt(room + 5), "odd address");
	GIVES(shmdt(room + 4 * PAGE), "detach");
	GIVES(shmdt(room + 4 * PAGE), "again");
	GIVES(munmap(room + PAGE, PAGE), "a hole");
	say("attached %d", attached(id));
	GIVES(mprotect(room, PAGE, PROT_READ), "one page");
	say("attached %d", attached(id));
	GIVES(shmdt(room), "detach what is left");
	say("attached %d, mapped %d", attached(id), msync(room + 2 * PAGE, PAGE, MS_ASYNC) == 0);
	char *read_only = shmat(id, NULL, SHM_RDONLY);
	say("%s, signal %d", read_only, signal_of(write_byte, read_only));
	GIVES(mprotect(read_only, PAGE, PROT_READ | PROT_WRITE), "writable");
	shmdt(read_only);
	GIVES(shmctl(id, IPC_RMID, NULL), "remove");
	struct shmid_ds told;
	GIVES(shmctl(id, IPC_STAT, &told), "stat");
	say("  mode %o key %x", told.shm_perm.mode, (unsigned)told.shm_perm.__key);
	SUCCEEDS(read_only = shmat(id, NULL, 0), "attach what is removed");
	say("%s", read_only);
	shmdt(at);
	shmdt(read_only);
	GIVES(shmctl(id, IPC_STAT, &told), "nobody has it");
}

static void in_a_child(void *argument)
{
	int id = *(int *)argument;
	say("in the child: attached %d", attached(id));
	char *at = shmat(id, NULL, 0);
	at[1] = 'B';
	say("attached %d", attached(id));
}

static void in_another_program(void *argument)
{
	(void)argument;
	execl("/proc/self/exe", "again", "exec", NULL);
}

static void forking(void)
{
	int id = shmget(IPC_PRIVATE, PAGE, 0600);
	char *at = shmat(id, NULL, 0);
	at[0] = 'A';
	say("status %d", child_status(in_a_child, &id));
	say("%s, attached %d", at, attached(id));
	say("status %d", child_status(in_another_program, NULL));
	say("attached %d", attached(id));
	struct shmid_ds told;
	shmctl(id, IPC_RMID, NULL);
	pid_t child = fork();
	if (!child) {
		usleep(50000);
		say("the child has it: %s", at);
		_exit(0);
	}
	shmdt(at);
	say("attached %d", attached(id));
	waitpid(child, NULL, 0);
	GIVES(shmctl(id, IPC_STAT, &told), "after the child");
}

static void rights(void)
{
	int id = shmget(KEY, PAGE, IPC_CREAT | 0604), status;
	struct shmid_ds told;
	if (!fork()) {
		if (setgid(1234) || setuid(1234))
			say("cannot change the user");
		say("read %d", shmget(KEY, 0, 0400) == id);
		GIVES(shmget(KEY, 0, 0600), "write");
		SUCCEEDS(shmat(id, NULL, SHM_RDONLY), "attach to read");
		SUCCEEDS(shmat(id, NULL, 0), "attach to write");
		GIVES(shmctl(id, IPC_STAT, &told), "stat");
		GIVES(shmctl(id, IPC_SET, &told), "set");
		GIVES(shmctl(id, IPC_RMID, NULL), "remove");
		_exit(0);
	}
	wait(&status);
	shmctl(id, IPC_RMID, NULL);
}

static void directly(void)
{
	int id = syscall(395, IPC_PRIVATE, PAGE, 0600);
	SUCCEEDS(id, "shmget");
	char *at = (char *)syscall(397, id, NULL, 0);
	at[5] = 1;
	GIVES(syscall(398, at), "shmdt");
	GIVES(syscall(396, id, IPC_RMID, NULL), "shmctl");
	GIVES(syscall(117, 99, 0, 0, 0, 0, 0), "ipc of no kind");
}

int main(int count, char **words)
{
	if (count > 1 && !strcmp(words[1], "exec"))
		return 0;
	keys();
	attaching();
	forking();
	rights();
	directly();
	return 0;
}
