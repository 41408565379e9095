/* SPDX-License-Identifier: MIT */
#include "kernel/identity.h"

#include <asm/errno.h>

#include "kernel/sync/spinlock.h"
#include "lib/string.h"

static struct spinlock lock = SPINLOCK_INIT("hostname");
static char hostname[IDENTITY_NAME_SIZE] = "pagoda"; /* guarded by lock */

void identity_hostname(char to[IDENTITY_NAME_SIZE])
{
	spin_lock(&lock);
	strcpy(to, hostname);
	spin_unlock(&lock);
}

int identity_set_hostname(const char *name, size_t length)
{
	if (length >= IDENTITY_NAME_SIZE)
		return -ENAMETOOLONG;
	spin_lock(&lock);
	memcpy(hostname, name, length);
	hostname[length] = '\0';
	spin_unlock(&lock);
	return 0;
}
