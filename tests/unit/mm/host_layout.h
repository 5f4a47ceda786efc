/* SPDX-License-Identifier: MIT */
/* Stands in for layout.h: the frame table, RAM and M2P of the tests are plain arrays (world.c). */
#ifndef HV_LAYOUT_H
#define HV_LAYOUT_H

extern unsigned char world_frames[], world_ram[], world_m2p[];

#define HV_L4_FIRST 256
#define HV_L4_LAST 271
#define FRAMETABLE_VIRT_START ((unsigned long)world_frames)
#define DIRECTMAP_VIRT_START ((unsigned long)world_ram)
#define M2P_VIRT_START ((unsigned long)world_m2p)

#endif
