/* SPDX-License-Identifier: MIT */
/* msgget(2), msgsnd(2), msgrcv(2), msgctl(2): types, sizes, a full and an empty queue, removal. */
#include "case.h"
#include <limits.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

struct message {
	long type;
	char text[9000];
};

static int put(int id, long type, const char *text, int flags)
{
	struct message message = {type, ""};
	strcpy(message.text, text);
	return msgsnd(id, &message, strlen(text) + 1, flags);
}

static void get(int id, long type, size_t size, int flags, const char *what)
{
	struct message message = {0, ""};
	GIVES(msgrcv(id, &message, size, type, flags | IPC_NOWAIT), "%s", what);
	say("  type %ld %.5s", message.type, message.text);
}

static void fill(int id)
{
	put(id, 3, "three", 0);
	put(id, 1, "one", 0);
	put(id, 2, "two", 0);
	put(id, 1, "uno", 0);
}

static void types(void)
{
	int id = msgget(IPC_PRIVATE, 0600);
	fill(id);
	get(id, 9, 100, 0, "no such type");
	get(id, 1, 100, MSG_COPY, "a copy of the second");
	get(id, 7, 100, MSG_COPY, "a copy of the eighth");
	get(id, -1, 100, MSG_COPY, "a copy of one before the first");
	get(id, INT_MIN, 100, MSG_COPY, "a copy of one long before it");
	get(id, 2, 100, 0, "type 2");
	get(id, -2, 100, 0, "at most 2");
	get(id, 1, 100, MSG_EXCEPT, "not 1");
	get(id, 0, 2, 0, "too long");
	get(id, 0, 2, MSG_NOERROR, "cut");
	get(id, 0, 100, 0, "none");
	put(id, 5, "", 0);
	get(id, 0, 0, MSG_NOERROR, "of no bytes");
	GIVES(msgrcv(id, &(struct message){0}, 10, 0, MSG_COPY), "a copy, waiting");
	GIVES(msgrcv(id, &(struct message){0}, (size_t)-1, 0, IPC_NOWAIT), "room of -1");
	msgctl(id, IPC_RMID, NULL);
}

static void wrong(void)
{
	struct message message = {1, ""};
	int id = msgget(0x50616703, IPC_CREAT | 0600);
	struct msqid_ds told;
	GIVES(msgget(0x50616704, 0600), "no such key");
	say("the same %d", msgget(0x50616703, 0) == id);
	GIVES(msgget(0x50616703, IPC_CREAT | IPC_EXCL), "exclusive");
	GIVES(put(id, 0, "x", 0), "type 0");
	GIVES(put(id, -1, "x", 0), "type -1");
	GIVES(put(-1, 1, "x", 0), "id -1");
	GIVES(msgsnd(id, &message, 8193, 0), "too long");
	GIVES(msgsnd(id, &message, (size_t)-1, 0), "size -1");
	GIVES(msgsnd(id, (void *)1, 1, 0), "bad address");
	GIVES(msgsnd(id, &message, 8192, IPC_NOWAIT), "the longest");
	GIVES(msgsnd(id, &message, 8192, IPC_NOWAIT), "another");
	GIVES(msgsnd(id, &message, 1, IPC_NOWAIT), "full");
	GIVES(msgctl(id, IPC_STAT, &told), "stat");
	say("  %lu messages, %lu bytes of %lu, mode %o, sender %d receiver %d", told.msg_qnum,
	    told.__msg_cbytes, told.msg_qbytes, told.msg_perm.mode, told.msg_lspid == getpid(),
	    told.msg_lrpid);
	memset(&message, 1, sizeof message);
	GIVES(msgrcv(id, &message, sizeof message.text, 0, 0), "receive");
	say("  zeros %d", !message.text[0] && !message.text[8191] && message.text[8192] == 1);
	told.msg_qbytes = 4096;
	GIVES(msgctl(id, IPC_SET, &told), "a smaller queue");
	GIVES(put(id, 1, "x", IPC_NOWAIT), "full");
	GIVES(msgctl(id, 99, &told), "odd command");
	GIVES(msgctl(id, MSG_STAT, &told) - id, "by index, the whole of its number");
	GIVES(msgctl(id & 0x7fff, MSG_STAT, &told) - id, "by its index");
	GIVES(msgctl(id, IPC_RMID, NULL), "remove");
	GIVES(put(id, 1, "x", 0), "gone");
	get(id, 0, 5, 0, "gone");
}

static void waiting_for_messages(void)
{
	int id = msgget(IPC_PRIVATE, 0600), status;
	struct message message;
	pid_t child = fork();
	if (!child) {
		usleep(30000);
		put(id, 1, "other", 0);
		put(id, 2, "awaited", 0);
		_exit(0);
	}
	GIVES(msgrcv(id, &message, 100, 2, 0), "waited");
	say("  %s", message.text);
	waitpid(child, NULL, 0);
	memset(&message, 'x', sizeof message);
	message.type = 1;
	while (!msgsnd(id, &message, 8000, IPC_NOWAIT))
		continue;
	child = fork();
	if (!child)
		_exit(msgsnd(id, &message, 8000, 0) ? errno : 0);
	usleep(30000);
	msgrcv(id, &message, 8000, 1, 0);
	msgrcv(id, &message, 8000, 1, 0);
	waitpid(child, &status, 0);
	say("room: status %d", status);
	child = fork();
	if (!child)
		_exit(msgrcv(id, &message, 100, 77, 0) < 0 ? errno : 0);
	usleep(30000);
	msgctl(id, IPC_RMID, NULL);
	waitpid(child, &status, 0);
	say("removed: %s", error_name(WEXITSTATUS(status)));
}

int main(void)
{
	types();
	wrong();
	waiting_for_messages();
	return 0;
}
