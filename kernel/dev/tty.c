/* SPDX-License-Identifier: MIT */
/*
 * The line discipline of a terminal: what stands between keys and programs.
 *
 * Input lies in a ring with three free-running positions:
 *
 *       read_at          commit             write_at
 *   ......|================|------------------|..........
 *         | readable       | line in the      | free
 *         |                | making (erase)   |
 *
 * In canonical mode a line becomes readable when it ends; `line_end` marks the last
 * byte of each, where a read stops. End of file (^D) is a marked NUL, which a read
 * consumes and does not return. In raw mode commit == write_at at all times.
 *
 * The tty's lock (irq) guards everything in struct tty; it is taken by the input
 * interrupts, so echo comes at once. The console's lock, or that of a serial line's output,
 * nests inside it. Signals are sent after it is dropped: their receiver may do as it likes.
 * Source: termios(3); POSIX.1-2017, chapter 11, "General Terminal Interface".
 */
#include "kernel/dev/tty.h"

#include <asm/errno.h>
#include <linux/signal.h>

#include "kernel/dev/console.h"
#include "kernel/mem/slab.h"
#include "kernel/owner.h"
#include "kernel/time/clock.h"
#include "lib/string.h"

#define INPUT_SIZE 4096u    /* a power of two; the longest line, as on Linux */
#define INPUT_MASK (INPUT_SIZE - 1)
#define OUTPUT_CHUNK 128u   /* bytes of output processed with interrupts off */
#define TAB_WIDTH 8u
#define DECISECOND (NS_PER_SECOND / 10)
#define CLOSING_SECONDS 30u /* for output that the other side does not take */

struct tty {
	const struct tty_line *line; /* NULL: the console. Set when made, like the device */
	void *device;

	struct list_link link;  /* ttys_lock */
	uint32_t number;        /* of its device */

	struct spinlock lock; /* irq; guards all below */
	bool hung_up;
	uint32_t users;       /* open files */

	struct termios termios;
	struct winsize window;
	pid_t foreground, session;

	uint8_t *input;    /* INPUT_SIZE bytes: a page; set when made */
	uint32_t line_end[INPUT_SIZE / 32];
	uint32_t read_at, commit, write_at;
	bool literal_next; /* ^V came: the next byte is itself */

	bool stopped;      /* ^S came: programs' output waits */
	uint32_t column;   /* of the cursor, for tabs */
	uint32_t line_column; /* where the line in the making began */
	char output[OUTPUT_CHUNK * 2]; /* on its way to the device */
	uint32_t output_count;

	/* Their own locks guard these. */
	struct wait_queue readers, writers;
	struct list owners; /* kernel/owner.h */
	bool cut_short;     /* atomic: ROOM_OR_MARK's, of a write */
};

static uint8_t console_input[INPUT_SIZE];
struct tty console_tty = {
	.input = console_input,
	.lock = SPINLOCK_INIT("tty"),
	.readers = WAIT_QUEUE_INIT(console_tty.readers),
	.writers = WAIT_QUEUE_INIT(console_tty.writers),
	.owners = LIST_INIT(console_tty.owners),
};

/* All there are. Outside of their own locks; not for interrupts. */
static struct spinlock ttys_lock = SPINLOCK_INIT("ttys");
static struct list ttys = LIST_INIT(ttys);

/* Set at start-up, like those below. */
static void (*group_door)(pid_t session, pid_t group, int signal);
static void (*leader_door)(pid_t session, int signal);
static pid_t (*session_door)(void);

static void settings_init(struct tty *tty)
{
	static const cc_t characters[NCCS] = {
		[VINTR] = 'C' & 0x1f, [VQUIT] = '\\' & 0x1f, [VERASE] = 0x7f,
		[VKILL] = 'U' & 0x1f, [VEOF] = 'D' & 0x1f, [VMIN] = 1,
		[VSTART] = 'Q' & 0x1f, [VSTOP] = 'S' & 0x1f, [VSUSP] = 'Z' & 0x1f,
		[VREPRINT] = 'R' & 0x1f, [VDISCARD] = 'O' & 0x1f,
		[VWERASE] = 'W' & 0x1f, [VLNEXT] = 'V' & 0x1f,
	};

	tty->termios.c_iflag = ICRNL | IXON | IMAXBEL;
	tty->termios.c_oflag = OPOST | ONLCR;
	tty->termios.c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL;
	tty->termios.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	memcpy(tty->termios.c_cc, characters, sizeof(characters));
}

