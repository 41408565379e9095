/* SPDX-License-Identifier: MIT */
/* Owners of open files (owner.h): who they are, and who is in which list. */
#include "kernel/owner.h"

#include <asm/errno.h>
#include <linux/signal.h>

#include "kernel/charge.h"
#include "kernel/mem/slab.h"
#include "kernel/rights.h"
#include "kernel/sync/spinlock.h"
#include "kernel/time/clock.h"

static struct spinlock owner_lock = SPINLOCK_INIT("file owners");
static struct slab_cache owner_slab = SLAB_CACHE("file_owner", sizeof(struct owner));
static void (*send_door)(const struct owner *, int number, int what);

void owner_set_door(void (*send)(const struct owner *, int number, int what))
{
	send_door = send;
}

int owner_create(struct owner **made)
{
	uint32_t uid = rights_caller()->uid;
	int error = charge_user(uid, sizeof(struct owner));

	if (error)
		return error;
	*made = slab_alloc_zeroed(&owner_slab);
	if (!*made) {
		charge_return(uid, sizeof(struct owner));
		return -ENOMEM;
	}
	list_link_init(&(*made)->link);
	(*made)->charged = uid;
	return 0;
}

void owner_destroy(struct owner *owner)
{
	if (!owner)
		return;
	charge_return(owner->charged, sizeof *owner);
	slab_free(&owner_slab, owner);
}

void owner_set(struct owner *owner, int type, pid_t id, bool again)
{
	const struct credentials *caller = rights_caller();
	uint64_t now = clock_now();
	uint32_t flags = spin_lock_irq(&owner_lock);

	if (again || !owner->id) {
		owner->type = type;
		owner->id = id;
		owner->since = now;
		owner->uid = caller->uid;
		owner->euid = caller->euid;
	}
	spin_unlock_irq(&owner_lock, flags);
}

void owner_set_signal(struct owner *owner, uint8_t signal)
{
	uint32_t flags = spin_lock_irq(&owner_lock);

	owner->signal = signal;
	spin_unlock_irq(&owner_lock, flags);
}

void owner_reset(struct owner *owner)
{
	uint32_t flags = spin_lock_irq(&owner_lock);

	owner->id = 0;
	owner->signal = 0;
	spin_unlock_irq(&owner_lock, flags);
}

struct owner owner_look(struct owner *owner)
{
	uint32_t flags = spin_lock_irq(&owner_lock);
	struct owner seen = *owner;

	spin_unlock_irq(&owner_lock, flags);
	return seen;
}

static bool is_full(const struct list *owners)
{
	uint32_t count = 0;

	LIST_FOR(owners, struct owner, owner, link)
		count++;
	return count >= OWNERS_MOST;
}

int owner_join(struct owner *owner, struct list *owners, int number, uint32_t access)
{
	uint32_t flags = spin_lock_irq(&owner_lock);
	int error = !list_linked(&owner->link) && is_full(owners) ? -ENOSPC : 0;

	if (!error) {
		owner->number = number;
		owner->access = access;
	}
	if (!error && !list_linked(&owner->link))
		list_append(owners, &owner->link);
	spin_unlock_irq(&owner_lock, flags);
	return error;
}

void owner_leave(struct owner *owner)
{
	uint32_t flags = spin_lock_irq(&owner_lock);

	list_remove(&owner->link);
	spin_unlock_irq(&owner_lock, flags);
}

static bool hears_of(const struct owner *owner, int what)
{
	if (what == POLL_IN)
		return owner->access & OWNER_READS;
	return what != POLL_OUT || owner->access & OWNER_WRITES;
}

static void send(const struct owner *owner, int number, int what)
{
	if (owner->id && send_door)
		send_door(owner, number, what);
}

void owners_tell_slowly(struct list *owners, int what)
{
	uint32_t flags = spin_lock_irq(&owner_lock);

	LIST_FOR(owners, struct owner, owner, link)
		if (hears_of(owner, what))
			send(owner, owner->number, what);
	spin_unlock_irq(&owner_lock, flags);
}

void owner_tell(struct owner *owner, int number, int what)
{
	uint32_t flags = spin_lock_irq(&owner_lock);

	send(owner, number, what);
	spin_unlock_irq(&owner_lock, flags);
}
