/* SPDX-License-Identifier: MIT */
/*
 * Pins for those who can afford a call, and what is said of one refused. Whoever asks for what it does not get fills
 * its own share of the log, not the granter's.
 */
#include "pin.h"

int64_t grant_pin(struct domain *rd, uint16_t who, uint32_t ref, bool rw)
{
	return rw ? pin_take(rd, who, ref, true) : pin_take(rd, who, ref, false);
}

void grant_unpin(struct domain *rd, uint32_t ref, bool rw)
{
	rw ? pin_drop(rd, ref, true) : pin_drop(rd, ref, false);
}

__attribute__((cold)) int16_t pin_out_of_range(const struct domain *rd, uint32_t ref)
{
	guest_log(LOG_WARN, "refused grant %u of d%u: it has %u\n", ref, rd->id, grant_nr_entries(rd->grant));
	return GNTST_bad_gntref;
}

__attribute__((cold)) int16_t pin_refuse(const struct domain *rd, uint32_t ref, const char *why)
{
	guest_log(LOG_WARN, "refused grant %u of d%u: %s\n", ref, rd->id, why);
	return GNTST_general_error;
}

__attribute__((cold)) int16_t pin_explain(const struct domain *rd, uint32_t ref, uint32_t entry, uint16_t who)
{
	if ((entry & (GTF_type_mask | GTF_sub_page)) != GTF_permit_access)
		return pin_refuse(rd, ref, "the entry permits no access to a whole frame");
	return pin_refuse(rd, ref, entry >> 16 != who ? "the entry is for another domain" : "the entry is read-only");
}

__attribute__((cold)) int16_t pin_no_frame(const struct domain *rd, uint32_t ref, int err)
{
	if (err == -EBUSY)
		return pin_refuse(rd, ref, "the frame cannot be written, it has another type");
	pin_refuse(rd, ref, "the frame is not the granter's");
	return GNTST_bad_page;
}
