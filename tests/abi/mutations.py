# SPDX-License-Identifier: MIT
"""Mistakes to be made in a copy of the headers, and the beginning of the line that must report each.

In `header` the first `old` is replaced by `new`.
"""
import collections

Mutation = collections.namedtuple("Mutation", "title header old new notice")

MUTATIONS = (
    Mutation("a constant", "event_channel.h", "#define EVTCHNOP_send 4", "#define EVTCHNOP_send 5",
             "macro EVTCHNOP_send:"),
    Mutation("an enumerator", "io/xs_wire.h", "XS_WATCH_EVENT = 15", "XS_WATCH_EVENT = 24",
             "constant XS_WATCH_EVENT:"),
    Mutation("the suffix of a constant", "grant_table.h", "#define GTF_accept_transfer (2U << 0)",
             "#define GTF_accept_transfer (2 << 0)", "macro GTF_accept_transfer:"),
    Mutation("a macro with an argument", "memory.h", "(((x) + 1) << 8)", "((x) << 8)", "macro XENMEMF_node(1):"),
    Mutation("a text", "io/protocols.h", '"x86_64-abi"', '"x86-64-abi"', "macro XEN_IO_PROTO_ABI_X86_64:"),
    Mutation("a size", "io/console.h", "char out[2048]", "char out[4096]", "type struct xencons_interface:"),
    Mutation("an offset", "grant_table.h",
             "\tuint32_t flags;\t\t\t/* IN: GNTMAP_* */\n\tgrant_ref_t ref;\t\t/* IN */\n",
             "\tgrant_ref_t ref;\n\tuint32_t flags;\n", "field struct gnttab_map_grant_ref.ref:"),
    Mutation("an offset in an unnamed structure", "domctl.h", "uint32_t nr_vcpus;\n\t\t\tuint32_t padding;",
             "uint32_t padding;\n\t\t\tuint32_t nr_vcpus;", "field struct xen_domctl_scheduler_op.u.v.nr_vcpus:"),
    Mutation("a field's signedness", "grant_table.h", "int16_t status;\t\t\t/* OUT */\n\tgrant_handle_t",
             "uint16_t status;\t\t/* OUT */\n\tgrant_handle_t", "field struct gnttab_map_grant_ref.status:"),
    Mutation("a field Xen does not have", "sched.h", "\tunsigned int reason;\t\t/* SHUTDOWN_* */\n};\ntypedef",
             "\tunion { unsigned int reason, why; };\n};\ntypedef", "field struct sched_shutdown.why:"),
    Mutation("a constant Xen does not have", "vcpu.h", "#define VCPUOP_up 1",
             "#define VCPUOP_up 1\n#define VCPUOP_over 1", "macro VCPUOP_over: not in"),
    Mutation("a type Xen does not have", "nmi.h", "typedef struct xennmi_callback",
             "typedef unsigned long xennmi_address_t;\ntypedef struct xennmi_callback",
             "type xennmi_address_t: not in"),
)

RING_MUTATION = Mutation("a ring's wake-up rule", "io/ring.h", "req_event = (_r)->req_cons + 1",
                         "req_event = (_r)->req_cons + 2", None)
