/* SPDX-License-Identifier: MIT */
/* xen_version: what this hypervisor is, and which interface features a guest may count on. Any guest may
 * ask; the command line is dom0's alone. */
#include <xen/features.h>
#include <xen/version.h>
#include "boot.h"
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "lib.h"
#include "uaccess.h"

#define XEN_VERSION (4u << 16 | 17)

static long copy_out(uint64_t arg, const void *p, size_t n)
{
	void *to = (void *)arg;

	return guest_range_ok(to, n) && !copy_to_guest_bytes(to, p, n) ? 0 : -EFAULT;
}

static long compile_info(uint64_t arg)
{
	xen_compile_info_t info = { 0 };

	strlcpy(info.compiler, "gcc " __VERSION__, sizeof(info.compiler));
	strlcpy(info.compile_by, "parvus", sizeof(info.compile_by));
	strlcpy(info.compile_domain, "localdomain", sizeof(info.compile_domain));
	strlcpy(info.compile_date, "reproducible", sizeof(info.compile_date));
	return copy_out(arg, &info, sizeof(info));
}

static long features(uint64_t arg)
{
	const struct domain *d = current->domain;
	xen_feature_info_t *guest = (xen_feature_info_t *)arg, f;

	if (!guest_range_ok(guest, sizeof(f)) || copy_from_guest_bytes(&f, guest, sizeof(f)))
		return -EFAULT;
	if (f.submap_idx >= XENFEAT_NR_SUBMAPS)
		return -EINVAL;
	f.submap = 1u << XENFEAT_pae_pgdir_above_4gb | 1u << XENFEAT_mmu_pt_update_preserve_ad |
		   1u << XENFEAT_highmem_assist |
		   1u << XENFEAT_gnttab_map_avail_bits | 1u << XENFEAT_direct_mapped;
	if (d->privileged)
		f.submap |= 1u << XENFEAT_dom0 | 1u << XENFEAT_linux_rsdp_unrestricted;
	return copy_out(arg, &f, sizeof(f));
}

/* Strings of the ABI are fixed-size arrays, zero filled. */
static long copy_string(uint64_t arg, const char *s, size_t size)
{
	char buf[XEN_CAPABILITIES_INFO_LEN] = { 0 };

	strlcpy(buf, s, size);
	return copy_out(arg, buf, size);
}

static long tell(uint32_t cmd, uint64_t arg)
{
	const struct domain *d = current->domain;
	xen_platform_parameters_t params = { .virt_start = HV_VIRT_START };

	switch (cmd) {
	case XENVER_extraversion:
		return copy_string(arg, "-parvus", XEN_EXTRAVERSION_LEN);
	case XENVER_compile_info:
		return compile_info(arg);
	case XENVER_capabilities:
		return copy_string(arg, "xen-3.0-x86_64 ", XEN_CAPABILITIES_INFO_LEN);
	case XENVER_changeset:
		return copy_string(arg, "parvus", XEN_CHANGESET_INFO_LEN);
	case XENVER_platform_parameters:
		return copy_out(arg, &params, sizeof(params));
	case XENVER_get_features:
		return features(arg);
	case XENVER_pagesize:
		return PAGE_SIZE;
	case XENVER_guest_handle:
		return copy_out(arg, d->uuid, sizeof(d->uuid));
	case XENVER_commandline:
		return copy_string(arg, d->privileged ? boot_info.cmdline : "<denied>",
				   sizeof(xen_commandline_t));
	case XENVER_build_id:
		return d->privileged ? -ENODATA : -EPERM;
	}
	return -ENOSYS;
}

/* The version itself is what guests ask for to do nothing but come and go. */
long do_xen_version(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	(void)a3, (void)a4, (void)a5, (void)a6;
	return likely((uint32_t)cmd == XENVER_version) ? XEN_VERSION : tell(cmd, arg);
}