static void enter(struct tty *tty)
{
	spin_lock(&ttys_lock);
	list_append(&ttys, &tty->link);
	spin_unlock(&ttys_lock);
}

void tty_init(void)
{
	enter(&console_tty);
	settings_init(&console_tty);
	console_tty.window.ws_row = 24;
	console_tty.window.ws_col = 80;
}

struct tty *tty_make(const struct tty_line *line, void *device)
{
	struct tty *tty = kmalloc_zeroed(sizeof(*tty));
	uint8_t *input = kmalloc(INPUT_SIZE);
	if (!tty || !input) {
		kfree(tty);
		kfree(input);
		return NULL;
	}
	tty->input = input;
	tty->line = line;
	tty->device = device;
	spinlock_init(&tty->lock, "tty");
	wait_queue_init(&tty->readers);
	wait_queue_init(&tty->writers);
	list_init(&tty->owners);
	settings_init(tty);
	enter(tty);
	return tty;
}

void tty_destroy(struct tty *tty)
{
	spin_lock(&ttys_lock);
	list_remove(&tty->link);
	spin_unlock(&ttys_lock);
	kfree(tty->input);
	kfree(tty);
}

bool tty_is_on(const struct tty *tty, const struct tty_line *line)
{
	return tty->line == line;
}

void tty_set_number(struct tty *tty, uint32_t device)
{
	tty->number = device;
}

uint32_t tty_number(const struct tty *tty)
{
	return tty->number;
}

void *tty_device(const struct tty *tty)
{
	return tty->device;
}

/* What the mode bits say; the lock is held (or a hint is enough). */
static bool local(const struct tty *tty, tcflag_t bit)
{
	return tty->termios.c_lflag & bit;
}

/* Whether the byte is this control character; one that is 0 is switched off. */
static bool is_control(const struct tty *tty, uint8_t byte, unsigned which)
{
	return byte && byte == tty->termios.c_cc[which];
}

static void send_signal(pid_t session, pid_t group, int signal)
{
	if (signal && group > 0 && group_door)
		group_door(session, group, signal);
}

/* --- output; the lock is held --------------------------------------------------- */

static void output_flush(struct tty *tty)
{
	if (tty->output_count && tty->line)
		tty->line->write(tty, tty->output, tty->output_count);
	else if (tty->output_count)
		console_write(tty->output, tty->output_count);
	tty->output_count = 0;
}

static void output_raw(struct tty *tty, uint8_t byte)
{
	if (tty->output_count == sizeof(tty->output))
		output_flush(tty);
	tty->output[tty->output_count++] = (char)byte;
}

static void output_tab(struct tty *tty)
{
	uint32_t to = (tty->column / TAB_WIDTH + 1) * TAB_WIDTH;

	if ((tty->termios.c_oflag & TABDLY) == XTABS) {
		for (uint32_t i = tty->column; i < to; i++)
			output_raw(tty, ' ');
	} else {
		output_raw(tty, '\t');
	}
	tty->column = to;
}

/* One byte through output processing (OPOST), keeping count of the column. */
static void output_byte(struct tty *tty, uint8_t byte)
{
	tcflag_t flags = tty->termios.c_oflag;

	if (!(flags & OPOST)) {
		output_raw(tty, byte);
		return;
	}
	switch (byte) {
	case '\n':
		if (flags & ONLCR)
			output_raw(tty, '\r');
		if (flags & (ONLCR | ONLRET))
			tty->column = 0;
		output_raw(tty, '\n');
		return;
	case '\r':
		if ((flags & ONOCR) && tty->column == 0)
			return;
		if (flags & OCRNL) {
			output_raw(tty, '\n');
			return;
		}
		tty->column = 0;
		break;
	case '\t':
		output_tab(tty);
		return;
	case '\b':
		tty->column -= tty->column > 0;
		break;
	default:
		/* Control characters and the later bytes of UTF-8 take no column. */
		tty->column += byte >= ' ' && byte != 0x7f && (byte & 0xc0) != 0x80;
	}
	output_raw(tty, byte);
}

static bool shown_with_caret(const struct tty *tty, uint8_t byte)
{
	return local(tty, ECHOCTL) && (byte < ' ' || byte == 0x7f) && byte != '\t';
}

