/* SPDX-License-Identifier: MIT */
/* As the control domain a hostile guest can have the hypervisor audit itself, at moments of its own choice; the
 * runner reads what it says. As another domain it cannot, and the runner asks for audits. */
#ifndef SELF_AUDIT_H
#define SELF_AUDIT_H

#include <xen/sysctl.h>

static inline void self_audit(void)
{
	static char key = 'a';
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_debug_keys,
				.interface_version = XEN_SYSCTL_INTERFACE_VERSION,
				.u.debug_keys.nr_keys = 1 };

	if (!start_info_is_dom0())
		return;
	set_xen_guest_handle(s.u.debug_keys.keys, &key);
	check_value("audit", hypercall_sysctl(&s), 0);
}

#endif
