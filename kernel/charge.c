/* SPDX-License-Identifier: MIT */
/* What is charged to whom (charge.h): a tree of those that have something. */
#include "kernel/charge.h"

#include <asm/errno.h>

#include "kernel/cpu/paging.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sync/spinlock.h"
#include "lib/tree.h"

#define SHARE 16u /* of all memory: what one user may have */

struct account {
	struct tree_node node; /* key: the user's id */
	uint32_t bytes;
};

static struct spinlock charge_lock = SPINLOCK_INIT("charges");
static struct tree accounts; /* charge_lock */
static struct slab_cache account_slab = SLAB_CACHE("account", sizeof(struct account));

static struct account *account_of(uint32_t uid)
{
	struct tree_node *node = tree_find(&accounts, uid);

	return node ? TREE_ENTRY(node, struct account, node) : NULL;
}

uint32_t charge_bound(void)
{
	return physmem_total() / SHARE * PAGE_SIZE;
}

static bool too_much(uint32_t uid, uint32_t bytes)
{
	return uid && bytes > charge_bound();
}

/* Takes over `made` if the user has no account. */
static int add(uint32_t uid, uint32_t bytes, struct account **made)
{
	struct account *account = account_of(uid);
	bool is_new = !account;

	if (is_new)
		account = *made;
	if (too_much(uid, account->bytes + bytes))
		return -ENOSPC;
	if (is_new) {
		account->node.key = uid;
		tree_insert(&accounts, &account->node);
		*made = NULL;
	}
	account->bytes += bytes;
	return 0;
}

int charge_user(uint32_t uid, uint32_t bytes)
{
	struct account *made = slab_alloc_zeroed(&account_slab);

	if (!made)
		return -ENOMEM;
	uint32_t flags = spin_lock_irq(&charge_lock);
	int error = add(uid, bytes, &made);
	spin_unlock_irq(&charge_lock, flags);
	if (made)
		slab_free(&account_slab, made);
	return error;
}

void charge_more(uint32_t uid, uint32_t bytes)
{
	uint32_t flags = spin_lock_irq(&charge_lock);
	struct account *account = account_of(uid);
	ASSERT_SAYING(account, "something was charged before");
	account->bytes += bytes;
	spin_unlock_irq(&charge_lock, flags);
}

uint32_t charge_total(uint32_t uid)
{
	uint32_t flags = spin_lock_irq(&charge_lock);
	const struct account *account = account_of(uid);
	uint32_t bytes = account ? account->bytes : 0;
	spin_unlock_irq(&charge_lock, flags);
	return bytes;
}

void charge_return(uint32_t uid, uint32_t bytes)
{
	uint32_t flags = spin_lock_irq(&charge_lock);
	struct account *account = account_of(uid);
	ASSERT_SAYING(account, "what is given back was charged");
	ASSERT_SAYING(account->bytes >= bytes, "no more is given back than was charged");
	account->bytes -= bytes;
	if (!account->bytes)
		tree_remove(&accounts, &account->node);
	else
		account = NULL;
	spin_unlock_irq(&charge_lock, flags);
	if (account)
		slab_free(&account_slab, account);
}
