/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/devices.c - which devices a container may open or make.
 *
 * v1 has files (devices.deny, devices.allow); v2 has a BPF program that the
 * kernel asks at every open() and mknod() (BPF_PROG_TYPE_CGROUP_DEVICE). Rules
 * are in order and the last that fits decides, so the program tests them from
 * the last to the first; what none fits is refused.
 *
 * Behind the configuration's own rules come those that every container has:
 * the devices of runtime-spec ("Default Devices"), its terminals, and making
 * any node (which is of no use without the right to open it). */
#include "cgroup/cgroup.h"

#include "base/err.h"
#include "base/scope.h"
#include "cgroup/devices-priv.h"
#include "cgroup/file-priv.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct conf_dev_rule defaults[] = {
	{ true, 'c', -1, -1, false, false, true }, /* mknod, any */
	{ true, 'b', -1, -1, false, false, true }, /* mknod, any */
	{ true, 'c', 1, 3, true, true, true },	   /* null */
	{ true, 'c', 1, 5, true, true, true },	   /* zero */
	{ true, 'c', 1, 7, true, true, true },	   /* full */
	{ true, 'c', 1, 8, true, true, true },	   /* random */
	{ true, 'c', 1, 9, true, true, true },	   /* urandom */
	{ true, 'c', 5, 0, true, true, true },	   /* tty */
	{ true, 'c', 5, 1, true, true, true },	   /* console */
	{ true, 'c', 5, 2, true, true, true },	   /* ptmx */
	{ true, 'c', 136, -1, true, true, true },  /* pts */
};

const struct conf_dev_rule *cgroup_default_devices(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(defaults);
	return defaults;
}

static int print_number(char *text, size_t n, int64_t v)
{
	return v < 0 ? snprintf(text, n, "*")
		     : snprintf(text, n, "%lld", (long long)v);
}

static void print_rule(const struct conf_dev_rule *r, char *text, size_t n)
{
	char major[24], minor[24];

	print_number(major, sizeof(major), r->major);
	print_number(minor, sizeof(minor), r->minor);
	snprintf(text, n, "%c %s:%s %s%s%s", r->type, major, minor,
		 r->read ? "r" : "", r->write ? "w" : "", r->mknod ? "m" : "");
}

/* Everything of one kind: what the kernel's files call "a". */
static bool is_all(const struct conf_dev_rule *r)
{
	return r->type == 'a' && r->major < 0 && r->minor < 0;
}

static int apply_v1(const int *fds, const struct conf_dev_rule *r,
		    struct err *e)
{
	char text[64];
	int ret;

	if (is_all(r)) {
		ret = sys_write_fd(fds[r->allow], "a");
		return ret < 0 ? err_set(e, ret,
					 "linux.resources.devices: %s a",
					 r->allow ? "allow" : "deny")
			       : 0;
	}
	for (const char *type = r->type == 'a' ? "cb" : (char[]){ r->type, 0 };
	     *type; type++) {
		struct conf_dev_rule one = *r;

		one.type = *type;
		print_rule(&one, text, sizeof(text));
		ret = sys_write_fd(fds[r->allow], text);
		if (ret < 0)
			return err_set(e, ret, "linux.resources.devices: %s %s",
				       r->allow ? "allow" : "deny", text);
	}
	return 0;
}

static int write_v1(const int *fds, const struct conf_dev_rule *rules, size_t n,
		    struct err *e)
{
	int r = 0;

	/* A container that says nothing may use nothing but the defaults. */
	if (n == 0 || !is_all(&rules[0])) {
		r = sys_write_fd(fds[0], "a");
		if (r < 0)
			return err_set(e, r, "linux.resources.devices: deny a");
	}
	for (size_t i = 0; i < n && r == 0; i++)
		r = apply_v1(fds, &rules[i], e);
	for (size_t i = 0; i < ARRAY_SIZE(defaults) && r == 0; i++)
		r = apply_v1(fds, &defaults[i], e);
	return r;
}

