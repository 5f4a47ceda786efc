/* SPDX-License-Identifier: MIT */
/*
 * The hypercall page: stub n, 32 bytes wide, makes hypercall n. SYSCALL clobbers rcx and r11, so the
 * stubs save them. iret (n = 23) is jumped to, never called: it leaves the two in the frame it builds on
 * the guest's stack (rcx, r11, rax uppermost) and does not come back.
 */
#include "hypercall.h"
#include "lib.h"

#define STUB_BYTES 32
#define STUBS 128

void hypercall_page_fill(void *page)
{
	/* push rcx; push r11; mov eax, n; syscall; pop r11; pop rcx; ret */
	static const uint8_t call[] = { 0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3 };
	/* push rcx; push r11; push rax; mov eax, n; syscall */
	static const uint8_t iret[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, 0, 0, 0, 0, 0x0f, 0x05 };
	uint8_t *p = page;

	memset(p, 0xcc, STUBS * STUB_BYTES);
	for (uint32_t n = 0; n < STUBS; n++, p += STUB_BYTES) {
		bool is_iret = n == __HYPERVISOR_iret;

		memcpy(p, is_iret ? iret : call, is_iret ? sizeof(iret) : sizeof(call));
		memcpy(p + (is_iret ? 5 : 4), &n, sizeof(n));
	}
}
