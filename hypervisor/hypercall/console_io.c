/* SPDX-License-Identifier: MIT */
/* console_io: text of guests to the console, and the console's input to dom0. */
#include "boot.h"
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "lib.h"
#include "uaccess.h"

#define CHUNK 128

static long console_write_op(const char *text, uint32_t count)
{
	struct hypercall_cont *cont = &current->cont;
	char buf[CHUNK];

	while (cont->done < count) {
		size_t n = MIN(count - cont->done, (uint64_t)CHUNK);

		if (copy_from_guest_bytes(buf, text + cont->done, n))
			return -EFAULT;
		console_guest_write(current->domain, buf, n);
		cont->done += n;
		if (cont->done < count && preempt_needed())
			return -ERESTART;
	}
	return 0;
}

static long console_read_op(char *to, uint32_t count)
{
	char buf[CHUNK];
	size_t total = 0, n;

	do {
		n = console_guest_read(buf, MIN(count - total, sizeof(buf)));
		if (copy_to_guest_bytes(to + total, buf, n))
			return -EFAULT;
		total += n;
	} while (n == sizeof(buf) && total < count);
	return total;
}

long do_console_io(uint64_t cmd, uint64_t count, uint64_t buffer, uint64_t a4, uint64_t a5, uint64_t a6)
{
	(void)a4, (void)a5, (void)a6;
	count = (uint32_t)count;
	if (count > INT32_MAX)
		return -EINVAL;
	if (!guest_range_ok((void *)buffer, count))
		return -EFAULT;
	switch ((uint32_t)cmd) {
	case CONSOLEIO_write:
		return console_write_op((const char *)buffer, count);
	case CONSOLEIO_read:
		return current->domain->privileged ? console_read_op((char *)buffer, count) : -EPERM;
	}
	return -ENOSYS;
}