static void echo(struct tty *tty, uint8_t byte)
{
	if (!local(tty, ECHO) && !(byte == '\n' && local(tty, ECHONL) && local(tty, ICANON)))
		return;
	if (shown_with_caret(tty, byte) && byte != '\n') {
		output_byte(tty, '^');
		output_byte(tty, byte ^ 0x40);
	} else {
		output_byte(tty, byte);
	}
}

/* --- input: editing the line in the making; the lock is held -------------------- */

static uint8_t input_at(const struct tty *tty, uint32_t position)
{
	return tty->input[position & INPUT_MASK];
}

static bool is_line_end(const struct tty *tty, uint32_t position)
{
	uint32_t i = position & INPUT_MASK;

	return tty->line_end[i / 32] & 1u << i % 32;
}

static void mark_line_end(struct tty *tty, uint32_t position, bool end)
{
	uint32_t i = position & INPUT_MASK;

	if (end)
		tty->line_end[i / 32] |= 1u << i % 32;
	else
		tty->line_end[i / 32] &= ~(1u << i % 32);
}

/* Adds a byte to the ring. The last place is kept for the end of a line, so that a line
 * that is too long can still be ended; what does not fit is dropped with a beep. */
static bool store(struct tty *tty, uint8_t byte, bool end)
{
	uint32_t room = INPUT_SIZE - (tty->write_at - tty->read_at);

	if (room == 0 || (room == 1 && local(tty, ICANON) && !end)) {
		if (tty->termios.c_iflag & IMAXBEL)
			output_raw(tty, '\a');
		return false;
	}
	if (tty->commit == tty->write_at)
		tty->line_column = tty->column;
	tty->input[tty->write_at & INPUT_MASK] = byte;
	mark_line_end(tty, tty->write_at, end);
	tty->write_at++;
	if (end || !local(tty, ICANON)) {
		tty->commit = tty->write_at;
		wait_wake_all(&tty->readers);
	}
	return true;
}

static uint32_t width_but_tab(const struct tty *tty, uint8_t byte)
{
	if (byte < ' ' || byte == 0x7f)
		return shown_with_caret(tty, byte) ? 2 : 0;
	return (byte & 0xc0) != 0x80;
}

/* How many columns the echo gave the byte of the line in the making. A tabulator's depend on what
 * is between it and the one before it. */
static uint32_t width_at(const struct tty *tty, uint32_t position)
{
	uint32_t column = 0;

	if (input_at(tty, position) != '\t')
		return width_but_tab(tty, input_at(tty, position));
	while (position != tty->commit && input_at(tty, position - 1) != '\t')
		column += width_but_tab(tty, input_at(tty, --position));
	if (position == tty->commit)
		column += tty->line_column;
	return TAB_WIDTH - column % TAB_WIDTH;
}

/* Takes back the last byte, and wipes it off the screen: where a tabulator was is nothing. */
static void take_back_byte(struct tty *tty)
{
	bool tab = input_at(tty, tty->write_at - 1) == '\t';

	for (uint32_t width = width_at(tty, --tty->write_at); width; width--) {
		output_byte(tty, '\b');
		if (tab)
			continue;
		output_byte(tty, ' ');
		output_byte(tty, '\b');
	}
}

/* Takes back the line in the making down to a position. */
static void take_back(struct tty *tty, uint32_t position, unsigned which)
{
	if (tty->write_at == position)
		return;
	if (local(tty, ECHO) && local(tty, ECHOE)) {
		while (tty->write_at != position)
			take_back_byte(tty);
		return;
	}
	tty->write_at = position;
	if (local(tty, ECHO))
		echo(tty, tty->termios.c_cc[which]);
}

/* The last character; in UTF-8 with all its bytes. */
static void erase_character(struct tty *tty)
{
	uint32_t position = tty->write_at;
	bool utf8 = tty->termios.c_iflag & IUTF8;

	while (position != tty->commit) {
		position--;
		if (!utf8 || (input_at(tty, position) & 0xc0) != 0x80)
			break;
	}
	take_back(tty, position, VERASE);
}

static bool is_word_byte(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') || byte == '_' || byte >= 0x80;
}

/* The last word, and what is not part of a word behind it. */
static void erase_word(struct tty *tty)
{
	uint32_t position = tty->write_at;

	while (position != tty->commit && !is_word_byte(input_at(tty, position - 1)))
		position--;
	while (position != tty->commit && is_word_byte(input_at(tty, position - 1)))
		position--;
	take_back(tty, position, VWERASE);
}

