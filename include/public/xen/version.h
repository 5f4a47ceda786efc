/* SPDX-License-Identifier: MIT */
/*
 * xen_version: who the hypervisor is and what it offers. Texts are NUL-terminated within their
 * array.
 */
#ifndef __XEN_PUBLIC_VERSION_H__
#define __XEN_PUBLIC_VERSION_H__

#include "xen.h"
#include "features.h"

#define XENVER_version 0		/* NULL: returns major << 16 | minor */
#define XENVER_extraversion 1		/* xen_extraversion_t */
#define XENVER_compile_info 2		/* xen_compile_info */
#define XENVER_capabilities 3		/* xen_capabilities_info_t */
#define XENVER_changeset 4		/* xen_changeset_info_t */
#define XENVER_platform_parameters 5	/* xen_platform_parameters */
#define XENVER_get_features 6		/* xen_feature_info */
#define XENVER_pagesize 7		/* NULL: returns 4096 */
#define XENVER_guest_handle 8		/* xen_domain_handle_t of the caller */
#define XENVER_commandline 9		/* xen_commandline_t */
#define XENVER_build_id 10		/* xen_build_id, or NULL: returns its length */

#ifndef __ASSEMBLY__
typedef char xen_extraversion_t[16];
#define XEN_EXTRAVERSION_LEN (sizeof(xen_extraversion_t))

struct xen_compile_info {
	char compiler[64];
	char compile_by[16];
	char compile_domain[32];
	char compile_date[32];
};
typedef struct xen_compile_info xen_compile_info_t;

typedef char xen_capabilities_info_t[1024];	/* guest types, each followed by a blank */
#define XEN_CAPABILITIES_INFO_LEN (sizeof(xen_capabilities_info_t))

typedef char xen_changeset_info_t[64];
#define XEN_CHANGESET_INFO_LEN (sizeof(xen_changeset_info_t))

struct xen_platform_parameters {
	xen_ulong_t virt_start;		/* where the hypervisor's address range begins */
};
typedef struct xen_platform_parameters xen_platform_parameters_t;

struct xen_feature_info {
	unsigned int submap_idx;	/* IN: 0 to XENFEAT_NR_SUBMAPS - 1 */
	uint32_t submap;		/* OUT: XENFEAT_* bits */
};
typedef struct xen_feature_info xen_feature_info_t;

typedef char xen_commandline_t[1024];

struct xen_build_id {
	uint32_t len;			/* IN: room in buf */
	unsigned char buf[XEN_FLEX_ARRAY_DIM];
};
typedef struct xen_build_id xen_build_id_t;
#endif

#endif
