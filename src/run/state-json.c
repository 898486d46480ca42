/* SPDX-License-Identifier: Apache-2.0 */
/* run/state-json.c - a container's state as JSON, for hooks and listeners. */
#include "run/state-json.h"

#include "base/err.h"
#include "sys/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Writes JSON without memory of its own: pieces collect in a buffer that is
 * written out when it is full. The first failure sticks. */
struct writer {
	int fd, failed;
	size_t n;
	char buf[4096];
};

static void flush(struct writer *w)
{
	if (w->n && !w->failed && sys_write_all(w->fd, w->buf, w->n) < 0)
		w->failed = errno;
	w->n = 0;
}

static void put(struct writer *w, const char *s, size_t n)
{
	for (; n > 0; n--) {
		if (w->n == sizeof(w->buf))
			flush(w);
		w->buf[w->n++] = *s++;
	}
}

static void put_text(struct writer *w, const char *s)
{
	put(w, s, strlen(s));
}

static void put_string(struct writer *w, const char *s)
{
	char code[8];

	put_text(w, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == '"' || c == '\\') {
			snprintf(code, sizeof(code), "\\u%04x", c);
			put_text(w, code);
		} else {
			put(w, s, 1);
		}
	}
	put_text(w, "\"");
}

static void put_member(struct writer *w, const char *key, const char *value)
{
	put_string(w, key);
	put_text(w, ":");
	put_string(w, value);
}

static void put_number(struct writer *w, const char *key, long number)
{
	char text[32];

	put_string(w, key);
	snprintf(text, sizeof(text), ":%ld", number);
	put_text(w, text);
}

static void put_state(struct writer *w, const struct conf *c,
		      enum status status, pid_t pid)
{
	put_text(w, "{");
	put_member(w, "ociVersion", c->oci_version ? c->oci_version : "1.0.0");
	put_text(w, ",");
	put_member(w, "id", c->id ? c->id : "");
	put_text(w, ",");
	put_member(w, "status", status_name(status));
	put_text(w, ",");
	if (pid > 0) {
		put_number(w, "pid", pid);
		put_text(w, ",");
	}
	put_member(w, "bundle", c->bundle ? c->bundle : "");
	if (c->root.path) {
		put_text(w, ",");
		put_member(w, "root", c->root.path);
	}
	if (c->n_annotations)
		put_text(w, ",\"annotations\":{");
	for (size_t i = 0; i < c->n_annotations; i++) {
		if (i)
			put_text(w, ",");
		put_member(w, c->annotations[i].key, c->annotations[i].value);
	}
	put_text(w, c->n_annotations ? "}}" : "}");
}

static int begin(struct writer *w, struct err *e)
{
	w->fd = memfd_create("state", MFD_CLOEXEC);
	w->failed = 0;
	w->n = 0;
	return w->fd < 0 ? err_sys(e, "make a file for the container's state")
			 : 0;
}

static int end(struct writer *w, struct err *e)
{
	flush(w);
	if (!w->failed && lseek(w->fd, 0, SEEK_SET) == 0)
		return w->fd;
	close(w->fd);
	return err_set(e, -EIO, "write the container's state");
}

int state_json(const struct conf *c, enum status status, pid_t pid,
	       struct err *e)
{
	struct writer w;
	int r = begin(&w, e);

	if (r < 0)
		return r;
	put_state(&w, c, status, pid);
	return end(&w, e);
}

int process_state_json(const struct conf *c, enum status status, pid_t pid,
		       pid_t init_pid, const char *metadata, struct err *e)
{
	struct writer w;
	int r = begin(&w, e);

	if (r < 0)
		return r;
	put_text(&w, "{");
	put_member(&w, "ociVersion", c->oci_version ? c->oci_version : "1.0.0");
	put_text(&w, ",\"fds\":[\"seccompFd\"],");
	put_number(&w, "pid", pid);
	if (metadata) {
		put_text(&w, ",");
		put_member(&w, "metadata", metadata);
	}
	put_text(&w, ",\"state\":");
	put_state(&w, c, status, init_pid);
	put_text(&w, "}");
	return end(&w, e);
}
