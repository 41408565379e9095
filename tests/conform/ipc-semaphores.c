/* SPDX-License-Identifier: MIT */
/* semget(2), semop(2), semctl(2): all or none, waiting, SEM_UNDO, removal, limits. */
#include "case.h"
#include <sched.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#define KEY 0x50616702

union argument {
	int value;
	unsigned short *all;
	struct semid_ds *told;
};

static int operate(int id, int number, int by, int flags)
{
	struct sembuf one = {(unsigned short)number, (short)by, (short)flags};
	return semop(id, &one, 1);
}

static void values(int id, const char *when)
{
	unsigned short all[3] = {9, 9, 9};
	semctl(id, 0, GETALL, all);
	say("%s: %d %d %d", when, all[0], all[1], all[2]);
}

static void wrong(void)
{
	struct sembuf many[501] = {{0, 0, 0}};
	int id = semget(KEY, 3, IPC_CREAT | 0600);
	struct semid_ds told;
	GIVES(semget(KEY + 1, 1, 0600), "no such key");
	GIVES(semget(IPC_PRIVATE, 0, 0600), "none");
	GIVES(semget(IPC_PRIVATE, 32001, 0600), "too many");
	GIVES(semget(IPC_PRIVATE, -1, 0600), "-1");
	GIVES(semget(KEY, 4, 0), "larger");
	say("the same %d", semget(KEY, 0, 0) == id && semget(KEY, 2, 0) == id);
	GIVES(semget(KEY, 1, IPC_CREAT | IPC_EXCL), "exclusive");
	GIVES(semop(id, many, 0), "no operation");
	GIVES(semop(id, many, 501), "too many");
	GIVES(semop(id, many, 500), "500 zeros");
	GIVES(semop(id, (void *)1, 1), "bad address");
	GIVES(operate(id, 3, 1, 0), "odd number");
	GIVES(operate(id, 0, -1, IPC_NOWAIT), "take nothing");
	GIVES(semctl(id, 0, SETVAL, (union argument){.value = 32767}), "the most");
	GIVES(operate(id, 0, 1, 0), "one more");
	GIVES(operate(id, 0, 0, IPC_NOWAIT), "wait for zero");
	GIVES(semctl(id, 0, SETVAL, (union argument){.value = 32768}), "too much");
	GIVES(semctl(id, 0, SETVAL, (union argument){.value = -1}), "-1");
	GIVES(semctl(id, 3, GETVAL), "odd number");
	GIVES(semctl(id, 0, 99), "odd command");
	GIVES(semctl(-1, 0, GETVAL), "odd id");
	GIVES(semctl(id, 0, SETALL, (union argument){.all = (unsigned short[]){1, 40000, 1}}), "set all");
	GIVES(semctl(id, 0, SETALL, (union argument){.all = (unsigned short[]){1, 2, 3}}), "set all");
	values(id, "all");
	GIVES(semctl(id, 1, GETVAL), "value");
	say("last %d", semctl(id, 1, GETPID) == getpid());
	GIVES(semctl(id, 0, IPC_STAT, (union argument){.told = &told}), "stat");
	say("  %lu mode %o otime %d", told.sem_nsems, told.sem_perm.mode, told.sem_otime > 0);
	GIVES(semctl(id, 0, IPC_RMID), "remove");
	GIVES(operate(id, 0, 1, 0), "operate");
}

static void all_or_none(void)
{
	int id = semget(IPC_PRIVATE, 3, 0600);
	struct sembuf three[3] = {{0, 2, 0}, {1, -1, IPC_NOWAIT}, {2, 1, 0}};
	GIVES(semop(id, three, 3), "the second cannot");
	values(id, "after");
	operate(id, 1, 1, 0);
	GIVES(semop(id, three, 3), "now it can");
	values(id, "after");
	struct sembuf same[3] = {{0, -2, 0}, {0, 0, 0}, {0, 5, 0}};
	GIVES(semop(id, same, 3), "one three times");
	values(id, "after");
	struct timespec time = {0, 20000000};
	GIVES(semtimedop(id, &(struct sembuf){0, -9, 0}, 1, &time), "in 20 ms");
	semctl(id, 0, IPC_RMID);
}

static void waiting_for(int id, int number, int by, const char *what)
{
	pid_t child = fork();
	int status;
	if (!child)
		_exit(operate(id, number, by, 0) ? errno : 0);
	usleep(50000);
	say("%s: up %d zero %d", what, semctl(id, number, GETNCNT), semctl(id, number, GETZCNT));
	if (by)
		operate(id, number, 1, 0);
	else
		semctl(id, number, SETVAL, (union argument){.value = 0});
	waitpid(child, &status, 0);
	say("  status %d value %d", status, semctl(id, number, GETVAL));
}

static void removed(int id)
{
	pid_t child = fork();
	int status;
	if (!child)
		_exit(operate(id, 0, -5, 0) ? errno : 0);
	usleep(50000);
	semctl(id, 0, IPC_RMID);
	waitpid(child, &status, 0);
	say("removed: %s", error_name(WEXITSTATUS(status)));
}

static void undone(void)
{
	int id = semget(IPC_PRIVATE, 3, 0600);
	for (int kill_it = 0; kill_it < 2; kill_it++) {
		pid_t child = fork();
		if (!child) {
			operate(id, 0, 3, SEM_UNDO);
			operate(id, 1, 2, 0);
			operate(id, 1, -1, SEM_UNDO);
			operate(id, 2, 1, SEM_UNDO);
			values(id, "in the child");
			if (kill_it)
				raise(SIGKILL);
			_exit(0);
		}
		waitpid(child, NULL, 0);
		values(id, "after it");
	}
	pid_t child = fork();
	if (!child) {
		operate(id, 0, 3, SEM_UNDO);
		semctl(id, 0, SETVAL, (union argument){.value = 7});
		_exit(fork() ? 0 : 1);
	}
	waitpid(child, NULL, 0);
	values(id, "set meanwhile");
	child = fork();
	if (!child) {
		operate(id, 0, 5, SEM_UNDO);
		operate(id, 0, -12, 0);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	values(id, "not below zero");
	semctl(id, 0, IPC_RMID);
}

/* unshare(2): what was taken to be given back at the end is given back. */
static void unshared(void)
{
	int id = semget(IPC_PRIVATE, 1, 0600);
	GIVES(unshare(0), "nothing");
	GIVES(unshare(CLONE_FILES | CLONE_FS), "files and places");
	GIVES(unshare(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD), "of one thread");
	GIVES(unshare(CLONE_VFORK), "odd flags");
	operate(id, 0, 4, SEM_UNDO);
	say("value %d", semctl(id, 0, GETVAL));
	GIVES(unshare(CLONE_SYSVSEM), "adjustments");
	say("value %d", semctl(id, 0, GETVAL));
	semctl(id, 0, IPC_RMID);
}

int main(void)
{
	wrong();
	all_or_none();
	int id = semget(IPC_PRIVATE, 1, 0600);
	waiting_for(id, 0, -1, "to take");
	operate(id, 0, 1, 0);
	waiting_for(id, 0, 0, "for zero");
	removed(id);
	undone();
	unshared();
	return 0;
}
