/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/syscalls.h"
#include "scan/decode.h"
#include "scan/machine.h"
#include "tap.h"

#include <elf.h>

static void check_numbers(const struct machine *m)
{
	static const char *const setxid[] = { "setuid", "setgid", "setreuid", "setregid",
					      "setresuid", "setresgid", "setgroups" };
	const struct {
		const char *name;
		uint16_t number;
	} v[] = {
		{ "execve", m->execve },
		{ "execveat", m->execveat },
		{ "restart_syscall", m->restart_syscall },
		{ "rt_sigaction", m->rt_sigaction },
		{ "rt_sigreturn", m->rt_sigreturn },
		{ "setitimer", m->setitimer },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		CHECK_INT(syscall_number(m->arch, syscall_id(v[i].name)), v[i].number);
	for (size_t i = 0; i < 7; i++)
		CHECK_INT(syscall_number(m->arch, syscall_id(setxid[i])), m->setxid[i]);
}

static void numbers_are_the_tables(void)
{
	check_numbers(machine_of(EM_X86_64));
	check_numbers(machine_of(EM_AARCH64));
	CHECK(!machine_of(EM_386));
}

/* A register that survives calls passes no argument and is no result. */
static void registers_agree(void)
{
	static const uint16_t elf[] = { EM_X86_64, EM_AARCH64 };

	for (size_t i = 0; i < 2; i++) {
		const struct machine *m = machine_of(elf[i]);
		bool all = m->caller_saved >> m->result & 1;

		for (size_t k = 0; k < 6; k++)
			all = all && m->caller_saved >> m->args[k] & 1 &&
			      !(m->scratch >> m->args[k] & 1);
		CHECK(all);
		CHECK(!((m->caller_saved | m->go_caller_saved) >> m->sp & 1));
		CHECK(!((m->caller_saved | m->go_caller_saved) >> m->fp & 1));
		CHECK(!(m->scratch & ~m->caller_saved));
	}
}

int main(void)
{
	TEST(numbers_are_the_tables);
	TEST(registers_agree);
	return tap_end();
}
