/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/mounts.c - mounts add, mounts remove. */
#include "base/err.h"
#include "oci/config.h"
#include "prog/hull-oci/app.h"
#include "run/graft.h"

#include <errno.h>
#include <string.h>

COMMAND(mounts)
{
	bool is_add = strcmp(argv[0], "add") == 0;
	const struct conf_mount *m = NULL;
	struct app *ap = app;
	const char *text;
	struct found f;
	size_t len, n = 0;
	int r;

	(void)opts, (void)argc;
	if (!is_add && strcmp(argv[0], "remove") != 0)
		return err_input(e, "mounts: expected add or remove, not \"%s\"", argv[0]);
	r = found_open(ap, argv[1], &f, e);
	if (r == 0)
		r = app_read_file(ap, "mounts", argv[2], &text, &len, e);
	if (r == 0)
		r = oci_mounts_read(text, len, &(struct oci_read){ .name = argv[2] },
				    &ap->arena, &m, &n, e);
	if (r < 0)
		return r;
	if (state_status(f.dir_fd, &f.state) == STATUS_STOPPED)
		return err_plain(e, -ESRCH, "container \"%s\": container not running", argv[1]);
	return is_add ? graft_mounts(&f.state, m, n, e) :
			graft_remove(&f.state, m, n, e);
}
