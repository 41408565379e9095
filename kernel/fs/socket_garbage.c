/* SPDX-License-Identifier: MIT */
/*
 * Sockets that nobody can reach: descriptors lie in messages, and a socket whose every reference
 * lies in the queue of a socket of which the same is true is lost with what it holds. A reference
 * count does not see that. So, while sockets are in messages at all, each time that a socket comes
 * or goes, those are marked that can be reached: from files which somebody besides messages has,
 * through what waits in their queues. What waits in the others' is dropped.
 */
#include "kernel/fs/socket_inside.h"

static uint32_t in_flight; /* sockets in messages */

void socket_count_files(const struct message *message, int change)
{
	for (uint32_t i = 0; i < message->file_count; i++) {
		struct socket *socket = socket_of(message->files[i]);

		if (!socket)
			continue;
		socket->in_flight += change;
		in_flight += change;
	}
}

static void reach(struct list *found, struct socket *socket)
{
	if (!socket || socket->reachable)
		return;
	socket->reachable = true;
	list_append(found, &socket->scan);
}

/* What one can get out of its queues. */
static void reach_queued(struct list *found, const struct socket *socket)
{
	LIST_FOR(&socket->received, struct message, message, link)
		for (uint32_t i = 0; i < message->file_count; i++)
			reach(found, socket_of(message->files[i]));
	LIST_FOR(&socket->waiting, struct socket, waiting, next_waiting)
		reach(found, waiting);
}

static bool is_held_elsewhere(const struct socket *socket)
{
	return socket->file && __atomic_load_n(&socket->file->references, __ATOMIC_RELAXED) >
	                               socket->in_flight;
}

static void drop_files(struct socket *socket)
{
	LIST_FOR_SAFE(&socket->received, struct message, message, link) {
		if (!message->file_count)
			continue;
		list_remove(&message->link);
		socket->received_count--;
		socket->received_bytes -= message->length - message->offset;
		message_drop(message);
	}
}

void socket_collect(void)
{
	struct list found;

	if (!in_flight)
		return;
	list_init(&found);
	LIST_FOR(&sockets_all, struct socket, socket, link)
		socket->reachable = false;
	LIST_FOR(&sockets_all, struct socket, socket, link)
		if (is_held_elsewhere(socket))
			reach(&found, socket);
	for (struct list_link *link; (link = list_pop(&found));)
		reach_queued(&found, LIST_ENTRY(link, struct socket, scan));
	LIST_FOR(&sockets_all, struct socket, socket, link)
		if (!socket->reachable)
			drop_files(socket);
}
