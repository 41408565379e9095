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

static bool too_much(uint32_t uid, uint32_t bytes)
{
	return uid && bytes > physmem_total() / SHARE * PAGE_SIZE;
}

/* Takes over `made` if the user has no account. */
static int add(uint32_t uid, uint32_t bytes, struct account **made)
{
	struct tree_node *node = tree_find(&accounts, uid);
	struct account *account = node ? TREE_ENTRY(node, struct account, node) : *made;

	if (too_much(uid, account->bytes + bytes))
		return -ENOSPC;
	if (!node) {
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
	spin_lock(&charge_lock);
	int error = add(uid, bytes, &made);
	spin_unlock(&charge_lock);
	if (made)
		slab_free(&account_slab, made);
	return error;
}

void charge_return(uint32_t uid, uint32_t bytes)
{
	spin_lock(&charge_lock);
	struct tree_node *node = tree_find(&accounts, uid);
	ASSERT_SAYING(node, "what is given back was charged");
	struct account *account = TREE_ENTRY(node, struct account, node);
	ASSERT_SAYING(account->bytes >= bytes, "no more is given back than was charged");
	account->bytes -= bytes;
	if (!account->bytes)
		tree_remove(&accounts, node);
	else
		account = NULL;
	spin_unlock(&charge_lock);
	if (account)
		slab_free(&account_slab, account);
}
