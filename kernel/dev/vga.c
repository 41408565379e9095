/* SPDX-License-Identifier: MIT */
/*
 * The VGA text screen. The adapter's 32 KiB of text memory hold eight screens; the
 * screen is a window on them that begins at `origin`, so scrolling moves the window
 * by a line instead of moving 4,000 bytes (each byte costs an exit under an emulator).
 * Only when the window reaches the end is it copied back to the beginning.
 *
 *   bytes --> plain: put at the cursor, control characters move it
 *         \-> ESC [ numbers ; letter: a control sequence (CSI), see csi_run()
 *
 * All state is guarded by the console's lock.
 * Source: ECMA-48; console_codes(4); VGA registers as IBM's manual numbers them.
 */
#include "kernel/dev/vga.h"

#include "kernel/cpu/io.h"
#include "kernel/mem/layout.h"
#include "lib/string.h"
#include "lib/types.h"

#define TEXT_MEMORY 0xb8000u
#define TEXT_CELLS (0x8000u / 2)
#define SCREEN_CELLS (VGA_COLUMNS * VGA_ROWS)

#define CRTC_INDEX 0x3d4u
#define CRTC_DATA 0x3d5u
#define CRTC_CURSOR_START 0x0a
#define CRTC_START_HIGH 0x0c
#define CRTC_CURSOR_HIGH 0x0e
#define CURSOR_HIDDEN 0x20
#define CURSOR_FIRST_LINE 13

#define CSI_NUMBERS 8u
#define TAB_WIDTH 8u
#define ESC 0x1b

enum parse_state { PARSE_PLAIN, PARSE_ESCAPE, PARSE_CHARSET, PARSE_CSI, PARSE_TITLE };

static uint16_t *cells;          /* the text memory */
static uint32_t origin;          /* first cell of the screen in it */
static uint32_t row, column;     /* of the cursor; column may be VGA_COLUMNS: wrap is due */
static uint32_t saved_row, saved_column;
static uint8_t foreground, background;
static bool bold, reverse;
static enum parse_state state;
static bool csi_private;         /* "ESC [ ?" */
static uint32_t numbers[CSI_NUMBERS], number_count;

/* ANSI colour numbers count red, green, blue from bit 0; VGA's from bit 2. */
static const uint8_t vga_colour[8] = {0, 4, 2, 6, 1, 5, 3, 7};

static void crtc_write(uint8_t index, uint32_t value)
{
	outb(CRTC_INDEX, index);
	outb(CRTC_DATA, (uint8_t)value);
}

static void crtc_write_pair(uint8_t index, uint32_t value)
{
	crtc_write(index, value >> 8);
	crtc_write(index + 1, value & 0xff);
}

static uint32_t clamp(uint32_t value, uint32_t most)
{
	return value < most ? value : most;
}

static uint16_t cell_of(uint8_t character)
{
	uint8_t front = vga_colour[foreground], back = vga_colour[background];

	if (bold)
		front |= 8;
	if (reverse) {
		uint8_t swap = front;
		front = back;
		back = swap & 7;
	}
	return (uint16_t)(back << 12 | front << 8 | character);
}

/* Blanks cells [from, to) of the screen in the current background. */
static void blank(uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		cells[origin + i] = cell_of(' ');
}

/* Moves `n` cells of the screen from one place to another, overlapping or not. */
static void move_cells(uint32_t to, uint32_t from, uint32_t n)
{
	memmove(cells + origin + to, cells + origin + from, n * sizeof(*cells));
}

static void scroll(void)
{
	if (origin + SCREEN_CELLS + VGA_COLUMNS > TEXT_CELLS) {
		memcpy(cells, cells + origin + VGA_COLUMNS,
		       (SCREEN_CELLS - VGA_COLUMNS) * sizeof(*cells));
		origin = 0;
	} else {
		origin += VGA_COLUMNS;
	}
	blank(SCREEN_CELLS - VGA_COLUMNS, SCREEN_CELLS);
}

static void line_feed(void)
{
	if (row + 1 < VGA_ROWS)
		row++;
	else
		scroll();
}

/* A cursor that waits behind the last column for its wrap counts as being on it. */
static void move_left(uint32_t n)
{
	column = clamp(column, VGA_COLUMNS - 1);
	column -= clamp(n, column);
}