static void erase_line(struct tty *tty)
{
	if (local(tty, ECHOKE) && local(tty, ECHOE)) {
		take_back(tty, tty->commit, VKILL);
		return;
	}
	tty->write_at = tty->commit;
	echo(tty, tty->termios.c_cc[VKILL]);
	if (local(tty, ECHO) && local(tty, ECHOK))
		output_byte(tty, '\n');
}

static void reprint_line(struct tty *tty)
{
	echo(tty, tty->termios.c_cc[VREPRINT]);
	output_byte(tty, '\n');
	tty->line_column = 0;
	for (uint32_t i = tty->commit; i != tty->write_at; i++)
		echo(tty, input_at(tty, i));
}

/* Editing characters of canonical mode. True: the byte was one and is dealt with. */
static bool edit(struct tty *tty, uint8_t byte)
{
	if (is_control(tty, byte, VERASE)) {
		erase_character(tty);
	} else if (is_control(tty, byte, VKILL)) {
		erase_line(tty);
	} else if (local(tty, IEXTEN) && is_control(tty, byte, VWERASE)) {
		erase_word(tty);
	} else if (local(tty, IEXTEN) && is_control(tty, byte, VREPRINT)) {
		reprint_line(tty);
	} else if (is_control(tty, byte, VEOF)) {
		store(tty, 0, true);
	} else {
		return false;
	}
	return true;
}

/* Empties the input, also the line in the making. */
static void discard_input(struct tty *tty)
{
	tty->read_at = tty->commit = tty->write_at;
	tty->literal_next = false;
}

/* The signal that the byte means in this mode, or 0. */
static int signal_of(const struct tty *tty, uint8_t byte)
{
	if (!local(tty, ISIG))
		return 0;
	if (is_control(tty, byte, VINTR))
		return SIGINT;
	if (is_control(tty, byte, VQUIT))
		return SIGQUIT;
	if (is_control(tty, byte, VSUSP))
		return SIGTSTP;
	return 0;
}

static void set_stopped(struct tty *tty, bool stopped)
{
	bool was_stopped = tty->stopped;

	tty->stopped = stopped;
	if (was_stopped && !stopped)
		tty_wake_writers(tty);
}

/* ^S and ^Q. True: the byte was one of them. */
static bool flow_control(struct tty *tty, uint8_t byte)
{
	bool start = is_control(tty, byte, VSTART), stop = is_control(tty, byte, VSTOP);

	if (!(tty->termios.c_iflag & IXON) || !(start || stop))
		return false;
	set_stopped(tty, stop && !(start && tty->stopped));
	return true;
}

/* CR and NL as the input modes map them. False: the byte is dropped. */
static bool map_input(const struct tty *tty, uint8_t *byte)
{
	tcflag_t flags = tty->termios.c_iflag;

	if (flags & ISTRIP)
		*byte &= 0x7f;
	if (*byte == '\r') {
		if (flags & IGNCR)
			return false;
		if (flags & ICRNL)
			*byte = '\n';
	} else if (*byte == '\n' && (flags & INLCR)) {
		*byte = '\r';
	}
	return true;
}

static void store_and_echo(struct tty *tty, uint8_t byte, bool end)
{
	/* The column before the echo is where the line began. */
	if (store(tty, byte, end))
		echo(tty, byte);
}

/* The byte means a signal to the foreground. */
static void interrupt(struct tty *tty, uint8_t byte)
{
	if (!local(tty, NOFLSH))
		discard_input(tty);
	set_stopped(tty, false);
	echo(tty, byte);
}

static bool ends_line(const struct tty *tty, uint8_t byte)
{
	return byte == '\n' || is_control(tty, byte, VEOL) ||
	       (local(tty, IEXTEN) && is_control(tty, byte, VEOL2));
}

/* One byte of canonical mode. */
static void line_byte(struct tty *tty, uint8_t byte)
{
	if (edit(tty, byte))
		return;
	if (!local(tty, IEXTEN) || !is_control(tty, byte, VLNEXT)) {
		store_and_echo(tty, byte, ends_line(tty, byte));
		return;
	}
	tty->literal_next = true;
	if (local(tty, ECHO) && local(tty, ECHOCTL)) {
		output_byte(tty, '^');
		output_byte(tty, '\b');
	}
}

