# SPDX-License-Identifier: MIT
#
# TCP/IP for programs on the library OS: lwIP from Debian's source, and what joins the two. Programs that
# call inet_start (inet/inet.h) get it linked in, others do not notice.
LWIP := $(B)/src/lwip
LWIP_HEADER := $(LWIP)/src/include/lwip/init.h
NET_LIB := $(B)/guest-pv/libnet.a
NET_CFLAGS := -Iguest-pv/inet/include -Iguest-pv/inet/port -isystem $(LWIP)/src/include -DFD_SETSIZE=128

$(LWIP_HEADER): | scripts/fetch-source
	$(call say,FETCH,$(LWIP))
	$(Q)scripts/fetch-source lwip $(LWIP) && touch $@

LWIP_SRC := $(addprefix $(LWIP)/src/, \
	$(addprefix core/,init.c def.c dns.c inet_chksum.c ip.c mem.c memp.c netif.c pbuf.c raw.c sys.c tcp.c tcp_in.c \
		tcp_out.c timeouts.c udp.c) \
	$(addprefix core/ipv4/,dhcp.c etharp.c icmp.c ip4.c ip4_addr.c ip4_frag.c) \
	$(addprefix api/,api_lib.c api_msg.c err.c if_api.c netbuf.c netdb.c netifapi.c sockets.c tcpip.c) netif/ethernet.c)
LWIP_OBJ := $(LWIP_SRC:$(LWIP)/src/%=$(B)/lwip/%.o)
NET_OBJ := $(patsubst %,$(B)/%.o,$(wildcard guest-pv/inet/*.c))

# Objects of lwIP, whose sources appear only when they are fetched.
$(LWIP_OBJ): $(B)/lwip/%.o: $(LWIP_HEADER) | $(LIBOS_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIBOS_CFLAGS) -w -MMD -MP -c -o $@ $(LWIP)/src/$*

$(NET_OBJ): $(B)/%.o: % | $(LIBOS_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIBOS_CFLAGS) -MMD -MP -c -o $@ $<

$(NET_LIB): $(NET_OBJ) $(LWIP_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^
