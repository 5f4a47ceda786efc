# SPDX-License-Identifier: MIT
#
# The halves that expand of zlib, LZ4, liblzma and libzstd, from Debian's sources: for the control domain
# (CODEC_OBJ) and, from the same files, for the tests on the host (CODEC_HOST_OBJ). CODEC_CFLAGS finds their
# headers; CODEC_READY is the order-only prerequisite of what includes them.

CODEC_OBJ :=
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

CODEC_OBJ += $(5:%=$(B)/$1/%.o)
CODEC_HOST_OBJ += $(5:%=$(B)/host/$1/%.o)
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

$(eval $(call codec,zstd,libzstd,lib/zstd.h,-DZSTD_DISABLE_ASM -DDEBUGLEVEL=0,$(addprefix lib/,\
	$(addprefix common/,entropy_common.c error_private.c fse_decompress.c xxhash.c zstd_common.c) \
	$(addprefix decompress/,huf_decompress.c zstd_ddict.c zstd_decompress.c zstd_decompress_block.c))))
