/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/systemd.c - a drop-in for a systemd service (systemd.exec(5)).
 *
 * SystemCallFilter knows calls, not arguments. Two of systemd's other settings
 * say what our rules for socket and clone say, and are used when they can say
 * it: RestrictAddressFamilies and RestrictNamespaces. Calls that the other
 * formats answer by ENOSYS (clone3) are allowed here, for SystemCallFilter has
 * one answer; RestrictNamespaces takes care of clone3 itself. systemd knows the
 * calls of its own age only and passes over others with a warning. */
#include "prog/hull-scan/report.h"

#include "base/arena.h"
#include "filter/syscalls.h"

#include <string.h>

enum { NAMES_A_LINE = 8 };

static int number_of(const struct family *f, const char *name)
{
	return syscall_number(f->v[0]->graph->machine->arch, syscall_id(name));
}

static bool allows(const struct family *f, const char *name, bool with_startup)
{
	int number = number_of(f, name);

	return number >= 0 && family_allows(f, (unsigned)number, with_startup);
}

static void print_names(const struct family *f, bool with_startup, const char *key, FILE *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SCAN_CALLS; i++) {
		if (!report_name(f, i) || !family_allows(f, i, with_startup))
			continue;
		if (n++ % NAMES_A_LINE == 0)
			fprintf(out, "%s%s=%s", n > 1 ? "\n" : "", key,
				strcmp(key, "SystemCallLog") == 0 ? "~" : "");
		else
			fprintf(out, " ");
		fprintf(out, "%s", report_name(f, i));
	}
	fprintf(out, "\n");
}

/* Every domain has to have a name. */
static void print_domains(const struct family *f, bool with_startup, struct arena *a, FILE *out)
{
	struct arg_rule rule;
	int number = number_of(f, "socket");

	if (number < 0 || !allows(f, "socket", with_startup)) {
		fprintf(out, "RestrictAddressFamilies=none\n");
		return;
	}
	if (args_rule(f, (unsigned)number, with_startup, a, &rule, NULL) < 0 ||
	    rule.kind != ARG_LIST)
		return;
	for (size_t i = 0; i < rule.n; i++) {
		if (!arg_value_name(rule.row, rule.v[i].v, 0))
			return;
	}
	fprintf(out, "RestrictAddressFamilies=");
	for (size_t i = 0; i < rule.n; i++)
		fprintf(out, "%s%s", i ? " " : "", arg_value_name(rule.row, rule.v[i].v, 0));
	fprintf(out, "\n");
}

/* No namespaces at all: then clone has the whole mask, clone3 can be missed, and
 * nothing else makes or enters any. */
static void print_namespaces(const struct family *f, bool with_startup, struct arena *a, FILE *out)
{
	struct arg_rule clone = { 0 }, clone3 = { 0 };

	if (allows(f, "unshare", with_startup) || allows(f, "setns", with_startup))
		return;
	if (allows(f, "clone", with_startup) &&
	    (args_rule(f, (unsigned)number_of(f, "clone"), with_startup, a, &clone, NULL) < 0 ||
	     clone.kind != ARG_MASK || clone.mask != clone.row->mask))
		return;
	if (allows(f, "clone3", with_startup) &&
	    (args_rule(f, (unsigned)number_of(f, "clone3"), with_startup, a, &clone3, NULL) < 0 ||
	     clone3.kind != ARG_NOSYS))
		return;
	fprintf(out, "RestrictNamespaces=yes\n");
}

int format_systemd(const struct family *f, const struct policy_options *o, FILE *out,
		   struct err *e)
{
	struct arena a;

	(void)e;
	fprintf(out, "# Made by hull-scan; put it into /etc/systemd/system/NAME.service.d/seccomp.conf\n"
		     "[Service]\nSystemCallArchitectures=native\n");
	if (o->mode == POLICY_LOG) {
		print_names(f, o->with_startup, "SystemCallLog", out);
		return 0;
	}
	if (o->mode == POLICY_ERRNO)
		fprintf(out, "SystemCallErrorNumber=EPERM\n");
	print_names(f, o->with_startup, "SystemCallFilter", out);
	arena_init(&a);
	print_domains(f, o->with_startup, &a, out);
	print_namespaces(f, o->with_startup, &a, out);
	arena_done(&a);
	return 0;
}