/* One byte by the rules of the mode; returns the signal it means, or 0. */
static int input_byte(struct tty *tty, uint8_t byte)
{
	if (tty->literal_next) {
		tty->literal_next = false;
		store_and_echo(tty, byte, false);
		return 0;
	}
	if (tty->termios.c_iflag & ISTRIP)
		byte &= 0x7f;
	if (flow_control(tty, byte))
		return 0;
	int signal = signal_of(tty, byte);
	if (signal) {
		interrupt(tty, byte);
	} else if (map_input(tty, &byte)) {
		if (local(tty, ICANON))
			line_byte(tty, byte);
		else
			store_and_echo(tty, byte, false);
	}
	return signal;
}

void tty_input(struct tty *tty, uint8_t byte)
{
	uint32_t flags = spin_lock_irq(&tty->lock);
	uint32_t before = tty->commit;
	int signal = input_byte(tty, byte);
	bool more = tty->commit != before && tty->commit != tty->read_at;
	pid_t session = tty->session, group = tty->foreground;
	output_flush(tty);
	spin_unlock_irq(&tty->lock, flags);

	if (more)
		owners_tell(&tty->owners, POLL_IN);
	send_signal(session, group, signal);
}

bool tty_has_room(struct tty *tty)
{
	return tty->write_at - tty->read_at < INPUT_SIZE - INPUT_SIZE / 16 ||
	       (local(tty, ICANON) && tty->commit == tty->read_at);
}

bool tty_holds_back(struct tty *tty)
{
	return tty->termios.c_cflag & CRTSCTS;
}

/* --- reading -------------------------------------------------------------------- */

/* How many bytes must be there before a read of n may return (VMIN). */
static uint32_t bytes_wanted(const struct tty *tty, size_t n)
{
	uint32_t least = tty->termios.c_cc[VMIN];

	if (local(tty, ICANON) || least == 0)
		return 1;
	return least < n ? least : n;
}

static uint32_t readable_bytes(const struct tty *tty)
{
	return tty->commit - tty->read_at;
}

/* Takes what may be read now, at most n bytes, at most a line in canonical mode.
 * Returns how many; *ended says that the end of a line (or of the file) was passed. */
static size_t take_input(struct tty *tty, uint8_t *to, size_t n, bool *ended)
{
	size_t count = 0;

	*ended = false;
	uint32_t flags = spin_lock_irq(&tty->lock);
	while (tty->read_at != tty->commit && !*ended) {
		uint8_t byte = input_at(tty, tty->read_at);
		bool end = local(tty, ICANON) && is_line_end(tty, tty->read_at);
		bool end_of_file = end && byte == 0;

		/* A read that took all before an end of file takes that too, else the
		 * next one would see an end that belongs to this line. */
		if (count == n && !end_of_file)
			break;
		tty->read_at++;
		*ended = end;
		if (!end_of_file)
			to[count++] = byte;
	}
	spin_unlock_irq(&tty->lock, flags);
	if (count && tty->line)
		tty->line->go_on(tty);
	return count;
}

/* Whether there are so many bytes, or there will be no more. */
static bool has_bytes(const struct tty *tty, uint32_t n)
{
	return tty->hung_up || readable_bytes(tty) >= n;
}

/* Waits by VMIN and VTIME until a read of n bytes may return. 0, -EINTR; -ETIMEDOUT:
 * VTIME is over, and what is there is all there is. */
static int wait_for_input(struct tty *tty, size_t n)
{
	uint32_t least = tty->termios.c_cc[VMIN];
	uint64_t pause = tty->termios.c_cc[VTIME] * DECISECOND;

	if (local(tty, ICANON))
		return WAIT_INTERRUPTIBLE(&tty->readers, has_bytes(tty, 1));
	if (least == 0) {
		if (pause == 0)
			return has_bytes(tty, 1) ? 0 : -ETIMEDOUT;
		return WAIT_FOR(&tty->readers, has_bytes(tty, 1), true, clock_now() + pause);
	}
	if (pause == 0)
		return WAIT_INTERRUPTIBLE(&tty->readers, has_bytes(tty, bytes_wanted(tty, n)));

	/* The clock runs from byte to byte, and only once there is one. */
	int result = WAIT_INTERRUPTIBLE(&tty->readers, has_bytes(tty, 1));
	while (!result && !has_bytes(tty, bytes_wanted(tty, n))) {
		uint32_t before = readable_bytes(tty);
		result = WAIT_FOR(&tty->readers, has_bytes(tty, before + 1), true,
		                  clock_now() + pause);
	}
	return result;
}

