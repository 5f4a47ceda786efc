/* SPDX-License-Identifier: MIT */
/* The library OS in one page: memory, a thread, time, the store, and the operator's wishes. */
#include <libos.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <kit/xenbus.h>

static void count(void *arg)
{
	for (int i = 1; i <= 3; i++, usleep(100000))
		printf("%s: %d\n", (char *)arg, i);
}

int main(int argc, char **argv)
{
	const char *end = argc > 1 ? argv[1] : "wait";
	char name[64] = "(no store)", wish[32] = "";
	struct xenbus_watch watch;
	struct thread *t;

	printf("Hello from domain %d with %zu MB\n", start_info_domid(), pages_total() >> 8);
	t = thread_create("counter", count, "thread");
	thread_join(t);
	xenbus_read(XENBUS_NO_TX, "name", name, sizeof(name));
	printf("my name is %s, up for %.1f s\n", name, time_now_ns() / 1e9);
	if (strcmp(end, "crash") == 0)
		__builtin_trap();
	if (strcmp(end, "wait") == 0 && xenbus_watch(&watch, "control/shutdown") == 0)
		for (end = ""; !*end; end = wish) {
			xenbus_watch_wait(&watch, OS_FOREVER);
			xenbus_read(XENBUS_NO_TX, "control/shutdown", wish, sizeof(wish));
		}
	xenbus_write(XENBUS_NO_TX, "control/shutdown", "");	/* seen */
	printf("bye: %s\n", end);
	libos_shutdown(strcmp(end, "reboot") ? SHUTDOWN_poweroff : SHUTDOWN_reboot);
}
