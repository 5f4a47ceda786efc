/* SPDX-License-Identifier: MIT */
/*
 * The other guest, while hostile ones take all there is: it sleeps a little, asks the store a little, and says how long
 * it was kept waiting beyond what it asked for. Arguments: for how many seconds, and the longest wait that it
 * stands for, in milliseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <libos.h>
#include <kit/xenbus.h>

#define NAP_MS 3

struct waits {
	const char *what;
	uint64_t worst, sum;
	unsigned long n;
};

static void note(struct waits *w, uint64_t ns)
{
	w->worst = ns > w->worst ? ns : w->worst;
	w->sum += ns;
	w->n++;
}

static bool tell(const struct waits *w, uint64_t limit_ns)
{
	bool ok = w->n > 10 && w->worst < limit_ns;

	printf("# %s: %lu times, %lu us on average, %lu us at worst\n", w->what, w->n, w->n ? w->sum / w->n / 1000 : 0,
	       w->worst / 1000);
	printf("%s %s\n", ok ? "ok" : "not ok", w->what);
	return ok;
}

int main(int argc, char **argv)
{
	uint64_t limit = argc > 2 ? strtoul(argv[2], NULL, 10) * 1000000ULL : 0, t = time_now_ns();
	uint64_t end = t + (argc > 1 ? strtoul(argv[1], NULL, 10) : 0) * 1000000000ULL;
	struct waits wakes = { .what = "woken late" }, answers = { .what = "answered by the store" };
	char name[64];
	int ok;

	while (t < end) {
		thread_sleep_ns(NAP_MS * 1000000ULL);
		note(&wakes, time_now_ns() - t - NAP_MS * 1000000ULL);
		t = time_now_ns();
		if (xenbus_read(XENBUS_NO_TX, "name", name, sizeof(name)) < 0)
			break;
		note(&answers, time_now_ns() - t);
		t = time_now_ns();
	}
	ok = tell(&wakes, limit) + tell(&answers, limit);
	printf("end of test: %d ok, %d not ok\n", ok, 2 - ok);
	libos_shutdown(SHUTDOWN_poweroff);
}
