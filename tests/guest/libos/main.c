/* SPDX-License-Identifier: MIT */
/*
 * The library OS, as a program sees it.
 *
 * Threads run, are preempted, sleep, join and end without leaking their memory; mutexes exclude and
 * hand over, conditions and semaphores wake and time out, recursive POSIX mutexes count; vector
 * registers and errno are each thread's own; malloc grows and serves threads at once; files come
 * from /tmp and directories list them; the initrd's are read-only; frames map and unmap, whatever the
 * page tables that threads make at once; ports can be waited for; the command line is argv; other vcpus run workers.
 *
 * Needs: dom0_max_vcpus=3
 */
#include <libos.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "check.h"


static unsigned int passed, failed;

void check(const char *name, bool ok)
{
	printf("%s %s\n", ok ? "ok" : "not ok", name);
	if (ok)
		passed++;
	else
		failed++;
}

/* --- Threads ---------------------------------------------------------------------------------- */
static volatile bool stop;
static volatile unsigned long spins[2];

static void spin(void *arg)
{
	while (!stop)
		spins[(long)arg]++;
}

static void check_preemption(void)
{
	struct thread *a = thread_create("spin0", spin, (void *)0);
	struct thread *b = thread_create("spin1", spin, (void *)1);

	thread_sleep_ns(100 * MS);
	stop = true;
	check("two threads that never yield both ran", spins[0] > 0 && spins[1] > 0);
	thread_join(a);
	thread_join(b);
}

static void own_registers(void *arg)
{
	double mine = (long)arg, x = mine;
	uint64_t end = time_now_ns() + 80 * MS;
	long wrong = 0;

	errno = (long)arg;
	while (time_now_ns() < end) {
		x = x * 3.0 / 3.0;
		if (x < mine - 0.001 || x > mine + 0.001 || errno != (long)arg)
			wrong++;
	}
	*(volatile long *)&spins[(long)arg - 1] = wrong;
}

static void check_thread_state(void)
{
	struct thread *t[2];

	for (long i = 0; i < 2; i++)
		t[i] = thread_create("state", own_registers, (void *)(i + 1));
	thread_join(t[0]);
	thread_join(t[1]);
	check("floating point and errno are each thread's own", spins[0] == 0 && spins[1] == 0);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void check_thread_memory(void)
{
	size_t before;
	unsigned int made = 0;

	thread_join(thread_create("first", nothing, NULL));
	before = pages_available();
	for (int i = 0; i < 200; i++) {
		struct thread *t = thread_create("many", nothing, NULL);

		if (!t)
			break;
		made++;
		if (i % 2)
			thread_detach(t);
		else
			thread_join(t);
		thread_yield();
	}
	thread_join(thread_create("last", nothing, NULL));
	check("200 threads can be made", made == 200);
	check("and leave no memory behind", pages_available() + 64 >= before);
	if (pages_available() + 64 < before)
		printf("# %zu pages before, %zu after\n", before, pages_available());
}

/* --- Locks ------------------------------------------------------------------------------------ */
static struct mutex mutex = MUTEX_INIT;
static struct cond cond = COND_INIT;
static struct semaphore sem = SEMAPHORE_INIT(0);
static long shared, turns;

static void add(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		mutex_lock(&mutex);
		shared++;
		if (i % 1000 == 0)
			thread_yield();		/* with the mutex held */
		mutex_unlock(&mutex);
	}
	(void)arg;
}

static void wait_turn(void *arg)
{
	mutex_lock(&mutex);
	while (turns != (long)arg)
		cond_wait(&cond, &mutex);
	turns++;
	cond_broadcast(&cond);
	mutex_unlock(&mutex);
}

static void raise_later(void *arg)
{
	thread_sleep_ns(20 * MS);
	semaphore_up(arg);
}

static volatile bool answered;

static void answer(void *arg)
{
	semaphore_down(arg);
	answered = true;
}

static void check_fairness(void)
{
	struct thread *t = thread_create("answer", answer, &sem);
	uint64_t end;

	thread_sleep_ns(30 * MS);	/* it waits, and no slice is running */
	end = time_now_ns() + 500 * MS;
	semaphore_up(&sem);
	while (!answered && time_now_ns() < end)
		;
	check("a woken thread runs though its waker never yields", answered);
	thread_join(t);
}

