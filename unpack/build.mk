# SPDX-License-Identifier: MIT
#
# The unpacker of kernels, and under it the halves that expand of zlib, LZ4, liblzma and libzstd, from Debian's
# sources. Built three times:
#   UNPACK_OBJ       for the control domain      UNPACK_CFLAGS finds unpack.h
#   CODEC_HOST_OBJ   the libraries for tests on the host, which compile unpack/*.c with their own sanitizers;
#                    CODEC_CFLAGS finds the libraries' headers, CODEC_READY is the order-only prerequisite
#   UNPACK_HV        for the hypervisor: what unpack() needs, in sections that are freed when dom0 is built

UNPACK_SRC := $(wildcard unpack/*.c)
UNPACK_CFLAGS := -Iunpack
UNPACK_OBJ := $(UNPACK_SRC:%=$(B)/%.o)
UNPACK_HV := $(B)/hv-unpack/unpack.o
UNPACK_HV_OBJ := $(UNPACK_SRC:unpack/%=$(B)/hv-unpack/%.o)
# The hypervisor's own headers have names of the C library's: they are not for these.
UNPACK_HV_CFLAGS := $(filter-out -Ihypervisor/include -Iinclude/public -g -O2 -MMD -MP,$(HV_CFLAGS)) -Os -DNDEBUG \
	-ffunction-sections -fdata-sections -include hypervisor/include/visibility.h \
	-DHUF_FORCE_DECOMPRESS_X1 -DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT -DZSTD_NO_INLINE
CODEC_HOST_OBJ :=
CODEC_CFLAGS :=
CODEC_READY :=

# $(call codec,NAME,PACKAGE,HEADER,FLAGS,SOURCES): HEADER is the library's, whose folder is searched;
# sources are relative to the package, FLAGS for its own compilation only.
define codec
$(B)/src/$1/$3: | scripts/fetch-source
	$$(call say,FETCH,$(B)/src/$1)
	$$(Q)scripts/fetch-source $2 $(B)/src/$1 && touch $$@

$(5:%=$(B)/$1/%.o): $(B)/$1/%.o: $(B)/src/$1/$3 | $$(LIBOS_READY)
	$$(call say,CC,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(LIBOS_CFLAGS) -w $4 -c -o $$@ $(B)/src/$1/$$*

$(5:%=$(B)/host/$1/%.o): $(B)/host/$1/%.o: $(B)/src/$1/$3
	$$(call say,HOSTCC,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CC) -O2 -w $4 -c -o $$@ $(B)/src/$1/$$*

$(5:%=$(B)/hv-unpack/$1/%.o): $(B)/hv-unpack/$1/%.o: $(B)/src/$1/$3
	$$(call say,CC,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(UNPACK_HV_CFLAGS) -w $4 -c -o $$@ $(B)/src/$1/$$*

UNPACK_OBJ += $(5:%=$(B)/$1/%.o)
CODEC_HOST_OBJ += $(5:%=$(B)/host/$1/%.o)
UNPACK_HV_OBJ += $(5:%=$(B)/hv-unpack/$1/%.o)
CODEC_CFLAGS += -isystem $(patsubst %/,%,$(dir $(B)/src/$1/$3))
CODEC_READY += $(B)/src/$1/$3
endef

$(eval $(call codec,zlib,zlib,zlib.h,,\
	adler32.c crc32.c inffast.c inflate.c inftrees.c zutil.c))

$(eval $(call codec,lz4,lz4,lib/lz4.h,-DLZ4_HEAPMODE=1,lib/lz4.c))

XZ := $(B)/src/xz/src
XZ_FLAGS := -DHAVE_STDBOOL_H -DHAVE_STDINT_H -DHAVE_INTTYPES_H -DHAVE_STRING_H -DSIZEOF_SIZE_T=8 \
	-DHAVE_CHECK_CRC32 -DHAVE_CHECK_CRC64 -DHAVE_CHECK_SHA256 -DHAVE_DECODERS -DHAVE_DECODER_LZMA1 \
	-DHAVE_DECODER_LZMA2 -DHAVE_DECODER_X86 -DTUKLIB_SYMBOL_PREFIX=lzma_ \
	$(addprefix -I$(XZ)/,common) $(addprefix -I$(XZ)/liblzma/,api common check lz rangecoder lzma delta simple)

$(eval $(call codec,xz,xz-utils,src/liblzma/api/lzma.h,$(XZ_FLAGS),$(addprefix src/liblzma/,\
	$(addprefix common/,common.c stream_decoder.c stream_flags_decoder.c stream_flags_common.c \
		block_decoder.c block_header_decoder.c block_util.c index_hash.c filter_common.c \
		filter_decoder.c filter_flags_decoder.c vli_decoder.c vli_size.c) \
	$(addprefix check/,check.c crc32_fast.c crc32_table.c crc64_fast.c crc64_table.c sha256.c) \
	lz/lz_decoder.c lzma/lzma_decoder.c lzma/lzma2_decoder.c \
	simple/simple_coder.c simple/simple_decoder.c simple/x86.c)))

$(eval $(call codec,zstd,libzstd,lib/zstd.h,-DZSTD_DISABLE_ASM -DZSTD_TRACE=0 -DDEBUGLEVEL=0,$(addprefix lib/,\
	$(addprefix common/,entropy_common.c error_private.c fse_decompress.c xxhash.c zstd_common.c) \
	$(addprefix decompress/,huf_decompress.c zstd_ddict.c zstd_decompress.c zstd_decompress_block.c))))

$(UNPACK_SRC:%=$(B)/%.o): $(B)/unpack/%.o: unpack/% | $(LIBOS_READY) $(CODEC_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIBOS_CFLAGS) $(CODEC_CFLAGS) -MMD -MP -c -o $@ $<

$(UNPACK_SRC:unpack/%=$(B)/hv-unpack/%.o): $(B)/hv-unpack/%.o: unpack/% | $(CODEC_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(UNPACK_HV_CFLAGS) $(CODEC_CFLAGS) -MMD -MP -c -o $@ $<

$(UNPACK_HV): $(UNPACK_HV_OBJ)
	$(call say,LD,$@)
	$(Q)$(LD) -r --gc-sections -e unpack -o $@ $^ && $(OBJCOPY) --prefix-alloc-sections=.init $@

$(B)/parvus.elf $(B)/parvus-debug.elf: $(UNPACK_HV)
