/* SPDX-License-Identifier: MIT */
/* sendmmsg(2), recvmmsg(2): several messages in one call, how many went when one fails, waiting for
 * one, a time limit, and the same through socketcall(2). */
#include "case.h"
#include <linux/net.h>
#include <sys/socket.h>

#define MOST 4

static char texts[MOST][16];
static struct iovec pieces[MOST];
static struct mmsghdr messages[MOST];
static int ends[2];

static void prepare(size_t length)
{
	memset(messages, 0, sizeof messages);
	for (int i = 0; i < MOST; i++) {
		memset(texts[i], 'a' + i, sizeof texts[i]);
		pieces[i] = (struct iovec){texts[i], length ? length : (size_t)i + 1};
		messages[i].msg_hdr.msg_iov = &pieces[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
}

static void tell(int count)
{
	for (int i = 0; i < count; i++)
		say("  %d: %u bytes, flags %x, %c", i, messages[i].msg_len,
		    messages[i].msg_hdr.msg_flags, texts[i][0]);
}

static void each_way(int type)
{
	struct timespec none = {0, 0};
	say("type %d", type);
	socketpair(AF_UNIX, type, 0, ends);
	prepare(0);
	GIVES(sendmmsg(ends[0], messages, MOST, 0), "send");
	tell(MOST);
	prepare(2);
	GIVES(recvmmsg(ends[1], messages, MOST, MSG_DONTWAIT, NULL), "receive");
	tell(MOST);
	prepare(10);
	GIVES(recvmmsg(ends[1], messages, MOST, MSG_DONTWAIT, NULL), "the rest");
	GIVES(recvmmsg(ends[1], messages, MOST, MSG_DONTWAIT, NULL), "nothing");
	GIVES(recvmmsg(ends[1], messages, 0, MSG_DONTWAIT, NULL), "none wanted");
	GIVES(sendmmsg(ends[0], messages, 0, 0), "none sent");
	prepare(0);
	sendmmsg(ends[0], messages, 2, 0);
	prepare(1);
	GIVES(recvmmsg(ends[1], messages, MOST, MSG_WAITFORONE, NULL), "wait for one");
	sendmmsg(ends[0], messages, 2, 0);
	GIVES(recvmmsg(ends[1], messages, MOST, 0, &none), "no time");
	close(ends[0]);
	close(ends[1]);
}

static void in_the_middle(void)
{
	struct timespec wrong = {0, 1000000000}, long_ago = {-1, 0};
	socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
	prepare(3);
	pieces[2].iov_base = (void *)8;
	GIVES(sendmmsg(ends[0], messages, MOST, 0), "the third is bad");
	GIVES(sendmmsg(ends[0], messages + 2, 2, 0), "the first is bad");
	prepare(3);
	pieces[1].iov_base = (void *)8;
	GIVES(recvmmsg(ends[1], messages, MOST, MSG_DONTWAIT, NULL), "the second is bad");
	GIVES(sendmmsg(ends[0], (void *)8, 1, 0), "a bad list");
	GIVES(recvmmsg(ends[1], (void *)8, 1, MSG_DONTWAIT, NULL), "a bad list");
	GIVES(recvmmsg(ends[1], messages, 1, MSG_DONTWAIT, &wrong), "a wrong time");
	GIVES(recvmmsg(ends[1], messages, 1, MSG_DONTWAIT, &long_ago), "a negative time");
	GIVES(syscall(SYS_recvmmsg, ends[1], messages, 1, MSG_DONTWAIT, 8), "a bad time");
	GIVES(sendmmsg(0, messages, 1, 0), "no socket");
	GIVES(recvmmsg(99, messages, 1, 0, NULL), "no descriptor");
}

static void by_number(void)
{
	unsigned long sends[] = {ends[0], (unsigned long)messages, 3, 0};
	unsigned long receives[] = {ends[1], (unsigned long)messages, MOST, MSG_DONTWAIT, 0};
	prepare(3);
	GIVES(syscall(SYS_socketcall, SYS_SENDMMSG, sends), "socketcall: send");
	GIVES(syscall(SYS_socketcall, SYS_RECVMMSG, receives), "socketcall: receive");
	GIVES(syscall(SYS_socketcall, 21, receives), "socketcall 21");
}

int main(void)
{
	each_way(SOCK_DGRAM);
	each_way(SOCK_SEQPACKET);
	in_the_middle();
	by_number();
	return 0;
}
