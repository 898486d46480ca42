/* SPDX-License-Identifier: Apache-2.0 */
/* scan/args.h - the arguments of the calls where they matter.
 *
 * An argument rule takes a call out of the kernel's cache of constant answers,
 * so only calls that are rare and whose arguments decide what they open up are
 * looked at: the rows of a table. For each, all values that the arguments can
 * have at any place that makes the call, or which bits can be set in them. */
#pragma once

#include "scan/search.h"

struct scan;
struct family;
struct arena;
struct err;

enum { ARG_MAX_VALUES = 64 };

/* The rows of the table. */
enum arg_id {
	ARG_SOCKET, ARG_CLONE, ARG_UNSHARE, ARG_PRCTL, ARG_IOCTL, ARG_MMAP, ARG_MPROTECT,
	ARG_PKEY_MPROTECT, ARG_PERSONALITY, ARG_SETSOCKOPT, ARG_KEYCTL, ARG_PRLIMIT64, ARG_ROWS,
};

/* One call, with one argument, or two of which the second depends on the first. */
struct arg_row {
	enum arg_id id;
	const char *name;    /* of the call */
	uint8_t n, index[2];
	bool has_list;       /* its values can be listed */
	uint32_t mask;       /* bits that are worth refusing */
	const char *what[2]; /* the arguments' names in the man pages */
};

struct arg_value {
	uint32_t v[2]; /* the low 32 bits: the kernel takes no more of them */
	bool is_bits;      /* v[0]: bits that can be set */
	bool is_any_second;
	bool is_startup;   /* found in ld.so's start-up only */
	uint32_t site_node; /* of the system call instruction */
	uint64_t site;
	uint32_t node; /* of the instruction that makes the value */
	uint64_t at;
	const char *lost; /* bits: where they were lost, and why; NULL: made there */
};

/* Why there is no list (or no bits): the first place. */
struct arg_loss {
	const char *reason; /* NULL: there is one */
	uint32_t site_node;
	uint64_t site;
	uint32_t node;
	uint64_t at;
};

/* What was found for a row: by [in start-up]. */
struct arg_set {
	struct arg_value *v;
	size_t n, room;
	struct arg_loss list[2], bits[2];
};

enum arg_kind {
	ARG_ANY,    /* no rule */
	ARG_LIST,   /* one of the values */
	ARG_MASK,   /* the bits of mask are zero */
	ARG_NOSYS,  /* clone3, whose flags no filter can see: answered by ENOSYS, on
		     * which the C library takes clone */
};

/* What a filter can say of a call. */
struct arg_rule {
	enum arg_kind kind;
	const struct arg_row *row;
	const struct arg_value *v; /* without doubles */
	size_t n;
	uint32_t mask;
	const struct arg_loss *loss; /* ARG_ANY: why; or NULL */
	struct scan *loser;          /* whose loss it is */
};

/* NULL: a call without rules. */
const struct arg_row *arg_row(const struct scan *s, unsigned number);
/* Looks up the calls' numbers on the machine of the scan. */
void args_init(struct scan *s);

/* What was found for a row. */
const struct arg_set *scan_args(const struct scan *s, const struct arg_row *row);

/* Finds the arguments of a call that the instruction makes; `is_sure`: it makes
 * no other. */
int args_find(struct scan *s, struct search *search, uint32_t node, uint64_t at, unsigned number,
	      bool is_sure, struct err *e);
/* The call can be made in ways that were not looked at. */
void args_lose(struct scan *s, unsigned number, const char *why);
void args_done(struct scan *s);

/* The rule for a program with all that it executes; in the arena. */
int args_rule(const struct family *f, unsigned number, bool with_startup, struct arena *a,
	      struct arg_rule *ret, struct err *e);

/* "AF_NETLINK", for the value's first or second number; NULL: it has no name. */
const char *arg_value_name(const struct arg_row *row, const uint32_t v[2], unsigned which);
/* The value of a name, or of a number; false: neither. */
bool arg_value_of(const struct arg_row *row, unsigned which, const char *name, uint32_t *ret);
