/* SPDX-License-Identifier: MIT */
/*
 * xen_version: who the hypervisor is.
 *
 * Version 4.17; every string is terminated inside its buffer; the capability xen-3.0-x86_64 is
 * offered; the hypervisor's range starts where the ABI says; the features a 64-bit PV kernel relies
 * on are reported, those of translated guests are not, there is no second word of them; the page
 * size is 4096. Bad pointers give EFAULT, an unknown sub-operation ENOSYS.
 */
#include "test.h"

static const char *find(const char *s, const char *what)
{
	size_t n = __builtin_strlen(what);

	for (; *s; s++)
		if (__builtin_memcmp(s, what, n) == 0)
			return s;
	return NULL;
}

static bool terminated(const char *s, size_t size)
{
	while (size && *s)
		size--, s++;
	return size > 0;
}

static char text[1024];

static void check_strings(void)
{
	struct xen_compile_info info;

	__builtin_memset(text, 'x', sizeof(text));
	check_value("extraversion", hypercall_xen_version(XENVER_extraversion, text), 0);
	check("extraversion is terminated", terminated(text, sizeof(xen_extraversion_t)));
	__builtin_memset(text, 'x', sizeof(text));
	check_value("capabilities", hypercall_xen_version(XENVER_capabilities, text), 0);
	check("capabilities name xen-3.0-x86_64",
	      terminated(text, sizeof(text)) && find(text, "xen-3.0-x86_64"));
	__builtin_memset(&info, 'x', sizeof(info));
	check_value("compile_info", hypercall_xen_version(XENVER_compile_info, &info), 0);
	check("compile_info is terminated", terminated(info.compiler, sizeof(info.compiler)) &&
	      terminated(info.compile_date, sizeof(info.compile_date)));
	__builtin_memset(text, 'x', sizeof(text));
	check_value("changeset", hypercall_xen_version(XENVER_changeset, text), 0);
	check("changeset is terminated", terminated(text, sizeof(xen_changeset_info_t)));
	__builtin_memset(text, 'x', sizeof(text));
	check_value("commandline", hypercall_xen_version(XENVER_commandline, text), 0);
	check("commandline is the operator's",
	      terminated(text, sizeof(text)) && find(text, "dom0_mem=64M"));
}

static void check_features(void)
{
	struct xen_feature_info f = { .submap_idx = 0 };
	uint32_t need = 1u << XENFEAT_mmu_pt_update_preserve_ad |
			1u << XENFEAT_highmem_assist | 1u << XENFEAT_gnttab_map_avail_bits |
			1u << XENFEAT_dom0 | 1u << XENFEAT_pae_pgdir_above_4gb;

	check_value("get_features", hypercall_xen_version(XENVER_get_features, &f), 0);
	check_value("features of a PV initial domain", f.submap & need, need);
	check_value("what only translated guests have is absent", f.submap &
		    (1u << XENFEAT_writable_page_tables | 1u << XENFEAT_auto_translated_physmap |
		     1u << XENFEAT_supervisor_mode_kernel |
		     1u << XENFEAT_writable_descriptor_tables), 0);
	f.submap_idx = 1;
	check_value("features beyond the first word", hypercall_xen_version(XENVER_get_features, &f),
		    -XEN_EINVAL);
}

void test_main(void)
{
	struct xen_platform_parameters p = { 0 };
	unsigned char handle[16];
	void *wild = (void *)0x7ffffffff000;

	check_value("version", hypercall_xen_version(XENVER_version, NULL), 4 << 16 | 17);
	check_value("pagesize", hypercall_xen_version(XENVER_pagesize, NULL), 4096);
	check_value("platform_parameters",
		    hypercall_xen_version(XENVER_platform_parameters, &p), 0);
	check_value("the hypervisor's range starts at", p.virt_start, 0xffff800000000000);
	check_value("guest_handle", hypercall_xen_version(XENVER_guest_handle, handle), 0);
	check_strings();
	check_features();
	check_value("extraversion to a wild pointer",
		    hypercall_xen_version(XENVER_extraversion, wild), -XEN_EFAULT);
	check_value("extraversion to the hypervisor's memory",
		    hypercall_xen_version(XENVER_extraversion, (void *)0xffff820000000000), -XEN_EFAULT);
	check_value("get_features from a wild pointer",
		    hypercall_xen_version(XENVER_get_features, wild), -XEN_EFAULT);
	check_value("unknown sub-operation", hypercall_xen_version(99, text), -XEN_ENOSYS);
}
