/* SPDX-License-Identifier: MIT */
/* The 80x25 text screen, for console=vga. Guarded by the console lock. */
#include "boot.h"
#include "lib.h"
#include "mm.h"
#include "x86.h"

#define COLS 80
#define ROWS 25
#define BLANK 0x0720			/* light grey space */
#define CRTC_INDEX 0x3d4
#define CRTC_DATA 0x3d5

static uint16_t *screen;
static unsigned col;

static void new_line(void)
{
	col = 0;
	memmove(screen, screen + COLS, (ROWS - 1) * COLS * sizeof(*screen));
	for (unsigned i = 0; i < COLS; i++)
		screen[(ROWS - 1) * COLS + i] = BLANK;
}

static void set_cursor(void)
{
	unsigned at = (ROWS - 1) * COLS + col;

	outb(CRTC_INDEX, 0x0e);
	outb(CRTC_DATA, at >> 8);
	outb(CRTC_INDEX, 0x0f);
	outb(CRTC_DATA, at & 0xff);
}

bool __init vga_init(void)
{
	screen = ioremap(0xb8000, COLS * ROWS * sizeof(*screen), true);
	if (!screen)
		return false;
	for (unsigned i = 0; i < COLS * ROWS; i++)
		screen[i] = BLANK;
	return true;
}

void vga_write(const char *s, size_t n)
{
	if (!screen)
		return;
	for (; n--; s++) {
		if (*s == '\n' || col == COLS)
			new_line();
		if (*s == '\r')
			col = 0;
		else if (*s == '\b')
			col -= col > 0;
		else if (*s != '\n')
			screen[(ROWS - 1) * COLS + col++] = (BLANK & 0xff00) | (unsigned char)*s;
	}
	set_cursor();
}