static void check_locks(void)
{
	struct thread *t[4];
	uint64_t start;
	long i;

	for (i = 0; i < 4; i++)
		t[i] = thread_create("add", add, NULL);
	for (i = 0; i < 4; i++)
		thread_join(t[i]);
	check("a mutex excludes", shared == 80000);
	for (i = 0; i < 4; i++)
		t[i] = thread_create("turn", wait_turn, (void *)(3 - i));
	for (i = 0; i < 4; i++)
		thread_join(t[i]);
	check("conditions wake those whose turn it is", turns == 4);
	mutex_lock(&mutex);
	start = time_now_ns();
	check("a condition times out", !cond_wait_until(&cond, &mutex, start + 20 * MS));
	check("not early", time_now_ns() >= start + 20 * MS);
	check("with the mutex held", !mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	check("a semaphore times out", !semaphore_down_until(&sem, time_now_ns() + 10 * MS));
	t[0] = thread_create("up", raise_later, &sem);
	check("and wakes", semaphore_down_until(&sem, time_now_ns() + 1000 * MS));
	thread_join(t[0]);
}

/* --- POSIX threads ---------------------------------------------------------------------------- */
static pthread_mutex_t pmutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t pcond = PTHREAD_COND_INITIALIZER;
static pthread_key_t key;
static sem_t posix_sem;
static int destroyed, once_runs;

static void destroy(void *value)
{
	destroyed += *(int *)value;
}

static void run_once(void)
{
	once_runs++;
}

static void *posix_body(void *arg)
{
	static int seven = 7;

	pthread_setspecific(key, &seven);
	pthread_mutex_lock(&pmutex);
	pthread_cond_signal(&pcond);
	pthread_mutex_unlock(&pmutex);
	return (char *)arg + 1;
}

static void check_posix(void)
{
	pthread_t t;
	void *result;
	pthread_mutexattr_t attr;
	pthread_mutex_t recursive;
	pthread_once_t once = PTHREAD_ONCE_INIT;
	struct timespec until;

	pthread_key_create(&key, destroy);
	pthread_mutex_lock(&pmutex);
	check("pthread_create", pthread_create(&t, NULL, posix_body, (void *)41) == 0);
	check("pthread_cond_wait", pthread_cond_wait(&pcond, &pmutex) == 0);
	pthread_mutex_unlock(&pmutex);
	check("pthread_join gives the result", pthread_join(t, &result) == 0 && result == (void *)42);
	check("destructors of thread values run", destroyed == 7);
	check("lock held already", pthread_mutex_lock(&pmutex) == 0 &&
	      pthread_mutex_lock(&pmutex) == EDEADLK);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 20 * MS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	check("timed wait ends", pthread_cond_timedwait(&pcond, &pmutex, &until) == ETIMEDOUT);
	pthread_mutex_unlock(&pmutex);
	check("unlock by another", pthread_mutex_unlock(&pmutex) == EPERM);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&recursive, &attr);
	check("recursive mutex", pthread_mutex_lock(&recursive) == 0 &&
	      pthread_mutex_lock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0 &&
	      pthread_mutex_destroy(&recursive) == EBUSY &&
	      pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_destroy(&recursive) == 0);
	check("sem_t", sem_init(&posix_sem, 0, 1) == 0 && sem_wait(&posix_sem) == 0 &&
	      sem_trywait(&posix_sem) < 0 && errno == EAGAIN && sem_timedwait(&posix_sem, &until) < 0 &&
	      errno == ETIMEDOUT && sem_post(&posix_sem) == 0 && sem_trywait(&posix_sem) == 0);
	pthread_once(&once, run_once);
	pthread_once(&once, run_once);
	check("pthread_once", once_runs == 1);
}

/* --- Memory ----------------------------------------------------------------------------------- */
static void churn(void *arg)
{
	unsigned int seed = (long)arg;
	char *block[32] = { NULL };
	long *wrong = &((long *)&shared)[0];

	for (int i = 0; i < 3000; i++) {
		unsigned int k = rand_r(&seed) % 32, size = 1 + rand_r(&seed) % 3000;

		if (block[k] && block[k][0] != (char)k)
			(*wrong)++;
		free(block[k]);
		block[k] = malloc(size);
		if (block[k])
			memset(block[k], k, size);
	}
	for (int k = 0; k < 32; k++)
		free(block[k]);
}

