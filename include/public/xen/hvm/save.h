/* SPDX-License-Identifier: MIT */
/* The one HVM record that PV tools meet: a vcpu's machine-check state, inside ext_vcpucontext. */
#ifndef __XEN_PUBLIC_HVM_SAVE_H__
#define __XEN_PUBLIC_HVM_SAVE_H__

#include "../xen.h"

#ifndef __ASSEMBLY__
struct hvm_vmce_vcpu {
	uint64_t caps;			/* MCG_CAP */
	uint64_t mci_ctl2_bank0;
	uint64_t mci_ctl2_bank1;
	uint64_t mcg_ext_ctl;
};
#endif

#endif
