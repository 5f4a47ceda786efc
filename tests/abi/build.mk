# SPDX-License-Identifier: MIT
#
# The public headers against Debian's libxen-dev; nothing to build beforehand.
.PHONY: test-abi
test-abi:
	$(Q)B='$(B)' tests/abi/run
