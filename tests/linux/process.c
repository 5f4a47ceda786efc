/* SPDX-License-Identifier: MIT */
/* Processes: fork, execute, exit; pipes between them; threads with storage of their own. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "stress.h"

#define BURST 8

static int spawn(bool exec)
{
	int pid = fork();

	if (pid)
		return pid;
	if (exec)
		execl("/proc/self/exe", "stress", "nothing", (char *)NULL);
	_exit(exec);
}

long forks(void)
{
	int child[BURST];
	long n;

	for (n = 0; !ends(); n++) {
		for (int i = 0; i < BURST; i++)
			child[i] = spawn(i & 1);
		for (int i = 0; i < BURST; i++)
			reap(child[i]);
	}
	return n;
}

static void feed(int fd, unsigned int seed, size_t size)
{
	uint8_t block[3000];

	while (size) {
		size_t n = size < sizeof(block) ? size : sizeof(block);

		for (size_t i = 0; i < n; i++)
			block[i] = (uint8_t)(rand_r(&seed) >> 8);
		if (write(fd, block, n) != (ssize_t)n)
			_exit(1);
		size -= n;
	}
	_exit(0);
}

static void check(int fd, unsigned int seed, size_t size)
{
	uint8_t block[5000];
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0)
		for (ssize_t i = 0; i < n; i++, size--)
			if (!size || block[i] != (uint8_t)(rand_r(&seed) >> 8))
				fail("a byte of the pipe is wrong, %zu before its end", size);
	if (n || size)
		fail("the pipe ended %zu bytes early", size);
}

long pipes(void)
{
	long n;

	for (n = 0; !ends(); n++) {
		int ends_of[2], pid;

		if (pipe(ends_of))
			fail("pipe");
		pid = fork();
		if (!pid) {
			close(ends_of[0]);
			feed(ends_of[1], (unsigned int)n, 200000);
		}
		close(ends_of[1]);
		check(ends_of[0], (unsigned int)n, 200000);
		close(ends_of[0]);
		reap(pid);
	}
	return n;
}

static __thread long mine;

static void *thread(void *value)
{
	for (int i = 0; i < 200; i++) {
		mine = (long)value;
		usleep(i % 50 ? 0 : 1);
		if (mine != (long)value)
			fail("a thread sees another one's storage");
	}
	return value;
}

long threads(void)
{
	pthread_t id[BURST];
	void *value;
	long n;

	for (n = 0; !ends(); n++) {
		for (long i = 0; i < BURST; i++)
			if (pthread_create(&id[i], NULL, thread, (void *)(n * BURST + i)))
				fail("pthread_create");
		for (long i = 0; i < BURST; i++)
			if (pthread_join(id[i], &value) || value != (void *)(n * BURST + i))
				fail("pthread_join");
	}
	return n;
}
