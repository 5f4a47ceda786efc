/* SPDX-License-Identifier: MIT */
/* The client calls on transactions and domains. Contracts in xs.h. */
#include <stdio.h>
#include <stdlib.h>
#include "xs_call.h"

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	struct xs_part part = xs_text("");
	char *id = xs_body(xs_call(h, XS_TRANSACTION_START, XBT_NULL, &part, 1), NULL);
	xs_transaction_t t = id ? strtoul(id, NULL, 10) : XBT_NULL;

	free(id);
	return t;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
	struct xs_part part = xs_text(abort ? "F" : "T");

	return xs_done(xs_call(h, XS_TRANSACTION_END, t, &part, 1));
}

/* A request whose arguments are numbers, the way the protocol writes them. */
static struct msg *call_numbers(struct xs_handle *h, uint32_t type, const unsigned long *arg,
				unsigned int n)
{
	char digits[3][24];
	struct xs_part parts[3];
	unsigned int i;

	for (i = 0; i < n; i++) {
		snprintf(digits[i], sizeof(digits[i]), "%lu", arg[i]);
		parts[i] = xs_text(digits[i]);
	}
	return xs_call(h, type, XBT_NULL, parts, n);
}

bool xs_introduce_domain(struct xs_handle *h, unsigned int domid, unsigned long mfn,
			 unsigned int eventchn)
{
	unsigned long arg[] = { domid, mfn, eventchn };

	return xs_done(call_numbers(h, XS_INTRODUCE, arg, 3));
}

bool xs_release_domain(struct xs_handle *h, unsigned int domid)
{
	unsigned long arg = domid;

	return xs_done(call_numbers(h, XS_RELEASE, &arg, 1));
}

bool xs_resume_domain(struct xs_handle *h, unsigned int domid)
{
	unsigned long arg = domid;

	return xs_done(call_numbers(h, XS_RESUME, &arg, 1));
}

bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target)
{
	unsigned long arg[] = { domid, target };

	return xs_done(call_numbers(h, XS_SET_TARGET, arg, 2));
}

char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
	unsigned long arg = domid;

	return xs_body(call_numbers(h, XS_GET_DOMAIN_PATH, &arg, 1), NULL);
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
	unsigned long arg = domid;
	char *answer = xs_body(call_numbers(h, XS_IS_DOMAIN_INTRODUCED, &arg, 1), NULL);
	bool yes = answer && answer[0] == 'T';

	free(answer);
	return yes;
}

char *xs_control_command(struct xs_handle *h, const char *cmd, void *data, unsigned int len)
{
	struct xs_part parts[] = { xs_text(cmd), { data, len } };

	return xs_body(xs_call(h, XS_CONTROL, XBT_NULL, parts, data ? 2 : 1), NULL);
}
