/* SPDX-License-Identifier: MIT */
/*
 * The last lines of a broken program. The stack pointer may be anything by now: every page is looked
 * at in the page tables before a word of it is read, and the stack's end is an unmapped page.
 */
#include "crash.h"
#include "printk.h"
#include <libos.h>

#define WORDS_SHOWN 16
#define WORDS_SEARCHED 512
#define CALLS_SHOWN 16

extern char _image_start[], _text_end[];

static bool readable(const uint64_t *p)
{
	const pte_t *e = pt_root() ? pt_entry(p, 1) : NULL;	/* no root: not so far yet */

	return e && (*e & PTE_PRESENT);
}

static void show_words(const uint64_t *sp)
{
	for (unsigned int i = 0; i < WORDS_SHOWN && readable(&sp[i]); i++)
		printk("%s%016lx%s", i % 4 ? " " : "stack  ", sp[i], i % 4 == 3 ? "\n" : "");
}

/* Whatever points into the code: the calls that led here, and some that did not. */
static void show_calls(const uint64_t *sp)
{
	unsigned int i, shown = 0;

	printk("calls, newest first:");
	for (i = 0; i < WORDS_SEARCHED && shown < CALLS_SHOWN && readable(&sp[i]); i++)
		if (sp[i] >= (uintptr_t)_image_start && sp[i] < (uintptr_t)_text_end) {
			printk(" %lx", sp[i]);
			shown++;
		}
	printk("\n");
}

void crash(const void *sp)
{
	const uint64_t *words = (const uint64_t *)((uintptr_t)sp & ~7UL);

	show_words(words);
	show_calls(words);
	hypercall_shutdown(SHUTDOWN_crash);
	for (;;)
		events_block();
}
