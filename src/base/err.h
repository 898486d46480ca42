/* SPDX-License-Identifier: Apache-2.0 */
/* base/err.h - one error, made where it happens, explained on the way up.
 *
 * Theory of operation
 * -------------------
 * A function that can fail returns 0 or a negative errno and takes
 * `struct err *e` as its last argument. The place that sees the failure calls
 * err_sys() or err_set(); each caller that knows something the callee did not
 * (which container, which brick, which path) puts it in front with err_ctx().
 * Only a program's main() or request loop prints an error, and does so once.
 *
 * struct err holds no pointer and no heap memory. So it can be made after
 * fork(), after the memory limit is in force, or when malloc() has failed, and
 * a child sends it to its parent with one write().
 *
 * e may be NULL: the caller wants the code only. */
#pragma once

#define ERR_TEXT 512
#define ERR_HINT 160

struct err {
	int code;            /* negative errno; 0 = unset */
	int is_input;        /* the text says it all: code's words are not printed */
	char text[ERR_TEXT]; /* "outermost: ...: origin", without strerror */
	char hint[ERR_HINT]; /* what the user can do; "" = nothing to say */
};

#define ERR_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* All of them return `code` (or -errno), so a caller can write:
 * return err_set(...). */

/* Starts an error; forgets what was there. The words say what was being done
 * to what; the meaning of the code is added when it is printed. */
int err_set(struct err *e, int code, const char *fmt, ...) ERR_PRINTF(3, 4);
/* Puts "<fmt>: " in front. */
int err_ctx(struct err *e, int code, const char *fmt, ...) ERR_PRINTF(3, 4);
/* Sets what the user can do about it. */
int err_hint(struct err *e, int code, const char *fmt, ...) ERR_PRINTF(3, 4);
/* A fault of the input (-EINVAL), where the system's words for the code would
 * say nothing new: "Invalid argument" is not printed. */
int err_input(struct err *e, const char *fmt, ...) ERR_PRINTF(2, 3);

/* The same with another code. */
int err_plain(struct err *e, int code, const char *fmt, ...) ERR_PRINTF(3, 4);

#define err_sys(e, ...) err_set((e), -errno, __VA_ARGS__)

/* The one line to print: text, then the words for the code unless err_input()
 * made it. Writes at most n bytes with the final NUL. */
void err_line(const struct err *e, char *line, unsigned long n);
