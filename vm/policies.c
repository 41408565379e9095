/* SPDX-License-Identifier: MIT */
/* The replacement policies there are. A new one is a file in policy/ and a line here. */
#include "vm/policy.h"

const struct policy *const policies[] = {
	&policy_s3fifo, &policy_clock, &policy_aging, &policy_fifo, &policy_random, &policy_exchange,
	NULL,
};

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

const struct policy *policy_find(const char *name)
{
	for (unsigned i = 0; policies[i]; i++)
		if (same(policies[i]->name, name))
			return policies[i];
	return NULL;
}

uint32_t policy_table_bytes(void)
{
	uint32_t most = 0;
	for (unsigned i = 0; policies[i]; i++)
		if (policies[i]->table_bytes > most)
			most = policies[i]->table_bytes;
	return most;
}
