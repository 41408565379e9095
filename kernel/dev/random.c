/* SPDX-License-Identifier: MIT */
/*
 * The random generator: the ChaCha20 stream of a secret key. After each use the key is
 * replaced by the stream's first half block ("fast key erasure"), so who sees the
 * kernel's memory later cannot compute what was given out before. Interrupts stir the
 * time at which they came into a pool, which the next use folds into the key.
 * Under an emulator without RDRAND the boot's first bytes are only as good as the jitter
 * of its clocks: enough for a teaching machine's stack protector and hash seeds.
 * Source: RFC 8439, 2.3; Bernstein, "Fast-key-erasure random-number generators", 2017.
 */
#include "kernel/dev/random.h"

#include "kernel/sync/spinlock.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "lib/types.h"

#define KEY_WORDS 8u
#define BLOCK_WORDS 16u
#define ROUNDS 20u
#define CPUID_RDRAND (1u << 30) /* leaf 1, ECX */
#define CPUID_TSC (1u << 4)     /* leaf 1, EDX */
#define JITTER_SAMPLES 64u

static struct spinlock random_lock = SPINLOCK_INIT("random");
static uint32_t key[KEY_WORDS];     /* (random_lock) */
static uint32_t pool[KEY_WORDS];    /* (random_lock) stirred in, not yet in the key */
static uint32_t stirs;              /* (random_lock) */
static uint64_t block_counter;      /* (random_lock) */
static bool has_rdrand, has_tsc;    /* set at start-up */

static inline uint32_t rotate_left(uint32_t value, uint32_t bits)
{
	return value << bits | value >> (32 - bits);
}

/* With constant places in the block, which it is to be compiled for. */
static inline __attribute__((always_inline)) void quarter_round(uint32_t *s, int a, int b, int c,
                                                                int d)
{
	s[a] += s[b]; s[d] = rotate_left(s[d] ^ s[a], 16);
	s[c] += s[d]; s[b] = rotate_left(s[b] ^ s[c], 12);
	s[a] += s[b]; s[d] = rotate_left(s[d] ^ s[a], 8);
	s[c] += s[d]; s[b] = rotate_left(s[b] ^ s[c], 7);
}

/* The next block of the key's stream. */
static void next_block(uint32_t block[BLOCK_WORDS])
{
	uint32_t input[BLOCK_WORDS] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

	memcpy(input + 4, key, sizeof(key));
	input[12] = (uint32_t)block_counter;
	input[13] = (uint32_t)(block_counter >> 32);
	block_counter++;
	memcpy(block, input, sizeof(input));
	for (uint32_t round = 0; round < ROUNDS; round += 2) {
		quarter_round(block, 0, 4, 8, 12);
		quarter_round(block, 1, 5, 9, 13);
		quarter_round(block, 2, 6, 10, 14);
		quarter_round(block, 3, 7, 11, 15);
		quarter_round(block, 0, 5, 10, 15);
		quarter_round(block, 1, 6, 11, 12);
		quarter_round(block, 2, 7, 8, 13);
		quarter_round(block, 3, 4, 9, 14);
	}
	for (uint32_t i = 0; i < BLOCK_WORDS; i++)
		block[i] += input[i];
}

/* Replaces the key, with the pool folded in, by the first half block of its stream; the other
 * half is for giving out. */
static void change_key(uint32_t half[KEY_WORDS])
{
	uint32_t block[BLOCK_WORDS];

	for (uint32_t i = 0; i < KEY_WORDS; i++)
		key[i] ^= pool[i];
	next_block(block);
	memcpy(key, block, sizeof(key));
	memcpy(half, block + KEY_WORDS, sizeof(key));
}

static uint32_t time_stamp(void)
{
	uint32_t low, high;

	if (!has_tsc)
		return (uint32_t)clock_now();
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return low;
}

static void stir_word(uint32_t value)
{
	uint32_t i = stirs++ % KEY_WORDS;

	pool[i] = rotate_left(pool[i], 7) ^ value;
}

void random_stir(void)
{
	uint32_t flags = spin_lock_irq(&random_lock);
	stir_word(time_stamp());
	spin_unlock_irq(&random_lock, flags);
}

void random_bytes(void *to, size_t n)
{
	uint32_t half[KEY_WORDS];
	uint8_t *out = to;

	while (n) {
		size_t piece = n < sizeof(half) ? n : sizeof(half);

		uint32_t flags = spin_lock_irq(&random_lock);
		change_key(half);
		spin_unlock_irq(&random_lock, flags);
		memcpy(out, half, piece);
		out += piece;
		n -= piece;
	}
}

static void detect(void)
{
	uint32_t eax = 1, ebx, ecx, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
	has_rdrand = ecx & CPUID_RDRAND;
	has_tsc = edx & CPUID_TSC;
}

static uint32_t hardware_random(void)
{
	uint32_t value = 0;

	if (has_rdrand)
		__asm__ volatile("rdrand %0" : "=r"(value) : : "cc");
	return value;
}

void random_init(void)
{
	uint32_t unused[KEY_WORDS];

	detect();
	uint32_t flags = spin_lock_irq(&random_lock);
	uint64_t date = clock_realtime();
	stir_word((uint32_t)date);
	stir_word((uint32_t)(date >> 32));
	for (uint32_t i = 0; i < JITTER_SAMPLES; i++) {
		stir_word(time_stamp());
		stir_word(hardware_random());
		if (i % KEY_WORDS == 0)
			change_key(unused);
	}
	spin_unlock_irq(&random_lock, flags);
}
