/* SPDX-License-Identifier: MIT */
/* The PS/2 keyboard, US layout: keys become the bytes that a terminal would send. */
#pragma once

void keyboard_init(void);
