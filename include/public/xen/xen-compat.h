/* SPDX-License-Identifier: MIT */
/*
 * Interface versions. A source says which spelling of the ABI it was written for by defining
 * __XEN_INTERFACE_VERSION__ (0xMMMMmmpp: major, minor, patch); names and a few field types follow
 * it, the binary layout does not. Tools and hypervisor always see the latest. Unlike Xen's headers,
 * a source that says nothing gets the latest too; versions before 3.2.5 are refused.
 */
#ifndef __XEN_PUBLIC_XEN_COMPAT_H__
#define __XEN_PUBLIC_XEN_COMPAT_H__

#define __XEN_LATEST_INTERFACE_VERSION__ 0x00040e00

#if defined(__XEN__) || defined(__XEN_TOOLS__)
#undef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#elif !defined(__XEN_INTERFACE_VERSION__)
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#endif

#if __XEN_INTERFACE_VERSION__ > __XEN_LATEST_INTERFACE_VERSION__
#error "__XEN_INTERFACE_VERSION__ is newer than these headers"
#elif __XEN_INTERFACE_VERSION__ < 0x00030205
#error "__XEN_INTERFACE_VERSION__ before 0x00030205 is not supported"
#endif

#define COMPAT_FLEX_ARRAY_DIM XEN_FLEX_ARRAY_DIM

#endif
