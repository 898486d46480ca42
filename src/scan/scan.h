/* SPDX-License-Identifier: Apache-2.0 */
/* scan/scan.h - the system calls that a program can make.
 *
 * From a program's file and the libraries it is loaded with comes the set of
 * all system calls that its code can get to, each with the instruction that
 * makes it. What the analysis cannot decide becomes a question: the caller
 * declares an answer (a plugin, a program that is executed) or refuses. An
 * answer with open questions is no answer.
 *
 * The program is never run. See docs/scan.md for what is assumed. */
#pragma once

#include "scan/args.h"
#include "scan/graph.h"

struct err;

/* More than any number that Linux gives out on x86-64 (x32's are questions). */
enum { SCAN_CALLS = 1024 };

enum scan_declared {
	SCAN_ASK,  /* an open question */
	SCAN_NONE, /* it does not happen: nothing is allowed for it */
	SCAN_ANY,  /* numbers only: every call is allowed */
};

/* Families of calls that C libraries interchange are allowed as a whole. */
enum scan_widen {
	SCAN_WIDEN_DYNAMIC, /* for programs that are linked dynamically */
	SCAN_WIDEN_YES,
	SCAN_WIDEN_NO,
};

struct scan_options {
	const char *root;    /* "/" for this machine's */
	const char *program; /* seen from the root */
	const char **library_dirs;
	size_t n_library_dirs;
	const char **plugins; /* paths or names, as for dlopen */
	size_t n_plugins;
	const char **execs; /* paths of programs that it executes */
	size_t n_execs;
	enum scan_declared unknown, dlopen, dlsym, exec;
	enum scan_declared other_abi; /* 32-bit and x32 calls: asked about or refused */
	enum scan_widen widen;
	const char *debug_dir; /* seen from the root; NULL: none */
	void *seen; /* FILE *: see struct root; NULL: none */
	struct store *store; /* summaries from before (scan/store.h); NULL: none */
};

enum scan_question_kind {
	SCAN_Q_NUMBER,  /* the number of a system call */
	SCAN_Q_MACHINE, /* a 32-bit or x32 system call */
	SCAN_Q_DLOPEN,
	SCAN_Q_DLSYM,
	SCAN_Q_EXEC,
};

struct scan_question {
	enum scan_question_kind kind;
	uint32_t node;       /* the function that asks */
	uint64_t address;    /* its instruction */
	uint32_t lost_node;  /* where the answer was lost */
	uint64_t lost_at;
	const char *reason;
};

struct scan_call {
	bool is_allowed;
	bool is_startup_only; /* only ld.so's start-up makes it */
	bool is_widened;      /* for the sake of another call of its family */
	uint32_t node;        /* NO_NODE: not from code; see `why` */
	uint64_t address;     /* of the instruction */
	const char *why;      /* the model that adds it; NULL: code */
};

/* What a program can do after hull_phase(name), in numbers (phase.c). */
struct scan_phase {
	const char *name;
	uint64_t calls[SCAN_CALLS / 64];
	bool is_whole; /* nothing could be told apart: all that the program does */
};

/* A call and one function that makes it; NO_NODE: the kernel. */
struct scan_made {
	uint32_t node;
	uint16_t number;
};

struct scan {
	struct arena arena;
	const struct scan_options *options; /* borrowed, or the next */
	struct scan_options carried; /* with what the program's note declares */
	struct closure *closure;
	struct graph *graph;
	struct scan_call calls[SCAN_CALLS];
	struct arg_set args[ARG_ROWS];
	int arg_numbers[ARG_ROWS]; /* of the rows' calls; negative: none */
	bool has_clone_behind; /* all that makes clone3 takes clone when it fails */
	struct scan_question *questions;
	size_t n_questions;
	bool in_startup; /* while ld.so's start is looked at */
	size_t n_sites; /* system call instructions in reached code */
	const char **execs; /* paths that it is known to execute */
	size_t n_execs;
	struct scan_phase *phases;
	size_t n_phases;
	bool has_lock; /* it uses libhull-lock */
	struct scan_made *made; /* after start-up; some twice */
	size_t n_made, room_made;
	bool is_made_lost; /* out of memory for the list: no phases */
};

struct scan *scan_free(struct scan *s);
/* Analyses one program. Open questions are no error here. */
int scan_program(const struct scan_options *o, struct scan **ret_s, struct err *e);
size_t scan_count(const struct scan *s, bool with_startup);
/* "the name of the function+0x12 in libc.so.6", in the arena. */
const char *scan_place(struct scan *s, uint32_t node, uint64_t address);
/* What a question asks, as one line, in the arena. */
const char *scan_question_text(struct scan *s, const struct scan_question *q);