static int devices_v1(const struct cgroup_dir *d,
		      const struct conf_dev_rule *rules, size_t n,
		      struct err *e)
{
	static const char *const names[] = { "deny", "allow" };
	char path[PATH_MAX];
	int fds[] = { -EBADF, -EBADF }, r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fds) && r == 0; i++) {
		snprintf(path, sizeof(path), "%s/devices.%s", d->path, names[i]);
		fds[i] = openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
		r = fds[i] < 0 ? err_sys(e, "open %s", path) : 0;
	}
	if (r == 0)
		r = write_v1(fds, rules, n, e);
	sys_close_all(fds, ARRAY_SIZE(fds));
	return r;
}

/* --- v2 --- */

enum {
	R_TYPE = BPF_REG_2,
	R_ACCESS = BPF_REG_3,
	R_MAJOR = BPF_REG_4,
	R_MINOR = BPF_REG_5,
	R_TEMP = BPF_REG_1
};

#define INSN(op, d, s, o, i)                                                   \
	((struct bpf_insn){ .code = (op),                                      \
			    .dst_reg = (d),                                    \
			    .src_reg = (s),                                    \
			    .off = (short)(o),                                 \
			    .imm = (int)(i) })

static void emit(struct dev_program *p, struct bpf_insn insn)
{
	if (p->n < DEV_PROGRAM_MAX)
		p->insn[p->n] = insn;
	p->n++;
}

/* struct bpf_cgroup_dev_ctx: access_type is (access << 16) | type. */
static void emit_start(struct dev_program *p)
{
	emit(p, INSN(BPF_LDX | BPF_W | BPF_MEM, R_TYPE, BPF_REG_1,
		     offsetof(struct bpf_cgroup_dev_ctx, access_type), 0));
	emit(p, INSN(BPF_ALU | BPF_MOV | BPF_X, R_ACCESS, R_TYPE, 0, 0));
	emit(p, INSN(BPF_ALU | BPF_AND | BPF_K, R_TYPE, 0, 0, 0xffff));
	emit(p, INSN(BPF_ALU | BPF_RSH | BPF_K, R_ACCESS, 0, 0, 16));
	emit(p, INSN(BPF_LDX | BPF_W | BPF_MEM, R_MAJOR, BPF_REG_1,
		     offsetof(struct bpf_cgroup_dev_ctx, major), 0));
	emit(p, INSN(BPF_LDX | BPF_W | BPF_MEM, R_MINOR, BPF_REG_1,
		     offsetof(struct bpf_cgroup_dev_ctx, minor), 0));
}

static int access_bits(const struct conf_dev_rule *r)
{
	return (r->read ? BPF_DEVCG_ACC_READ : 0) |
	       (r->write ? BPF_DEVCG_ACC_WRITE : 0) |
	       (r->mknod ? BPF_DEVCG_ACC_MKNOD : 0);
}

enum {
	ALL_ACCESS =
		BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD
};

/* "if it fits: return allow", falling through to the rule before it. An allow
 * fits when the access asked for is all in the rule's, a deny when any of it
 * is. */
