/* SPDX-License-Identifier: MIT */
/*
 * The block backend's side of a guest's ring, and the tables of a disk. The first bytes say which way the device is connected;
 * then come steps of three bytes: write a byte of the ring's pages, move the producer's index, grant or revoke, or
 * let the backend and the disk do their work. Whatever comes, nothing of the guest's is mapped at the end.
 */
#include <stdlib.h>
#include <string.h>
#include "fake.h"

static void step(struct vbd *v, struct will *w, const uint8_t *in)
{
	struct blkif_sring *sring = v->pages;

	switch (in[0] % 8) {
	case 0:
		sring->req_prod = v->ring.back.req_cons + in[1] % 4;
		break;
	case 1:
		fake.grant[in[1] % GUEST_PAGES].granted ^= true;
		break;
	case 2:
		vbd_round(v);
		break;
	case 3:
		if (w->nr_waiting)
			will_end(w, in[1] % w->nr_waiting);
		break;
	default:		/* a request's fields, mostly; sometimes the indices */
		fake.memory[in[1] + (in[0] >> 6) * 112] = (char)in[2];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct will w;
	struct vbd *v;

	if (size < 2)
		return 0;
	fake_reset();
	will_make(&w, 2048, data[0] & 1);
	w.at_once = data[0] & 2;
	for (unsigned int i = 0; i < GUEST_PAGES; i++)
		fake_grant(i, i, data[1] & 1 && i & 1);
	((struct blkif_sring *)fake.memory)->req_event = 1;
	v = fake_connect("will", VBD_MAP, data[0] & 4, data[0] & 8 ? 4 : 1);
	for (size_t i = 2; i + 3 <= size; i += 3)
		step(v, &w, data + i);
	vbd_round(v);
	fake_disconnect(v);
	will_free(&w);
	if (fake.mapped || fake.areas)
		abort();
	return 0;
}
