/* SPDX-License-Identifier: MIT */
/*
 * A page is evicted while a program uses it: every order in which that can happen (Promela, for
 * spin). The steps are those of vm/fault.c (anon_own), vm/anon.c, vm/evict.c
 * (evict_or_write, finish_write) and vm/shake.c, for one anonymous page with one entry.
 *
 * The program stores 1, 2, 3 and reads each back; at the end the page must be what was stored last,
 * wherever it is. MISTAKE in the environment makes one of the kernel's steps wrong, and then an
 * order must be found in which that is not so.
 */
#define STORES 3
#define EVICTIONS 3
#define DROPS 2
#define GARBAGE 99

#define WRITE_FIRST 1    /* the page is written while the entry is still there */
#define NO_FLUSH 2       /* the entry is cleared and the TLB is not told */
#define CLEAN_AFTERWARDS 3 /* DIRTY is cleared when the write has ended, not before it */
#define SLOT_GIVEN_UP 4  /* a write fault frees the slot during a write to it */
#define NO_LOOK 5        /* after the write nobody looks whether the page was used again */
#define NO_HARVEST 6     /* D is lost when an entry is dropped */

c_decl { \#include <stdlib.h> };

byte mistake;

/* The machine: what the frame and the slot hold, the entry, and the translation of it that the
 * processor remembers: with tlb_written it notes no D any more. */
byte ram = 0, slot = GARBAGE;
bool entry_present, entry_written;
bool tlb, tlb_written;

/* The kernel: the anon and its frame's flags; a new page is dirty and has no slot. */
bool vm_lock;
bool has_frame = true, has_slot = false;
bool valid = true, dirty = true, busy = false, writing = false;

byte stored = 0; /* what the program stored last */

inline take_lock() { atomic { !vm_lock -> vm_lock = true } }
inline give_lock() { vm_lock = false }

/* The entry goes; vm_lock held. */
inline unmap()
{
	atomic {
		if
		:: entry_present && entry_written && mistake != NO_HARVEST -> dirty = true
		:: else
		fi;
		entry_present = false;
		entry_written = false
	}
	if
	:: mistake != NO_FLUSH -> atomic { tlb = false; tlb_written = false }
	:: else
	fi
}

/* The anon lets go of its frame, which is somebody else's then. */
inline drop()
{
	has_frame = false;
	valid = false;
	ram = GARBAGE
}

inline page_fault(is_write)
{
	take_lock();
	if
	:: has_frame && valid ->
		if
		:: is_write && has_slot && (!writing || mistake == SLOT_GIVEN_UP) ->
			has_slot = false;
			slot = GARBAGE;
			dirty = true
		:: else
		fi;
		unmap();
		entry_present = true;
		give_lock()
	:: has_frame && !valid ->
		give_lock();
		!busy
	:: !has_frame ->
		assert(has_slot);
		has_frame = true;
		busy = true;
		give_lock();
		ram = slot;
		valid = true;
		busy = false
	fi
}

proctype program()
{
	do
	:: stored == STORES -> break
	:: stored < STORES ->
write:		if
		:: atomic { tlb && tlb_written -> stored++; ram = stored }
		:: atomic { !(tlb && tlb_written) && entry_present ->
			entry_written = true; tlb = true; tlb_written = true;
			stored++; ram = stored }
		:: atomic { !(tlb && tlb_written) && !entry_present -> tlb = false };
			page_fault(true);
			goto write
		fi;
read:		if
		:: atomic { tlb -> assert(ram == stored) }
		:: atomic { !tlb && entry_present ->
			tlb = true; tlb_written = entry_written;
			assert(ram == stored) }
		:: !tlb && !entry_present ->
			page_fault(false);
			goto read
		fi
	od
}

inline write_and_drop()
{
	if
	:: has_slot
	:: else -> has_slot = true
	fi;
	busy = true;
	writing = true;
	if
	:: mistake != CLEAN_AFTERWARDS -> dirty = false
	:: else
	fi;
	give_lock();
	assert(has_slot); /* nobody else has it while it is written */
	slot = ram;
	if
	:: mistake == CLEAN_AFTERWARDS -> dirty = false
	:: else
	fi;
	atomic { busy = false; writing = false };
	take_lock();
	if
	:: (!entry_present && !dirty && !busy) || mistake == NO_LOOK -> drop()
	:: else
	fi
}

inline write_first()
{
	has_slot = true;
	busy = true;
	writing = true;
	give_lock();
	slot = ram;
	take_lock();
	atomic { busy = false; writing = false };
	entry_present = false;
	entry_written = false;
	atomic { tlb = false; tlb_written = false };
	dirty = false;
	drop()
}

proctype evictor()
{
	byte left = EVICTIONS;

	do
	:: left == 0 -> break
	:: left > 0 ->
		left--;
		take_lock();
		if
		:: !has_frame || !valid || busy
		:: else ->
			if
			:: mistake == WRITE_FIRST -> write_first()
			:: else ->
				unmap();
				if
				:: dirty -> write_and_drop()
				:: else ->
					assert(has_slot);
					drop()
				fi
			fi
		fi;
		give_lock()
	od
}

/* Whatever else drops an entry: chaos mode, a resident limit. */
proctype dropper()
{
	byte left = DROPS;

	do
	:: left == 0 -> break
	:: left > 0 ->
		left--;
		take_lock();
		unmap();
		give_lock()
	od
}

init
{
	c_code { now.mistake = getenv("MISTAKE") ? atoi(getenv("MISTAKE")) : 0; };
	atomic {
		run program();
		run evictor();
		run dropper()
	};
	_nr_pr == 1;
	assert(has_frame && valid || has_slot);
	assert((has_frame -> ram : slot) == stored)
}