ssize_t tty_read(struct tty *tty, void *to, size_t n, bool nonblock)
{
	bool ended;

	if (n == 0)
		return 0;
	for (;;) {
		int result = nonblock ? 0 : wait_for_input(tty, n);
		if (result == -EINTR)
			return result;

		size_t count = take_input(tty, to, n, &ended);
		if (count || ended || tty->hung_up || result == -ETIMEDOUT)
			return (ssize_t)count;
		if (nonblock)
			return -EAGAIN;
		/* Another reader was quicker. */
	}
}

bool tty_readable(struct tty *tty)
{
	bool wait_for_more = !local(tty, ICANON) && !tty->termios.c_cc[VTIME];

	return readable_bytes(tty) >= (wait_for_more ? bytes_wanted(tty, INPUT_SIZE) : 1);
}

struct wait_queue *tty_readers(struct tty *tty)
{
	return &tty->readers;
}

struct list *tty_owners(struct tty *tty)
{
	return &tty->owners;
}

uint32_t tty_pending(struct tty *tty)
{
	return readable_bytes(tty);
}

/* --- writing -------------------------------------------------------------------- */

uint32_t tty_unsent(struct tty *tty)
{
	return tty->line ? tty->line->unsent(tty) : 0;
}

/* A tabulator is at most eight bytes: so much has room, whatever it is. */
static bool output_has_room(struct tty *tty)
{
	return tty_unsent(tty) <= TTY_UNSENT_MAX - OUTPUT_CHUNK * TAB_WIDTH;
}

bool tty_writable(struct tty *tty)
{
	return tty->hung_up || (!tty->stopped && output_has_room(tty));
}

struct wait_queue *tty_writers(struct tty *tty)
{
	return &tty->writers;
}

void tty_wake_writers(struct tty *tty)
{
	wait_wake_all(&tty->writers);
	if (tty_writable(tty))
		owners_tell_room(&tty->owners, &tty->cut_short);
}

ssize_t tty_write(struct tty *tty, const void *from, size_t n, bool nonblock)
{
	const uint8_t *bytes = from;
	size_t written = 0;

	while (written < n) {
		int result = 0;
		if (!nonblock)
			result = WAIT_INTERRUPTIBLE(&tty->writers, tty_writable(tty));
		else if (!ROOM_OR_MARK(&tty->cut_short, tty_writable(tty)))
			result = -EAGAIN;
		if (tty->hung_up)
			result = -EIO;
		if (result)
			return written ? (ssize_t)written : result;

		size_t end = n - written > OUTPUT_CHUNK ? written + OUTPUT_CHUNK : n;
		uint32_t flags = spin_lock_irq(&tty->lock);
		while (written < end)
			output_byte(tty, bytes[written++]);
		output_flush(tty);
		spin_unlock_irq(&tty->lock, flags);
	}
	return (ssize_t)written;
}

static bool lingers(struct tty *tty)
{
	return tty->line && tty->line->lingers && tty_unsent(tty);
}

int tty_drain(struct tty *tty)
{
	return WAIT_INTERRUPTIBLE(&tty->writers, !lingers(tty));
}

/* --- users ---------------------------------------------------------------------- */

void tty_opened(struct tty *tty)
{
	uint32_t flags = spin_lock_irq(&tty->lock);
	if (tty->users++ == 0 && tty->line)
		tty->line->listen(tty, true);
	spin_unlock_irq(&tty->lock, flags);
}

void tty_closed(struct tty *tty)
{
	if (tty->users == 1)
		(void)WAIT_FOR(&tty->writers, !lingers(tty), true,
		               clock_now() + CLOSING_SECONDS * NS_PER_SECOND);
	uint32_t flags = spin_lock_irq(&tty->lock);
	if (--tty->users == 0 && tty->line)
		tty->line->listen(tty, false);
	spin_unlock_irq(&tty->lock, flags);
}

/* --- modes ---------------------------------------------------------------------- */

void tty_get_termios(struct tty *tty, struct termios *to)
{
	uint32_t flags = spin_lock_irq(&tty->lock);
	*to = tty->termios;
	spin_unlock_irq(&tty->lock, flags);
}

