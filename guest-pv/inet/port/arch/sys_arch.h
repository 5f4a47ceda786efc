/* SPDX-License-Identifier: MIT */
/* lwIP's threads, locks and mailboxes are the library OS's (sys_arch.c). */
#ifndef NET_ARCH_SYS_ARCH_H
#define NET_ARCH_SYS_ARCH_H

#include <libos.h>

typedef struct {
	struct semaphore s;
	bool valid;
} sys_sem_t;

typedef struct {
	struct mutex m;
	bool valid;
} sys_mutex_t;

/* A bounded queue of pointers; events are disabled while it is touched. */
typedef struct {
	void **slot;			/* NULL: not valid */
	unsigned int size, head, count;
	struct waitq readers, writers;
} sys_mbox_t;

typedef struct thread *sys_thread_t;
typedef bool sys_prot_t;

#define sys_sem_valid(s) ((s)->valid)
#define sys_sem_set_invalid(s) ((s)->valid = false)
#define sys_mutex_valid(m) ((m)->valid)
#define sys_mutex_set_invalid(m) ((m)->valid = false)
#define sys_mbox_valid(m) ((m)->slot != NULL)
#define sys_mbox_set_invalid(m) ((m)->slot = NULL)

#endif