static void check_memory(void)
{
	struct thread *t[3];
	size_t before = pages_available();
	char *big, *pages;
	long i;

	shared = 0;
	for (i = 0; i < 3; i++)
		t[i] = thread_create("churn", churn, (void *)(i + 1));
	for (i = 0; i < 3; i++)
		thread_join(t[i]);
	check("malloc serves threads at once", shared == 0);
	big = malloc(8 << 20);
	check("8 MB", big != NULL);
	memset(big, 1, 8 << 20);
	check("took frames", pages_available() + (7 << 8) < before);
	free(big);
	errno = 0;
	check("more than there is: NULL", malloc(1UL << 34) == NULL && errno == ENOMEM);
	pages = pages_alloc(3);
	check("adjacent zeroed pages", pages && pages[0] == 0 && pages[3 * PAGE_SIZE - 1] == 0);
	pages_free(pages, 3);
	check("too many pages: NULL", pages_alloc(1UL << 30) == NULL);
}

static void check_frames(void)
{
	char *page = pages_alloc(2), *view;
	xen_pfn_t mfns[2] = { virt_to_mfn(page), virt_to_mfn(page + PAGE_SIZE) };

	strcpy(page + PAGE_SIZE, "seen");
	view = frames_map(mfns, 2, PTE_RO, DOMID_SELF);
	check("own frames map", view && strcmp(view + PAGE_SIZE, "seen") == 0);
	frames_unmap(view, 2);
	mfns[1] = pte_mfn(pt_root()[pt_index(MACH2PHYS_VIRT_START, PT_LEVELS)]);
	errno = 0;
	check("one frame of the hypervisor: none mapped",
	      !frames_map(mfns, 2, PTE_RW, DOMID_SELF) && errno);
	pages_free(page, 2);
}

/* --- Events ----------------------------------------------------------------------------------- */
/* Ranges of several threads meet in the same page tables, which are made when the first of them is. Threads that are
 * interrupted all the time take ranges that are new, and none loses what it mapped. */
#define TAKERS 3
#define RANGES 300
#define RANGE_PAGES 500

static char *range[TAKERS][RANGES];

static void take_ranges(void *arg)
{
	char **mine = arg;
	mfn_t mfn = virt_to_mfn(pt_root());

	for (int i = 0; i < RANGES; i++) {
		mine[i] = os_va_alloc(RANGE_PAGES);
		if (mine[i] && pt_map(mine[i], &mfn, 1, PTE_RO | PTE_NX, DOMID_SELF)) {
			os_va_free(mine[i], RANGE_PAGES);
			mine[i] = NULL;
		}
	}
}

static void interrupt(void *arg)
{
	(void)arg;
	while (!stop)
		thread_sleep_ns(3000);
}

static unsigned int give_back(char **mine)
{
	unsigned int lost = 0;

	for (int i = 0; i < RANGES; i++) {
		if (!mine[i] || !(*pt_entry(mine[i], 1) & PTE_PRESENT))
			lost++;
		if (mine[i] && !pt_unmap(mine[i], 1))
			os_va_free(mine[i], RANGE_PAGES);
	}
	return lost;
}

static void check_tables(void)
{
	struct thread *taker[TAKERS], *clock;
	unsigned int lost = 0;

	stop = false;
	clock = thread_create("interrupt", interrupt, NULL);
	for (int i = 0; i < TAKERS; i++)
		taker[i] = thread_create("taker", take_ranges, range[i]);
	for (int i = 0; i < TAKERS; i++)
		thread_join(taker[i]);
	stop = true;
	thread_join(clock);
	for (int i = 0; i < TAKERS; i++)
		lost += give_back(range[i]);
	check("threads that take addresses at once keep their mappings", lost == 0);
	if (lost)
		printf("# %u lost\n", lost);
}

static evtchn_port_t ours, theirs;

static void send_later(void *arg)
{
	(void)arg;
	thread_sleep_ns(20 * MS);
	evtchn_send(theirs);
}

