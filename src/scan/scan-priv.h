/* SPDX-License-Identifier: Apache-2.0 */
/* scan/scan-priv.h - what the parts of the analysis share. */
#pragma once

#include "scan/scan.h"
#include "scan/search.h"

int scan_ask(struct scan *s, struct scan_question q, struct err *e);
/* Allows a call, with any arguments. */
void scan_allow(struct scan *s, unsigned number, uint32_t node, uint64_t address, const char *why);

/* Allows it for a site whose arguments are looked for (args_find). */
void scan_allow_site(struct scan *s, unsigned number, uint32_t node, uint64_t address,
		     const char *why);

/* The phases that calls of hull_phase() begin (phase.c). */
int phases_find(struct scan *s, struct search *search, struct err *e);

/* What the program's note declares, where the options leave it open (carry.c). */
int carry_take(struct scan *s, struct err *e);

/* The string at an address that a search has found; NULL: none. */
const char *scan_string(const struct scan *s, const struct value *v);

/* Follows dlopen, dlsym and the like until nothing new is loaded (loading.c);
 * *search is made anew whenever the graph has grown. */
int loading_follow(struct scan *s, struct search **search, struct err *e);
/* Resolves the number of every system call in the functions that were reached
 * since the `from`th (numbers.c). */
int numbers_find(struct scan *s, struct search *search, size_t from, struct err *e);

/* Allows the calls that C libraries use for those that are allowed (widen.c). */
void widen_calls(struct scan *s);

/* What the C library, ld.so and the kernel do that code does not show (model.c). */
bool model_is_glibc(const struct scan *s);
void model_add_roots(struct scan *s);
/* Is the function one of glibc's shared library? */
bool model_is_shared_libc(const struct scan *s, uint32_t node);
/* Is the function that makes clone3's number glibc's own, whose callers all take
 * clone() after ENOSYS? */
bool model_has_clone_behind(const struct scan *s, uint32_t node);
/* The start of glibc's ld.so, and whether a call can happen there. */
void model_add_start(struct scan *s);
/* ld.so calls it for LD_PROFILE only. */
bool model_is_profiler(const struct scan *s, uint32_t node, uint64_t number);
bool model_is_at_start(const struct scan *s, uint64_t number);
void model_add_calls(struct scan *s);
/* Puts the locks of mutexes with priority protection behind a gate (priority.c). */
void priority_add_gate(struct scan *s);
/* Is a system call with an unknown number glibc's broadcast of set*id()? Then
 * its numbers are allowed. */
bool model_is_setxid(struct scan *s, struct search *search, uint32_t node, uint64_t at);
/* The same for libcap's private wrapper, in which the search was lost. */
bool model_is_libcap(struct scan *s, struct search *search, uint32_t lost_node, struct err *e);
/* For two functions of Go's that read a number from a variable. */
bool model_is_go_number(struct scan *s, struct search *search, uint32_t node, struct err *e);
/* And for libseccomp, which looks up one number by name. */
bool model_is_libseccomp(struct scan *s, uint32_t lost_node);
/* Does reached code of the unit name a string that begins so? */
bool model_names(const struct scan *s, size_t unit, const char *text, uint32_t *ret_node);
