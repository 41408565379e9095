/* SPDX-License-Identifier: MIT */
/*
 * The PS/2 keyboard. The controller translates to scan code set 1: a byte for each key,
 * bit 7 set on release, 0xe0 before the keys that the AT keyboard added. Keys that are
 * no characters send the escape sequences of Linux's console (TERM=linux). All state
 * belongs to the interrupt handler of line 1.
 * Source: IBM PS/2 Technical Reference, keyboard controller; console_codes(4).
 */
#include "kernel/dev/keyboard.h"

#include "kernel/cpu/io.h"
#include "kernel/cpu/irq.h"
#include "kernel/dev/random.h"
#include "kernel/dev/tty.h"
#include "kernel/log.h"
#include "lib/types.h"

#define KEYBOARD_IRQ 1u
#define DATA_PORT 0x60u
#define STATUS_PORT 0x64u
#define COMMAND_PORT 0x64u
#define STATUS_OUTPUT_FULL 0x01u /* a byte waits for us */
#define STATUS_INPUT_FULL 0x02u  /* the controller has not yet taken ours */
#define STATUS_FROM_MOUSE 0x20u
#define STATUS_ABSENT 0xffu
#define COMMAND_READ_CONFIG 0x20u
#define COMMAND_WRITE_CONFIG 0x60u
#define CONFIG_INTERRUPT 0x01u
#define CONFIG_DISABLED 0x10u
#define CONFIG_TRANSLATE 0x40u
#define POLLS_MOST 1000u         /* about a millisecond: then there is nothing */

#define CODE_EXTENDED 0xe0u
#define CODE_RELEASED 0x80u
#define KEY_CONTROL 0x1du
#define KEY_SHIFT_LEFT 0x2au
#define KEY_SHIFT_RIGHT 0x36u
#define KEY_ALT 0x38u
#define KEY_CAPS_LOCK 0x3au
#define KEY_NUM_LOCK 0x45u
#define KEY_PAD_FIRST 0x47u
#define KEY_PAD_LAST 0x53u
#define ESC "\033"

static bool shift, control, alt, caps_lock, num_lock, extended;

/* By scan code, without and with shift; 0: no character. */
static const char plain_keys[] =
	"\0\0331234567890-=\177\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted_keys[] =
	"\0\033!@#$%^&*()_+\177\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";

/* The keypad, with num lock; and without, which are also the extended keys' codes. */
static const char pad_digits[] = "789-456+1230.";
static const char *const pad_sequences[] = {
	ESC "[1~", ESC "[A", ESC "[5~", "-", ESC "[D", ESC "[G", ESC "[C", "+",
	ESC "[4~", ESC "[B", ESC "[6~", ESC "[2~", ESC "[3~",
};

/* F1 to F10 from scan code 0x3b on; F11 and F12 are 0x57 and 0x58. */
static const char *const function_sequences[] = {
	ESC "[[A", ESC "[[B", ESC "[[C", ESC "[[D", ESC "[[E",
	ESC "[17~", ESC "[18~", ESC "[19~", ESC "[20~", ESC "[21~",
};

static void send(const char *bytes)
{
	while (*bytes)
		tty_input(&console_tty, (uint8_t)*bytes++);
}

static void send_character(char character)
{
	if (alt)
		tty_input(&console_tty, '\033');
	tty_input(&console_tty, (uint8_t)character);
}

/* Ctrl makes of a character the control character that stands below it in ASCII. */
static char with_control(char character)
{
	if (character == ' ' || character == '2')
		return 0;
	if (character == '/')
		return '_' & 0x1f;
	if (character == 0x7f)
		return '\b';
	if (character >= '@')
		return character & 0x1f;
	return character;
}

static void press_character(uint8_t code)
{
	char character = shift ? shifted_keys[code] : plain_keys[code];
	char letter = character | 0x20;

	if (!character)
		return;
	if (caps_lock && letter >= 'a' && letter <= 'z')
		character ^= 0x20;
	send_character(control ? with_control(character) : character);
}

static void press(uint8_t code)
{
	if (code >= KEY_PAD_FIRST && code <= KEY_PAD_LAST) {
		if (num_lock && !extended)
			send_character(pad_digits[code - KEY_PAD_FIRST]);
		else
			send(pad_sequences[code - KEY_PAD_FIRST]);
	} else if (code >= 0x3b && code <= 0x44) {
		send(function_sequences[code - 0x3b]);
	} else if (code == 0x57) {
		send(ESC "[23~");
	} else if (code == 0x58) {
		send(ESC "[24~");
	} else if (code < sizeof(plain_keys) - 1) {
		press_character(code);
	}
}

/* Keys that change what others mean. True: it was one. */
static bool modifier(uint8_t code, bool down)
{
	switch (code) {
	case KEY_SHIFT_LEFT: case KEY_SHIFT_RIGHT:
		/* Extended, it is no key but the keyboard's wrapping of the next one. */
		if (!extended)
			shift = down;
		return true;
	case KEY_CONTROL: control = down; return true;
	case KEY_ALT: alt = down; return true;
	case KEY_CAPS_LOCK: caps_lock ^= down; return true;
	case KEY_NUM_LOCK: num_lock ^= down; return true;
	}
	return false;
}

static void scan_code(uint8_t byte)
{
	if (byte == CODE_EXTENDED) {
		extended = true;
		return;
	}
	uint8_t code = byte & (uint8_t)~CODE_RELEASED;
	bool down = !(byte & CODE_RELEASED);
	if (!modifier(code, down) && down)
		press(code);
	extended = false;
}

static bool keyboard_interrupt(void *context)
{
	bool ours = false;
	uint8_t status;

	(void)context;
	while ((status = inb(STATUS_PORT)) & STATUS_OUTPUT_FULL) {
		uint8_t byte = inb(DATA_PORT);

		ours = true;
		if (!(status & STATUS_FROM_MOUSE))
			scan_code(byte);
	}
	if (ours)
		random_stir();
	return ours;
}

static bool wait_until_taken(void)
{
	for (unsigned i = 0; i < POLLS_MOST; i++)
		if (!(inb(STATUS_PORT) & STATUS_INPUT_FULL))
			return true;
	return false;
}

/* Throws away what waits, so that the first interrupt is for the first key. */
static void drain(void)
{
	for (unsigned i = 0; i < POLLS_MOST && inb(STATUS_PORT) & STATUS_OUTPUT_FULL; i++)
		inb(DATA_PORT);
}

static bool read_config(uint8_t *config)
{
	drain();
	if (!wait_until_taken())
		return false;
	outb(COMMAND_PORT, COMMAND_READ_CONFIG);
	for (unsigned i = 0; i < POLLS_MOST; i++) {
		if (inb(STATUS_PORT) & STATUS_OUTPUT_FULL) {
			*config = inb(DATA_PORT);
			return true;
		}
	}
	return false;
}

void keyboard_init(void)
{
	uint8_t config;

	if (inb(STATUS_PORT) == STATUS_ABSENT || !read_config(&config)) {
		log_quiet("keyboard: none");
		return;
	}
	config |= CONFIG_INTERRUPT | CONFIG_TRANSLATE;
	config &= (uint8_t)~CONFIG_DISABLED;
	outb(COMMAND_PORT, COMMAND_WRITE_CONFIG);
	if (wait_until_taken())
		outb(DATA_PORT, config);
	wait_until_taken();
	irq_register(KEYBOARD_IRQ, "i8042", keyboard_interrupt, NULL);
	drain();
}