int tty_set_termios(struct tty *tty, const struct termios *from, bool drain, bool flush_input)
{
	int error = drain ? tty_drain(tty) : 0;
	if (error)
		return error;

	uint32_t flags = spin_lock_irq(&tty->lock);
	bool switched = (from->c_lflag ^ tty->termios.c_lflag) & ICANON;
	tty->termios = *from;
	if (flush_input)
		discard_input(tty);
	if (switched) {
		/* What was typed under the old mode is readable in the new one. */
		tty->commit = tty->write_at;
		tty->literal_next = false;
		memset(tty->line_end, 0, sizeof(tty->line_end));
	}
	if (!(tty->termios.c_iflag & IXON))
		set_stopped(tty, false);
	spin_unlock_irq(&tty->lock, flags);
	wait_wake_all(&tty->readers);
	if (tty->line)
		tty->line->go_on(tty);
	return 0;
}

void tty_get_window(struct tty *tty, struct winsize *to)
{
	uint32_t flags = spin_lock_irq(&tty->lock);
	*to = tty->window;
	spin_unlock_irq(&tty->lock, flags);
}

void tty_set_window(struct tty *tty, const struct winsize *from)
{
	uint32_t flags = spin_lock_irq(&tty->lock);
	bool changed = memcmp(&tty->window, from, sizeof(*from)) != 0;
	pid_t session = tty->session, group = tty->foreground;
	tty->window = *from;
	spin_unlock_irq(&tty->lock, flags);

	send_signal(session, group, changed ? SIGWINCH : 0);
}

void tty_flush(struct tty *tty, bool input, bool output)
{
	if (output && tty->line)
		tty->line->discard(tty);
	if (!input)
		return;
	uint32_t flags = spin_lock_irq(&tty->lock);
	discard_input(tty);
	spin_unlock_irq(&tty->lock, flags);
	if (tty->line)
		tty->line->go_on(tty);
}

pid_t tty_foreground(struct tty *tty)
{
	return tty->foreground;
}

void tty_set_foreground(struct tty *tty, pid_t group)
{
	tty->foreground = group;
}

pid_t tty_session(struct tty *tty)
{
	return tty->session;
}

void tty_set_session(struct tty *tty, pid_t session)
{
	tty->session = session;
}

struct tty *tty_of_session(pid_t session, bool held)
{
	struct tty *found = NULL;

	spin_lock(&ttys_lock);
	LIST_FOR(&ttys, struct tty, tty, link) {
		if (found || tty->session != session)
			continue;
		if (!held || (!tty->hung_up &&
		              (!tty->line || !tty->line->hold || tty->line->hold(tty))))
			found = tty;
	}
	spin_unlock(&ttys_lock);
	return found;
}

pid_t tty_end_session(pid_t session)
{
	pid_t foreground = 0;

	spin_lock(&ttys_lock);
	LIST_FOR(&ttys, struct tty, tty, link) {
		if (tty->session != session)
			continue;
		foreground = tty->foreground;
		tty->session = tty->foreground = 0;
	}
	spin_unlock(&ttys_lock);
	return foreground;
}

void tty_tell_session(pid_t session, uint32_t *number, pid_t *foreground)
{
	*number = 0;
	*foreground = -1;
	spin_lock(&ttys_lock);
	LIST_FOR(&ttys, struct tty, tty, link) {
		if (tty->session != session)
			continue;
		*number = tty->number;
		*foreground = tty->foreground;
	}
	spin_unlock(&ttys_lock);
}

void tty_hang_up(struct tty *tty)
{
	uint32_t flags = spin_lock_irq(&tty->lock);
	tty->hung_up = true;
	discard_input(tty);
	pid_t session = tty->session;
	spin_unlock_irq(&tty->lock, flags);
	wait_wake_all(&tty->readers);
	wait_wake_all(&tty->writers);
	if (session > 0 && leader_door) {
		leader_door(session, SIGHUP);
		leader_door(session, SIGCONT);
	}
}

bool tty_is_hung_up(const struct tty *tty)
{
	return tty->hung_up;
}

void tty_set_doors(void (*send_group)(pid_t session, pid_t group, int signal),
                   void (*send_leader)(pid_t session, int signal), pid_t (*session)(void))
{
	group_door = send_group;
	leader_door = send_leader;
	session_door = session;
}

pid_t tty_caller_session(void)
{
	return session_door ? session_door() : 0;
}
