/* SPDX-License-Identifier: MIT */
/* Files come from /tmp and directories list them; the initrd's tree is read-only; the C library prints and reads numbers. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "check.h"

static void check_tree(void)
{
	char text[64] = "";
	struct stat st;
	struct dirent *e;
	DIR *d;
	int found = 0;
	FILE *f = fopen("/tmp/a", "w+");

	check("make a file", f != NULL);
	fprintf(f, "line one\nline %d\n", 2);
	rewind(f);
	check("read it back", fgets(text, sizeof(text), f) && strcmp(text, "line one\n") == 0);
	fclose(f);
	check("its size", stat("/tmp/a", &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 16);
	f = fopen("/tmp/a", "a");
	fputs("more", f);
	fclose(f);
	check("appending", stat("/tmp/a", &st) == 0 && st.st_size == 20);
	check("a directory", mkdir("/tmp/d", 0777) == 0 && stat("/tmp/d", &st) == 0 &&
	      S_ISDIR(st.st_mode));
	check("rename into it", rename("/tmp/a", "/tmp/d/b") == 0 && stat("/tmp/a", &st) < 0);
	d = opendir("/tmp/d");
	while (d && (e = readdir(d)))
		found += strcmp(e->d_name, "b") == 0 && e->d_type == DT_REG;
	check("listed", found == 1);
	closedir(d);
	check("a full directory stays", unlink("/tmp/d") < 0 && errno == ENOTEMPTY);
	check("remove", unlink("/tmp/d/b") == 0 && unlink("/tmp/d") == 0 && stat("/tmp/d", &st) < 0);
	check("no such file", open("/tmp/none", O_RDONLY) < 0 && errno == ENOENT);
	check("no files outside /tmp", open("/new", O_WRONLY | O_CREAT, 0666) < 0 && errno == EROFS);
	check("nor a new /tmp", unlink("/tmp") < 0 && errno == EROFS);
	f = fopen("/tmp/far", "w");
	check("no file of absurd size", fseek(f, 1L << 50, SEEK_SET) == 0 && fputc('x', f) == 'x' &&
	      fflush(f) == EOF && errno == EFBIG);
	fclose(f);
	check("a bad descriptor", write(33, "x", 1) < 0 && errno == EBADF);
	check("the console is a terminal", isatty(1) == 1);
}

static void check_numbers(void)
{
	char text[80];

	snprintf(text, sizeof(text), "%5.2f %lld %zu %s", 3.14159, -5LL, (size_t)7, "x");
	check("printf", strcmp(text, " 3.14 -5 7 x") == 0);
	check("strtod, strtoul", strtod("2.5", NULL) == 2.5 && strtoul("0x1f", NULL, 0) == 31);
}

void check_files(void)
{
	check_tree();
	check_numbers();
}
