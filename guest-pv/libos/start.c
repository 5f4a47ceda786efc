/* SPDX-License-Identifier: MIT */
/*
 * From the first C instruction to main(). The order is the content: each line may use what the
 * lines above made ready, and nothing else.
 */
#include "sched.h"
#include "vm.h"
#include "files.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <kit/trap.h>
#include <kit/xenbus.h>

#define ARGS_MAX 64
#define GRANT_FRAMES 8

extern int main(int argc, char **argv);
void guest_start(struct start_info *si);

static char shared_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* Splits at blanks, in place; "double quotes" keep blanks together. */
static int split(char *s, char **argv, int max)
{
	int argc = 0;
	char *out;

	while (argc < max - 1) {
		bool quoted = false;

		while (isspace((unsigned char)*s))
			s++;
		if (!*s)
			break;
		argv[argc++] = out = s;
		for (; *s && (quoted || !isspace((unsigned char)*s)); s++) {
			if (*s == '"')
				quoted = !quoted;
			else
				*out++ = *s;
		}
		if (*s)
			s++;
		*out = 0;
	}
	argv[argc] = NULL;
	return argc;
}

/* The pages the builder mapped for us to talk to console and store through. */
static void *shared_ring(mfn_t mfn)
{
	pfn_t pfn = mfn_to_pfn(mfn);

	return pfn == PFN_NONE ? NULL : pfn_to_virt(pfn);
}

static void connect_store(void)
{
	void *page = start_info->store_evtchn ? shared_ring(start_info->store_mfn) : NULL;

	if (page)
		xenbus_init(page, start_info->store_evtchn);
}

void guest_start(struct start_info *si)
{
	static char *argv[ARGS_MAX];
	static char name[] = "guest";

	kit_init(si, shared_page);
	p2m_init((unsigned long *)si->mfn_list, si->nr_pages);
	pvconsole_init_early(start_info_is_dom0() ? NULL : shared_ring(si->console.domU.mfn));
	sched_init_early();	/* from here on there is a current thread, so the C library works */
	if (trap_init())	/* from here on faults are reported rather than fatal in silence */
		os_panic("the hypervisor refused the trap table or the callbacks");
	vm_init();		/* all memory mapped, malloc works */
	sched_init();		/* sleeping works */
	events_enable();
	if (pvconsole_init())
		os_panic("cannot bind the console's event channel");
	if (gnttab_init(GRANT_FRAMES))
		os_panic("cannot set up the grant table");
	connect_store();
	files_init((void *)si->mod_start, si->mod_len);

	argv[0] = name;
	exit(main(1 + split((char *)si->cmd_line, argv + 1, ARGS_MAX - 1), argv));
}

/* Also reached from the C library's exit, with stdio flushed: see newlib.c. */
void libos_shutdown(unsigned int reason)
{
	fflush(NULL);
	hypercall_shutdown(reason);
	os_panic("still running after shutdown %u", reason);
}
