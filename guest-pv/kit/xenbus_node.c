/* SPDX-License-Identifier: MIT */
/*
 * Devices in the store: numbers in a directory, and several of them written at once. What the other end wrote is
 * text of its choosing: it is a number within 64 bits, or it is missing.
 */
#include <kit/xenbus.h>
#include <xen/errno.h>

const char *xenbus_path(char path[XENBUS_PATH_SIZE], const char *dir, const char *key)
{
	size_t n = __builtin_strlen(dir), k = __builtin_strlen(key);

	path[0] = 0;
	if (n >= XENBUS_PATH_SIZE || k >= XENBUS_PATH_SIZE || n + k + 2 > XENBUS_PATH_SIZE)
		return path;
	__builtin_memcpy(path, dir, n);
	path[n] = '/';
	__builtin_memcpy(path + n + 1, key, k + 1);
	return path;
}

/* Decimal; false if there is anything else in it. */
static bool parse(const char *text, uint64_t *n)
{
	if (!*text)
		return false;
	for (*n = 0; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(*n, 10, n) || __builtin_add_overflow(*n, *text - '0', n))
			return false;
	return !*text;
}

const char *xenbus_number(char text[XENBUS_NUMBER_SIZE], uint64_t n)
{
	char digits[XENBUS_NUMBER_SIZE];
	unsigned int i = 0, j = 0;

	do
		digits[i++] = '0' + n % 10;
	while (n /= 10);
	while (i)
		text[j++] = digits[--i];
	text[j] = 0;
	return text;
}

uint64_t xenbus_read_number(const char *dir, const char *key, uint64_t missing)
{
	char path[XENBUS_PATH_SIZE], text[XENBUS_NUMBER_SIZE];
	uint64_t n;

	if (xenbus_read(XENBUS_NO_TX, xenbus_path(path, dir, key), text, sizeof(text)) < 0 || !parse(text, &n))
		return missing;
	return n;
}

int xenbus_write_number(xenbus_tx_t tx, const char *dir, const char *key, uint64_t n)
{
	char path[XENBUS_PATH_SIZE], text[XENBUS_NUMBER_SIZE];

	return xenbus_write(tx, xenbus_path(path, dir, key), xenbus_number(text, n));
}

int xenbus_transact(int (*write)(xenbus_tx_t tx, void *arg), void *arg)
{
	xenbus_tx_t tx;
	int rc;

	do {
		rc = xenbus_tx_start(&tx);
		if (rc)
			return rc;
		rc = write(tx, arg);
		if (rc)
			xenbus_tx_end(tx, true);
		else
			rc = xenbus_tx_end(tx, false);
	} while (rc == -XEN_EAGAIN);
	return rc;
}
