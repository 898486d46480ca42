/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/spec.c - spec and features: what is printed of ourselves. */
#include "base/err.h"
#include "base/scope.h"
#include "oci/features.h"
#include "oci/spec.h"
#include "prog/hull-oci/app.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

COMMAND(spec)
{
	const struct spec_opts *o = opts;
	struct app *ap = app;
	const char *path = o->file, *text = NULL;
	auto_fd int fd = -EBADF;
	int r;

	(void)argc, (void)argv;
	r = oci_spec_text(o->rootless, geteuid(), getegid(), &ap->arena, &text, e);
	if (r < 0)
		return r;
	if (path && strcmp(path, "-") == 0)
		return app_print(text, e);
	if (!path || path[0] != '/')
		path = arena_printf(&ap->arena, "%s/%s", o->bundle ? o->bundle : ".",
				    path ? path : "config.json");
	if (!path)
		return err_set(e, -ENOMEM, "spec");
	/* Never over somebody's work. */
	fd = openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return err_input(e, "%s exists; remove it first", path);
	r = fd < 0 ? -errno : sys_write_all(fd, text, strlen(text));
	return r < 0 ? err_set(e, r, "write %s", path) : 0;
}

COMMAND(features)
{
	struct app *ap = app;
	const char *text = NULL;
	int r = oci_features_text(&ap->arena, &text, e);

	(void)opts, (void)argc, (void)argv;
	return r < 0 ? r : app_print(text, e);
}
