/* SPDX-License-Identifier: MIT */
/*
 * A guest that does what its command line says, word by word, so that a system test can bring a
 * domain into the state it wants to look at. A word is ACTION or ACTION:ARGUMENT; see the table
 * at the end. It returns from main (a clean power-off) when there is no word left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libos.h>
#include <kit/vcpu.h>
#include <kit/xenbus.h>

static void probe_say(const char *text)
{
	printf("%s\n", text);
}

static void probe_flood(const char *lines)
{
	for (int i = 1; i <= atoi(lines); i++)
		printf("flood line %d\n", i);
}

/* Echoes lines typed at the console until one is "end". */
static void probe_echo(const char *arg)
{
	char line[200];

	(void)arg;
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "end\n"))
		printf("you typed: %s", line);
}

/* The reason that a word in control/shutdown asks for. */
static unsigned int probe_reason(const char *request)
{
	if (!strcmp(request, "reboot"))
		return SHUTDOWN_reboot;
	return strcmp(request, "crash") ? SHUTDOWN_poweroff : SHUTDOWN_crash;
}

/* As a well-behaved guest does: sleeps until the toolstack asks for an end, and obeys. */
static void probe_wait(const char *arg)
{
	struct xenbus_watch watch;
	char request[32];

	(void)arg;
	if (xenbus_watch(&watch, "control/shutdown")) {
		printf("no watch\n");
		return;
	}
	printf("waiting\n");
	for (;;) {
		xenbus_watch_wait(&watch, OS_FOREVER);
		if (xenbus_read(XENBUS_NO_TX, "control/shutdown", request, sizeof(request)) <= 0)
			continue;
		xenbus_write(XENBUS_NO_TX, "control/shutdown", "");
		printf("asked for %s\n", request);
		libos_shutdown(probe_reason(request));
	}
}

static void probe_shutdown(const char *reason)
{
	libos_shutdown(atoi(reason));
}

static void probe_fault(const char *address)
{
	*(volatile int *)strtoul(address, NULL, 16) = 1;
}

static void probe_ud(const char *arg)
{
	(void)arg;
	__asm__ volatile("ud2");
}

static volatile int watched;

/* Steps over a store to a word that is watched: two debug exceptions, which some processors do not make one. With DF set,
 * which none of them clears for the hypervisor. */
static void probe_debug(const char *arg)
{
	(void)arg;
	hypercall_set_debugreg(0, (unsigned long)&watched);
	hypercall_set_debugreg(7, 0xd0001);
	__asm__ volatile("pushfq; orq $0x500, (%%rsp); popfq; movl $1, %0; nop; cld" : "=m" (watched) :: "cc");
}

/* Asks for a writable mapping of its own top-level page table, which must be refused. */
static void probe_refused(const char *arg)
{
	void *page = pages_alloc(1);
	pte_t own_root = pte_make(virt_to_mfn((void *)start_info->pt_base), PTE_RW);

	(void)arg;
	printf("refused with %d\n", hypercall_update_va_mapping(page, own_root, UVMF_INVLPG));
}

static void probe_spin(const char *arg)
{
	(void)arg;
	printf("spinning\n");
	for (;;)
		;
}

#define SOON 50000			/* cycles: longer than a look at a variable takes */

static unsigned int awaited;		/* vcpus that have not come to the meeting */
static uint64_t moment;			/* of the cycle counter, set by the last that came */

/* Not before all are here, and then as much at once as they can. */
static void meet_and_go_down(void *id)
{
	if (!__atomic_sub_fetch(&awaited, 1, __ATOMIC_SEQ_CST))
		__atomic_store_n(&moment, __builtin_ia32_rdtsc() + SOON, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&moment, __ATOMIC_SEQ_CST))
		;
	while (__builtin_ia32_rdtsc() < moment)
		;
	hypercall_vcpu_op(VCPUOP_down, (unsigned int)(unsigned long)id, NULL);
}

/* All vcpus go down at the same moment: each may find that it is the last, one has to. */
static void probe_down(const char *arg)
{
	(void)arg;
	awaited = vcpu_count();
	for (unsigned long id = awaited - 1; id; id--) {
		struct vcpu_start how = {
			.entry = meet_and_go_down, .arg = (void *)id, .stack_end = (char *)pages_alloc(1) + PAGE_SIZE,
		};

		if (vcpu_start((unsigned int)id, &how))
			printf("vcpu %lu does not start\n", id);
	}
	meet_and_go_down(NULL);
	printf("still here\n");
	for (;;)
		;
}

static const struct action {
	const char *name;
	void (*act)(const char *argument);
} actions[] = {
	{ "say", probe_say },			/* TEXT (no blanks) */
	{ "flood", probe_flood },		/* number of lines */
	{ "echo", probe_echo },
	{ "wait", probe_wait },
	{ "shutdown", probe_shutdown },		/* number of the reason */
	{ "fault", probe_fault },		/* address to write to, in hex */
	{ "ud", probe_ud },
	{ "debug", probe_debug },
	{ "down", probe_down },
	{ "refused", probe_refused },
	{ "spin", probe_spin },
};

int main(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		char *argument = strchr(argv[i], ':');
		size_t length = argument ? (size_t)(argument++ - argv[i]) : strlen(argv[i]);

		for (size_t a = 0; a < sizeof(actions) / sizeof(actions[0]); a++)
			if (strlen(actions[a].name) == length &&
			    !strncmp(actions[a].name, argv[i], length))
				actions[a].act(argument ? argument : "");
	}
	return 0;
}
