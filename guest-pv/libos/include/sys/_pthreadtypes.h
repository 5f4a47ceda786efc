/* SPDX-License-Identifier: MIT */
/*
 * Types of <pthread.h>, where the C library's <sys/types.h> looks for them. Over libos.h's threads.
 */
#ifndef LIBOS_PTHREADTYPES_H
#define LIBOS_PTHREADTYPES_H

struct thread;

typedef struct thread *pthread_t;
typedef struct { int detached; } pthread_attr_t;

/* Same shapes as struct mutex and struct cond, with an owner's depth for recursive ones. */
typedef struct {
	struct thread *owner;
	void *waiters[2];
	unsigned int depth;
	unsigned char recursive;
} pthread_mutex_t;
typedef struct { int recursive; } pthread_mutexattr_t;
typedef struct { void *waiters[2]; } pthread_cond_t;
typedef struct { int clock; } pthread_condattr_t;
typedef unsigned int pthread_key_t;
typedef struct { int done; } pthread_once_t;

#endif