static void put_plain(uint8_t byte)
{
	switch (byte) {
	case '\a':
		return;
	case '\b':
		move_left(1);
		return;
	case '\t':
		column = clamp((column / TAB_WIDTH + 1) * TAB_WIDTH, VGA_COLUMNS - 1);
		return;
	case '\n': case '\v': case '\f':
		line_feed();
		return;
	case '\r':
		column = 0;
		return;
	case ESC:
		state = PARSE_ESCAPE;
		return;
	}
	/* UTF-8: one sign stands for the whole sequence, its other bytes show nothing. */
	if (byte < ' ' || byte == 0x7f || (byte & 0xc0) == 0x80)
		return;
	if (byte >= 0x80)
		byte = '?';
	if (column >= VGA_COLUMNS) {
		column = 0;
		line_feed();
	}
	cells[origin + row * VGA_COLUMNS + column++] = cell_of(byte);
}

static void save_cursor(void)
{
	saved_row = row;
	saved_column = column;
}

static void restore_cursor(void)
{
	row = saved_row;
	column = saved_column;
}

static void reset(void)
{
	foreground = 7;
	background = 0;
	bold = reverse = false;
	row = column = saved_row = saved_column = 0;
	blank(0, SCREEN_CELLS);
}

/* The n-th number of the sequence, or `otherwise` where it is missing or 0. */
static uint32_t csi_number(uint32_t n, uint32_t otherwise)
{
	return n < number_count && numbers[n] ? numbers[n] : otherwise;
}

/* ESC [ ... m: colours and attributes. */
static void csi_attributes(void)
{
	for (uint32_t i = 0; i < number_count || i == 0; i++) {
		uint32_t n = csi_number(i, 0);

		if (n == 0) {
			foreground = 7;
			background = 0;
			bold = reverse = false;
		} else if (n == 1) {
			bold = true;
		} else if (n == 22) {
			bold = false;
		} else if (n == 7 || n == 27) {
			reverse = n == 7;
		} else if (n >= 30 && n <= 37) {
			foreground = (uint8_t)(n - 30);
		} else if (n == 39) {
			foreground = 7;
		} else if (n >= 40 && n <= 47) {
			background = (uint8_t)(n - 40);
		} else if (n == 49) {
			background = 0;
		} else if (n >= 90 && n <= 97) {
			foreground = (uint8_t)(n - 90);
			bold = true;
		}
	}
}

/* ESC [ n J (whole screen) and ESC [ n K (line): 0 from the cursor on, 1 up to and with
 * the cursor, 2 all. */
static void csi_erase(uint32_t first, uint32_t end)
{
	uint32_t cursor = row * VGA_COLUMNS + clamp(column, VGA_COLUMNS - 1);
	uint32_t how = csi_number(0, 0);

	blank(how == 0 ? cursor : first, how == 1 ? cursor + 1 : end);
}

/* Inserts n blank cells at the start of the range, or deletes so many there; the others give way
 * or follow. */
static void shift_cells(uint32_t start, uint32_t end, uint32_t n, bool insert)
{
	uint32_t rest = end - start - n;

	if (insert) {
		move_cells(start + n, start, rest);
		blank(start, start + n);
	} else {
		move_cells(start, start + n, rest);
		blank(end - n, end);
	}
}

/* ESC [ n L and M: inserts and deletes lines at the cursor's. */
static void csi_lines(bool insert)
{
	uint32_t n = clamp(csi_number(0, 1), VGA_ROWS - row);

	shift_cells(row * VGA_COLUMNS, SCREEN_CELLS, n * VGA_COLUMNS, insert);
	column = 0;
}

/* ESC [ n @ and P: inserts and deletes characters at the cursor. */
static void csi_characters(bool insert)
{
	uint32_t at = clamp(column, VGA_COLUMNS - 1), line = row * VGA_COLUMNS;
	uint32_t n = clamp(csi_number(0, 1), VGA_COLUMNS - at);

	shift_cells(line + at, line + VGA_COLUMNS, n, insert);
}

/* ESC [ ? n h and l: of the private modes, whether the cursor shows (25), and the
 * second screen of full-screen programs (1049), which here is the one screen, cleared. */
static void csi_private_mode(bool on)
{
	uint32_t mode = csi_number(0, 0);

	if (mode == 25)
		crtc_write(CRTC_CURSOR_START, CURSOR_FIRST_LINE | (on ? 0 : CURSOR_HIDDEN));
	if (mode == 1049) {
		blank(0, SCREEN_CELLS);
		row = column = 0;
	}
}