static void check_ports(void)
{
	struct thread *t;

	evtchn_alloc_unbound(DOMID_SELF, &ours);
	check("bind to ourselves", evtchn_bind_interdomain(DOMID_SELF, ours, &theirs) == 0 ||
	      evtchn_bind_interdomain(start_info_domid(), ours, &theirs) == 0);
	check("no event, no wake", !evtchn_wait(ours, time_now_ns() + 10 * MS));
	t = thread_create("send", send_later, NULL);
	check("an event wakes", evtchn_wait(ours, time_now_ns() + 1000 * MS));
	thread_join(t);
	evtchn_send(theirs);
	check("one sent before the wait is not lost", evtchn_wait(ours, time_now_ns() + 10 * MS));
	check("and comes once", !evtchn_wait(ours, time_now_ns() + 10 * MS));
	evtchn_close(ours);
	evtchn_close(theirs);
}

static void check_grants(void)
{
	char *page = pages_alloc(1);
	struct gnttab_mapping m;
	int ref = gnttab_grant(start_info_domid(), virt_to_mfn(page), false);

	check("grant a page", ref > 0);
	check("map it", gnttab_map(&m, start_info_domid(), ref, false) == GNTST_okay);
	strcpy(m.va, "granted");
	check("it is the page", strcmp(page, "granted") == 0);
	check("it cannot be withdrawn while mapped", gnttab_end(ref) < 0);
	check("unmap it", gnttab_unmap(&m) == GNTST_okay);
	check("now it can", gnttab_end(ref) == 0);
	pages_free(page, 1);
}

/* --- Files ------------------------------------------------------------------------------------ */
static void check_files(void)
{
	char text[64] = "";
	struct stat st;
	struct dirent *e;
	DIR *d;
	int found = 0;
	FILE *f = fopen("/tmp/a", "w+");

	check("make a file", f != NULL);
	fprintf(f, "line one\nline %d\n", 2);
	rewind(f);
	check("read it back", fgets(text, sizeof(text), f) && strcmp(text, "line one\n") == 0);
	fclose(f);
	check("its size", stat("/tmp/a", &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 16);
	f = fopen("/tmp/a", "a");
	fputs("more", f);
	fclose(f);
	check("appending", stat("/tmp/a", &st) == 0 && st.st_size == 20);
	check("a directory", mkdir("/tmp/d", 0777) == 0 && stat("/tmp/d", &st) == 0 &&
	      S_ISDIR(st.st_mode));
	check("rename into it", rename("/tmp/a", "/tmp/d/b") == 0 && stat("/tmp/a", &st) < 0);
	d = opendir("/tmp/d");
	while (d && (e = readdir(d)))
		found += strcmp(e->d_name, "b") == 0 && e->d_type == DT_REG;
	check("listed", found == 1);
	closedir(d);
	check("a full directory stays", unlink("/tmp/d") < 0 && errno == ENOTEMPTY);
	check("remove", unlink("/tmp/d/b") == 0 && unlink("/tmp/d") == 0 && stat("/tmp/d", &st) < 0);
	check("no such file", open("/tmp/none", O_RDONLY) < 0 && errno == ENOENT);
	check("no files outside /tmp", open("/new", O_WRONLY | O_CREAT, 0666) < 0 && errno == EROFS);
	check("nor a new /tmp", unlink("/tmp") < 0 && errno == EROFS);
	f = fopen("/tmp/far", "w");
	check("no file of absurd size", fseek(f, 1L << 50, SEEK_SET) == 0 && fputc('x', f) == 'x' &&
	      fflush(f) == EOF && errno == EFBIG);
	fclose(f);
	check("a bad descriptor", write(33, "x", 1) < 0 && errno == EBADF);
	check("the console is a terminal", isatty(1) == 1);
}

static void check_numbers(void)
{
	char text[80];

	snprintf(text, sizeof(text), "%5.2f %lld %zu %s", 3.14159, -5LL, (size_t)7, "x");
	check("printf", strcmp(text, " 3.14 -5 7 x") == 0);
	check("strtod, strtoul", strtod("2.5", NULL) == 2.5 && strtoul("0x1f", NULL, 0) == 31);
}

int main(int argc, char **argv)
{
	check("arguments", argc == 4 && strcmp(argv[1], "test") == 0 && strcmp(argv[3], "two") == 0);
	check_preemption();
	check_thread_state();
	check_thread_memory();
	check_locks();
	check_fairness();
	check_posix();
	check_memory();
	check_frames();
	check_tables();
	check_ports();
	check_grants();
	check_files();
	check_numbers();
	check_workers();
	printf("end of test: %u ok, %u not ok\n", passed, failed);
	return 0;
}
