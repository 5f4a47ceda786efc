/* SPDX-License-Identifier: MIT */
/*
 * lwIP's options for the library OS: IPv4 with TCP, UDP, DHCP and BSD sockets, in threads. What the network can make
 * it allocate comes from pools of fixed size, so a flood of packets costs packets and not the heap; data
 * in flight is bounded by the windows.
 */
#ifndef NET_LWIPOPTS_H
#define NET_LWIPOPTS_H

#define NO_SYS 0
#define SYS_LIGHTWEIGHT_PROT 1
#define LWIP_TCPIP_CORE_LOCKING 1
#define TCPIP_MBOX_SIZE 512
#define DEFAULT_TCP_RECVMBOX_SIZE 256
#define DEFAULT_UDP_RECVMBOX_SIZE 64
#define DEFAULT_RAW_RECVMBOX_SIZE 64
#define DEFAULT_ACCEPTMBOX_SIZE 32

#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ARP 1
#define LWIP_ETHERNET 1
#define LWIP_ICMP 1
#define LWIP_RAW 1
#define LWIP_UDP 1
#define LWIP_TCP 1
#define LWIP_DHCP 1
#define LWIP_DNS 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_STATUS_CALLBACK 1
#define LWIP_NETIF_HOSTNAME 0
#define LWIP_STATS 0
#define IP_REASS_MAX_PBUFS 64

#define MEM_LIBC_MALLOC 1
#define MEM_ALIGNMENT 8
#define MEMP_NUM_PBUF 512
#define PBUF_POOL_SIZE 16
#define MEMP_NUM_NETCONN 64
#define MEMP_NUM_NETBUF 64
#define MEMP_NUM_TCP_PCB 64
#define MEMP_NUM_TCP_PCB_LISTEN 16
#define MEMP_NUM_UDP_PCB 32
#define MEMP_NUM_RAW_PCB 8
#define MEMP_NUM_TCP_SEG 2048
#define MEMP_NUM_TCPIP_MSG_API 64
#define MEMP_NUM_TCPIP_MSG_INPKT 512
#define MEMP_NUM_SYS_TIMEOUT 32
#define LWIP_SUPPORT_CUSTOM_PBUF 1

#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 2
#define TCP_WND (255 * 1024)
#define TCP_SND_BUF (256 * 1024)
#define TCP_SND_QUEUELEN (4 * TCP_SND_BUF / TCP_MSS)
#define TCP_SNDLOWAT (32 * 1024)
#define TCP_OVERSIZE TCP_MSS
/* Received frames lie in the drivers' pages, not in lwIP's pool, which its check of the window looks at. */
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_BYTES (256 * 1024)
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_KEEPALIVE 1

#define LWIP_SOCKET 1
#define LWIP_NETCONN 1
#define LWIP_COMPAT_SOCKETS 1
#define LWIP_POSIX_SOCKETS_IO_NAMES 0
#define LWIP_SOCKET_OFFSET 64		/* behind the files' descriptors (libos/fd.c) */
#define LWIP_SO_RCVTIMEO 1
#define LWIP_SO_SNDTIMEO 1
#define LWIP_SO_RCVBUF 1
#define SO_REUSE 1
#define LWIP_TIMEVAL_PRIVATE 0
#define LWIP_ERRNO_STDINCLUDE 1

/* Packets between domains are known to be sound: whether to check is decided for each (stack.c). */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

#include <stdint.h>
uint32_t net_random(void);
#define LWIP_RAND() net_random()

#endif
