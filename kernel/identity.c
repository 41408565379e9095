/* SPDX-License-Identifier: MIT */
#include "kernel/identity.h"

#include <asm/errno.h>

#include "kernel/sync/spinlock.h"
#include "lib/string.h"

static struct spinlock lock = SPINLOCK_INIT("names");
static char names[][IDENTITY_NAME_SIZE] = { /* guarded by lock */
	[IDENTITY_HOST] = "pagoda",
	[IDENTITY_DOMAIN] = "(none)",
};

void identity_name(enum identity_name which, char to[IDENTITY_NAME_SIZE])
{
	spin_lock(&lock);
	strcpy(to, names[which]);
	spin_unlock(&lock);
}

int identity_set_name(enum identity_name which, const char *name, size_t length)
{
	if (length >= IDENTITY_NAME_SIZE)
		return -ENAMETOOLONG;
	spin_lock(&lock);
	memcpy(names[which], name, length);
	names[which][length] = '\0';
	spin_unlock(&lock);
	return 0;
}
