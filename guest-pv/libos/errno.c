/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor numbers its errors as Linux does, the C library as System V did; they agree up to
 * 34. Here is the rest.
 */
#include <libos.h>
#include <errno.h>
#include <xen/errno.h>

static const struct { int xen, libc; } map[] = {
	{ XEN_EDEADLK, EDEADLK }, { XEN_ENAMETOOLONG, ENAMETOOLONG }, { XEN_ENOLCK, ENOLCK },
	{ XEN_ENOSYS, ENOSYS }, { XEN_ENOTEMPTY, ENOTEMPTY }, { XEN_ENODATA, ENODATA },
	{ XEN_ETIME, ETIME }, { XEN_EBADMSG, EBADMSG }, { XEN_EOVERFLOW, EOVERFLOW },
	{ XEN_EILSEQ, EILSEQ }, { XEN_ENOTSOCK, ENOTSOCK }, { XEN_EMSGSIZE, EMSGSIZE },
	{ XEN_EOPNOTSUPP, EOPNOTSUPP }, { XEN_EADDRINUSE, EADDRINUSE },
	{ XEN_EADDRNOTAVAIL, EADDRNOTAVAIL }, { XEN_ENOBUFS, ENOBUFS },
	{ XEN_EISCONN, EISCONN }, { XEN_ENOTCONN, ENOTCONN }, { XEN_ETIMEDOUT, ETIMEDOUT },
	{ XEN_ECONNREFUSED, ECONNREFUSED },
};

long xen_result(long rc)
{
	if (rc >= 0 || rc < -4095)
		return rc;
	for (unsigned int i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (rc == -map[i].xen)
			return -map[i].libc;
	return rc >= -34 ? rc : -EIO;
}
