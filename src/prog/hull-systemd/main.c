/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-systemd/main.c - asks systemd for one thing, for hull-oci.
 *
 * Reads a request from standard input and answers with one line on standard
 * output (cgroup/unit.h has both formats). It is a program of its own so that
 * the runtime, which turns into the container's first process, holds no D-Bus
 * library and stays small; what it may do is what its caller may do. */
#include "base/err.h"
#include "prog/hull-systemd/bus.h"
#include "prog/hull-systemd/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_all(char *text, size_t size, struct err *e)
{
	size_t n = 0;

	while (n + 1 < size) {
		ssize_t got = read(STDIN_FILENO, text + n, size - n - 1);

		if (got < 0 && errno != EINTR)
			return err_sys(e, "read the request");
		if (got == 0) {
			text[n] = '\0';
			return strlen(text) == n ? 0
						 : err_input(e, "request: a "
								"zero byte");
		}
		n += got > 0 ? (size_t)got : 0;
	}
	return err_input(e, "request: too long");
}

/* One line, whatever systemd says. */
static int answer(int r, const char *path, const struct err *e)
{
	char line[ERR_TEXT + 64];

	if (r == 0) {
		printf("ok %s\n", path);
	} else {
		err_line(e, line, sizeof(line));
		for (char *p = line; *p; p++)
			if ((unsigned char)*p < ' ')
				*p = ' ';
		printf("error %d %s\n", r, line);
	}
	return fflush(stdout) == 0 && r == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	static char text[REQUEST_MAX];
	struct request *q = calloc(1, sizeof(*q));
	struct err e = { 0 };
	char *path = NULL;
	int r = q ? 0 : err_set(&e, -ENOMEM, "read the request");

	(void)argv;
	if (argc > 1) {
		fputs("hull-systemd is started by hull-oci, for --cgroup-manager "
		      "systemd; it has no options.\n",
		      stderr);
		return 2;
	}
	if (r == 0)
		r = read_all(text, sizeof(text), &e);
	if (r == 0)
		r = request_read(text, q, &e);
	if (r == 0)
		r = bus_do(q, &path, &e);
	r = answer(r, path ? path : "", &e);
	free(path);
	free(q);
	return r;
}
