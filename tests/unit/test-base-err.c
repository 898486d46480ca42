/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "tap.h"

#include <errno.h>

static void context_goes_in_front(void)
{
	struct err e = { 0 };
	char line[ERR_TEXT];

	CHECK_INT(err_set(&e, -ENOENT, "open %s", "/x"), -ENOENT);
	CHECK_INT(err_ctx(&e, -ENOENT, "mount %d", 3), -ENOENT);
	err_line(&e, line, sizeof(line));
	CHECK_STR(line, "mount 3: open /x: No such file or directory");
}

static void input_faults_need_no_errno_words(void)
{
	struct err e = { 0 };
	char line[ERR_TEXT];

	CHECK_INT(err_input(&e, "root.path: missing"), -EINVAL);
	err_ctx(&e, -EINVAL, "config.json");
	err_line(&e, line, sizeof(line));
	CHECK_STR(line, "config.json: root.path: missing");

	/* The mark goes when a new error starts. */
	err_set(&e, -EINVAL, "mount");
	err_line(&e, line, sizeof(line));
	CHECK_STR(line, "mount: Invalid argument");
}

static void the_origin_survives_too_much_context(void)
{
	struct err e = { 0 };

	err_set(&e, -EIO, "the origin");
	for (int i = 0; i < 200; i++)
		err_ctx(&e, -EIO, "context number %d", i);
	CHECK(strlen(e.text) < sizeof(e.text));
	CHECK(strstr(e.text, "context number 0: the origin"));
}

static void a_null_error_is_fine(void)
{
	CHECK_INT(err_set(NULL, -EIO, "x"), -EIO);
	CHECK_INT(err_ctx(NULL, -EIO, "x"), -EIO);
	CHECK_INT(err_hint(NULL, -EIO, "x"), -EIO);
	CHECK_INT(err_input(NULL, "x"), -EINVAL);
}

static void an_error_is_one_harmless_line(void)
{
	struct err e = { 0 };

	err_set(&e, -EIO, "open \"a\nb\033[2J\x7f\xc2\x9b\xc3\xa9\"");
	err_ctx(&e, -EIO, "run \r");
	err_hint(&e, -EIO, "do\tthis");
	CHECK_STR(e.text, "run ?: open \"a?b?[2J???\xc3\xa9\"");
	CHECK_STR(e.hint, "do?this");
}

int main(void)
{
	TEST(context_goes_in_front);
	TEST(input_faults_need_no_errno_words);
	TEST(the_origin_survives_too_much_context);
	TEST(a_null_error_is_fine);
	TEST(an_error_is_one_harmless_line);
	return tap_end();
}