static void csi_run(uint8_t letter)
{
	uint32_t n = csi_number(0, 1);

	if (csi_private) {
		if (letter == 'h' || letter == 'l')
			csi_private_mode(letter == 'h');
		return;
	}
	switch (letter) {
	case 'A': row -= clamp(n, row); break;
	case 'B': case 'e': row = clamp(row + clamp(n, VGA_ROWS), VGA_ROWS - 1); break;
	case 'C': case 'a':
		column = clamp(column + clamp(n, VGA_COLUMNS), VGA_COLUMNS - 1);
		break;
	case 'D': move_left(n); break;
	case 'E': row = clamp(row + clamp(n, VGA_ROWS), VGA_ROWS - 1); column = 0; break;
	case 'F': row -= clamp(n, row); column = 0; break;
	case 'G': case '`': column = clamp(n, VGA_COLUMNS) - 1; break;
	case 'd': row = clamp(n, VGA_ROWS) - 1; break;
	case 'H': case 'f':
		row = clamp(n, VGA_ROWS) - 1;
		column = clamp(csi_number(1, 1), VGA_COLUMNS) - 1;
		break;
	case 'J': csi_erase(0, SCREEN_CELLS); break;
	case 'K': csi_erase(row * VGA_COLUMNS, (row + 1) * VGA_COLUMNS); break;
	case 'L': csi_lines(true); break;
	case 'M': csi_lines(false); break;
	case '@': csi_characters(true); break;
	case 'P': csi_characters(false); break;
	case 'm': csi_attributes(); break;
	case 's': save_cursor(); break;
	case 'u': restore_cursor(); break;
	}
}

static void put_escape(uint8_t byte)
{
	state = PARSE_PLAIN;
	switch (byte) {
	case '[':
		memset(numbers, 0, sizeof(numbers));
		number_count = 0;
		csi_private = false;
		state = PARSE_CSI;
		break;
	case ']': state = PARSE_TITLE; break;
	case '(': case ')': state = PARSE_CHARSET; break;
	case '7': save_cursor(); break;
	case '8': restore_cursor(); break;
	case 'c': reset(); break;
	case 'D': line_feed(); break;
	case 'E': column = 0; line_feed(); break;
	case 'M':
		if (row > 0) {
			row--;
		} else {
			move_cells(VGA_COLUMNS, 0, SCREEN_CELLS - VGA_COLUMNS);
			blank(0, VGA_COLUMNS);
		}
		break;
	}
}

static void put_csi(uint8_t byte)
{
	if (byte >= '0' && byte <= '9') {
		if (!number_count)
			number_count = 1;
		uint32_t *number = &numbers[number_count - 1];
		*number = clamp(*number * 10 + (byte - '0'), 9999);
	} else if (byte == ';') {
		if (!number_count)
			number_count = 1;
		number_count = clamp(number_count + 1, CSI_NUMBERS);
	} else if (byte == '?' || byte == '>') {
		csi_private = true;
	} else if (byte == ESC) {
		state = PARSE_ESCAPE;
	} else if (byte >= 0x40 && byte <= 0x7e) {
		state = PARSE_PLAIN;
		csi_run(byte);
	}
}

static void put_byte(uint8_t byte)
{
	switch (state) {
	case PARSE_PLAIN: put_plain(byte); break;
	case PARSE_ESCAPE: put_escape(byte); break;
	case PARSE_CHARSET: state = PARSE_PLAIN; break;
	case PARSE_CSI: put_csi(byte); break;
	case PARSE_TITLE: /* ends with BEL, or with ESC and a backslash */
		if (byte == '\a')
			state = PARSE_PLAIN;
		else if (byte == ESC)
			state = PARSE_CHARSET;
		break;
	}
}

void vga_write(const char *bytes, size_t n)
{
	uint32_t old_origin = origin;

	for (size_t i = 0; i < n; i++)
		put_byte((uint8_t)bytes[i]);
	if (origin != old_origin)
		crtc_write_pair(CRTC_START_HIGH, origin);
	crtc_write_pair(CRTC_CURSOR_HIGH,
	                origin + row * VGA_COLUMNS + clamp(column, VGA_COLUMNS - 1));
}

void vga_init(void)
{
	cells = phys_to_virt(TEXT_MEMORY);
	reset();
	crtc_write_pair(CRTC_START_HIGH, origin);
	crtc_write(CRTC_CURSOR_START, CURSOR_FIRST_LINE);
}
