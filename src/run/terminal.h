/* SPDX-License-Identifier: Apache-2.0 */
/* run/terminal.h - a container's terminal on the user's own.
 *
 * The user's terminal (fd 0) goes raw, so that every key reaches the program
 * inside; bytes are copied both ways, window sizes follow, and the old settings
 * come back at the end whatever happens. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <termios.h>

struct err;

enum { TERMINAL_BUF = 8192 };

/* Bytes on their way in one direction. */
struct terminal_pipe {
	int from, to;
	bool from_ended; /* nothing more will come */
	unsigned start, end;
	char buf[TERMINAL_BUF];
};

struct terminal {
	int master_fd; /* borrowed; -EBADF: there is no terminal at all */
	bool is_raw;   /* fd 0 is a terminal and `saved` is to be restored */
	struct termios saved;
	struct terminal_pipe in, out;
};

int terminal_init(struct terminal *t, int master_fd, struct err *e);
void terminal_done(struct terminal *t);

/* Copies fd 0's window size to the container's terminal. */
void terminal_resize(struct terminal *t);

/* What to poll() for: fills 4 entries. */
void terminal_poll(const struct terminal *t, struct pollfd *p);
/* Moves what the poll found; never blocks. */
void terminal_move(struct terminal *t, const struct pollfd *p);
/* After the program's end: what it wrote last is still in the terminal. */
void terminal_drain(struct terminal *t);
