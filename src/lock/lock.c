/* SPDX-License-Identifier: Apache-2.0 */
/* lock/lock.c - libhull-lock: a program installs the filter that it carries.
 *
 * The filters stand in the program's note as code for the kernel, made by
 * hull-cc, and so do the build ids of all files that they were made for. What is
 * loaded now is compared with those: another libc may need other calls, and a
 * filter that kills is worse than none. No memory is allocated, nothing is
 * opened; the system calls made here are seen by hull-cc as the program's own. */
#pragma GCC visibility push(default)
#include <hull/lock.h>
#pragma GCC visibility pop

#include "note/note.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct look {
	struct note note;
	bool has_note;
	bool is_first; /* dl_iterate_phdr() begins with the program */
	int bad;
};

static bool find_build_id(const uint8_t *p, size_t n, const uint8_t **ret_id, size_t *ret_n)
{
	uint32_t head[3];

	while (n >= sizeof(head)) {
		size_t at, whole;

		memcpy(head, p, sizeof(head));
		at = sizeof(head) + ((head[0] + 3UL) & ~3UL);
		whole = at + ((head[1] + 3UL) & ~3UL);
		if (whole > n)
			return false;
		if (head[2] == NT_GNU_BUILD_ID && head[0] == 4 &&
		    memcmp(p + sizeof(head), "GNU", 4) == 0) {
			*ret_id = p + at;
			*ret_n = head[1];
			return true;
		}
		p += whole;
		n -= whole;
	}
	return false;
}

static bool is_known(const struct note *note, const uint8_t *id, size_t n)
{
	struct note_record r = { 0 };

	while (note_next(note, &r)) {
		if (r.kind == NOTE_OBJECT && r.size >= 2 + n && r.bytes[0] == NOTE_ID_BUILD &&
		    r.bytes[1] == n && memcmp(r.bytes + 2, id, n) == 0)
			return true;
	}
	return false;
}

static bool has_filter(const struct note *note)
{
	struct note_record r = { 0 };

	while (note_next(note, &r)) {
		if (r.kind == NOTE_BPF)
			return true;
	}
	return false;
}

/* The kernel's own, which calls the kernel only where libc would. */
static bool is_vdso(const struct dl_phdr_info *o)
{
	return strncmp(o->dlpi_name, "linux-vdso", 10) == 0 ||
	       strncmp(o->dlpi_name, "linux-gate", 10) == 0;
}

static int look_at(struct dl_phdr_info *o, size_t size, void *arg)
{
	struct look *l = arg;
	const uint8_t *desc, *id = NULL;
	size_t n = 0, desc_n;

	(void)size;
	for (int i = 0; i < o->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &o->dlpi_phdr[i];
		const uint8_t *notes = (const uint8_t *)o->dlpi_addr + p->p_vaddr;

		if (p->p_type != PT_NOTE || !p->p_vaddr)
			continue;
		if (l->is_first && !l->has_note && note_find(notes, p->p_memsz, &desc, &desc_n))
			l->has_note = note_open(desc, desc_n, &l->note) && has_filter(&l->note);
		if (!id)
			find_build_id(notes, p->p_memsz, &id, &n);
	}
	if (l->is_first)
		l->bad = l->has_note ? 0 : -ENODATA;
	else if (!is_vdso(o) && (!id || !is_known(&l->note, id, n)))
		l->bad = -ESTALE;
	l->is_first = false;
	return l->bad;
}

/* The filter is copied: in the note it stands where it fell. */
static int install(const uint8_t *code, size_t n)
{
	struct sock_filter f[BPF_MAXINSNS];
	struct sock_fprog p = { (unsigned short)(n / sizeof(*f)), f };
	long ret;

	if (n == 0 || n > sizeof(f) || n % sizeof(*f))
		return -ENODATA;
	memcpy(f, code, n);
	ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &p);
	if (ret < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &p);
	if (ret > 0)
		return -EBUSY;
	return ret < 0 ? -errno : 0;
}

static int enter(const char *phase)
{
	struct look l = { .is_first = true };
	struct note_record r = { 0 };

	dl_iterate_phdr(look_at, &l);
	if (l.bad)
		return l.bad;
	while (note_next(&l.note, &r)) {
		const uint8_t *code;
		const char *name;
		size_t n;

		if (r.kind != NOTE_BPF || !note_split(&r, &name, &code, &n))
			continue;
		if (strcmp(name, phase) == 0)
			return install(code, n);
	}
	return -ENOENT;
}

int hull_lock(void)
{
	return enter("main");
}

int hull_phase(const char *name)
{
	return enter(name);
}