static void emit_rule(struct dev_program *p, const struct conf_dev_rule *r)
{
	int bits = access_bits(r);
	size_t jumps[4], n_jumps = 0;

	if (r->type != 'a') {
		jumps[n_jumps++] = p->n;
		emit(p, INSN(BPF_JMP | BPF_JNE | BPF_K, R_TYPE, 0, 0,
			     r->type == 'b' ? BPF_DEVCG_DEV_BLOCK
					    : BPF_DEVCG_DEV_CHAR));
	}
	if (bits != ALL_ACCESS) {
		emit(p,
		     INSN(BPF_ALU | BPF_MOV | BPF_X, R_TEMP, R_ACCESS, 0, 0));
		emit(p, INSN(BPF_ALU | BPF_AND | BPF_K, R_TEMP, 0, 0,
			     r->allow ? ~bits & ALL_ACCESS : bits));
		jumps[n_jumps++] = p->n;
		emit(p, INSN(BPF_JMP | (r->allow ? BPF_JNE : BPF_JEQ) | BPF_K,
			     R_TEMP, 0, 0, 0));
	}
	if (r->major >= 0) {
		jumps[n_jumps++] = p->n;
		emit(p,
		     INSN(BPF_JMP | BPF_JNE | BPF_K, R_MAJOR, 0, 0, r->major));
	}
	if (r->minor >= 0) {
		jumps[n_jumps++] = p->n;
		emit(p,
		     INSN(BPF_JMP | BPF_JNE | BPF_K, R_MINOR, 0, 0, r->minor));
	}
	emit(p, INSN(BPF_ALU | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, r->allow));
	emit(p, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
	while (n_jumps-- > 0)
		if (jumps[n_jumps] < DEV_PROGRAM_MAX)
			p->insn[jumps[n_jumps]].off =
				(short)(p->n - jumps[n_jumps] - 1);
}

int dev_program_make(const struct conf_dev_rule *rules, size_t n,
		     struct dev_program *p)
{
	p->n = 0;
	emit_start(p);
	for (size_t i = ARRAY_SIZE(defaults); i-- > 0;)
		emit_rule(p, &defaults[i]);
	/* Rules before one for all of everything cannot matter: the verifier
	 * refuses code that is never reached. */
	while (n-- > 0) {
		emit_rule(p, &rules[n]);
		if (is_all(&rules[n]) && access_bits(&rules[n]) == ALL_ACCESS)
			return p->n <= DEV_PROGRAM_MAX ? 0 : -E2BIG;
	}
	emit(p, INSN(BPF_ALU | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0));
	emit(p, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
	return p->n <= DEV_PROGRAM_MAX ? 0 : -E2BIG;
}

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int load(const struct dev_program *p, struct err *e)
{
	static const char license[] = "Apache-2.0";
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uint64_t)(uintptr_t)p->insn,
		.insn_cnt = (uint32_t)p->n,
		.license = (uint64_t)(uintptr_t)license,
		.prog_name = "hull_devices",
	};
	int fd = (int)bpf(BPF_PROG_LOAD, &attr);

	return fd < 0 ? err_sys(e,
				"linux.resources.devices: load the BPF program")
		      : fd;
}

/* The programs that are there before an update; ours is replaced. */
static int attached(int dir_fd, uint32_t *ids, uint32_t room, uint32_t *ret_n)
{
	union bpf_attr attr = { .query = { .target_fd = (uint32_t)dir_fd,
					   .attach_type = BPF_CGROUP_DEVICE,
					   .prog_ids = (uint64_t)(uintptr_t)ids,
					   .prog_cnt = room } };

	if (bpf(BPF_PROG_QUERY, &attr) < 0)
		return -errno;
	*ret_n = attr.query.prog_cnt;
	return 0;
}

static int attach(int dir_fd, int prog_fd, struct err *e)
{
	union bpf_attr attr = { .target_fd = (uint32_t)dir_fd,
				.attach_bpf_fd = (uint32_t)prog_fd,
				.attach_type = BPF_CGROUP_DEVICE,
				.attach_flags = BPF_F_ALLOW_MULTI };
	uint32_t ids[8], n = 0;
	auto_fd int old = -EBADF;

	if (attached(dir_fd, ids, ARRAY_SIZE(ids), &n) == 0 && n == 1) {
		union bpf_attr get = { .prog_id = ids[0] };

		old = (int)bpf(BPF_PROG_GET_FD_BY_ID, &get);
		if (old >= 0) {
			attr.attach_flags |= BPF_F_REPLACE;
			attr.replace_bpf_fd = (uint32_t)old;
		}
	}
	if (bpf(BPF_PROG_ATTACH, &attr) < 0)
		return err_sys(e, "linux.resources.devices: attach the BPF "
				  "program to the cgroup");
	return 0;
}

static int devices_v2(const struct cgroup_dir *d,
		      const struct conf_dev_rule *rules, size_t n,
		      struct err *e)
{
	auto_fd int dir_fd = openat(AT_FDCWD, d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		    prog_fd = -EBADF;
	struct dev_program p;

	if (dir_fd < 0)
		return err_sys(e, "open %s", d->path);
	if (dev_program_make(rules, n, &p) < 0)
		return err_input(
			e, "linux.resources.devices: %zu rules are too many",
			n);
	prog_fd = load(&p, e);
	return prog_fd < 0 ? prog_fd : attach(dir_fd, prog_fd, e);
}

int cgroup_devices(const struct cgroup *g, const struct conf_dev_rule *rules,
		   size_t n_rules, struct err *e)
{
	const struct cgroup_dir *d = cgroup_v1(g, "devices");

	if (d)
		return devices_v1(d, rules, n_rules, e);
	d = cgroup_v2(g);
	return d ? devices_v2(d, rules, n_rules, e) : 0;
}
