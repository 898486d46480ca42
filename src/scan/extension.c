/* SPDX-License-Identifier: Apache-2.0 */
/* scan/extension.c - the folders from which known programs load extensions.
 *
 * A row says: in a program where `who` is loaded (a library by the name others
 * need it by, or the program by the name of its file), the dlopen calls of
 * `caller` (who itself, when none is given) load files from these folders and
 * nothing else. "@" stands for each place where libraries are. That is the
 * shipped configuration; a file that a user configures by an absolute path is
 * to be declared by --plugin. */
#include "scan/extension.h"

#include "base/err.h"
#include "base/scope.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

enum { MAX_FOLDERS = 8, MAX_DEPTH = 12 };

static const struct extension {
	const char *who, *caller;
	const char *folders[MAX_FOLDERS];
} extensions[] = {
	{ "libpam.so.0", NULL, { NULL } }, /* by pam.d: scan/loading.c */
	{ "libcrypto.so.*", NULL, { "@/ossl-modules/*.so", "@/engines-*/*.so" } },
	{ "libp11-kit.so.*", NULL, { "@/pkcs11/*.so" } },
	{ "libsasl2.so.*", NULL, { "@/sasl2/*.so*" } },
	{ "libkrb5.so.*", "libkrb5support.so.*", { "@/krb5/plugins/*/*.so" } },
	{ "libgssapi_krb5.so.*", NULL, { "@/gss/*.so" } },
	{ "libgnutls.so.*", "libp11-kit.so.*", { "@/pkcs11/*.so" } },
	{ "libaprutil-1.so.*", NULL, { "@/apr-util-1/*.so" } },
	{ "libgmodule-2.0.so.*", NULL, { "@/gio/modules/*.so" } },
	{ "libxtables.so.*", NULL, { "@/xtables/*.so" } },
	{ "libbfd-*.so", NULL, { "/usr/lib/bfd-plugins/*.so", "@/bfd-plugins/*.so" } },
	{ "libMagickCore-*.so.*", NULL, { "@/ImageMagick-*/modules-*/*/*.so" } },
	{ "libgtk-3.so.*", NULL, { "@/gtk-3.0/*/*/*.so" } },
	{ "libgdk_pixbuf-2.0.so.*", NULL, { "@/gdk-pixbuf-2.0/*/loaders/*.so" } },
	{ "libmariadb.so.*", NULL, { "@/libmariadb3/plugin/*.so" } },
	{ "ip", NULL, { "/usr/lib/ip/*.so", "@/ip/*.so" } },
	{ "tc", NULL, { "/usr/lib/tc/*.so", "@/tc/*.so" } },
	{ "gawk", NULL, { "@/gawk/*.so" } },
	{ "bash", NULL, { "/usr/lib/bash/*" } },
	{ "sudo", NULL, { "/usr/libexec/sudo/*.so", "/usr/lib/sudo/*.so" } },
	/* Interpreters. */
	{ "python3*", NULL, { "/usr/lib/python3*/lib-dynload/*.so", "/usr/lib/python3/dist-packages/*.so",
			      "/usr/lib/python3/dist-packages/*/*.so",
			      "/usr/lib/python3/dist-packages/*/*/*.so" } },
	{ "libpython3*.so.*", NULL, { "/usr/lib/python3*/lib-dynload/*.so", "/usr/lib/python3/dist-packages/*.so",
				      "/usr/lib/python3/dist-packages/*/*.so",
				      "/usr/lib/python3/dist-packages/*/*/*.so" } },
	{ "perl*", NULL, { "@/perl*/auto/*/*.so", "@/perl*/auto/*/*/*.so", "@/perl*/auto/*/*/*/*.so",
			   "@/perl*/*/auto/*/*.so", "@/perl*/*/auto/*/*/*.so",
			   "@/perl*/*/auto/*/*/*/*.so" } },
	{ "libperl.so.*", NULL, { "@/perl*/auto/*/*.so", "@/perl*/auto/*/*/*.so", "@/perl*/auto/*/*/*/*.so",
				  "@/perl*/*/auto/*/*.so", "@/perl*/*/auto/*/*/*.so",
				  "@/perl*/*/auto/*/*/*/*.so" } },
	{ "libruby-*.so.*", NULL, { "@/ruby/*/*.so", "@/ruby/*/*/*.so", "@/ruby/*/*/*/*.so",
				    "@/ruby/vendor_ruby/*/*.so", "@/ruby/vendor_ruby/*/*/*.so" } },
	{ "php[0-9]*", NULL, { "/usr/lib/php/*/*.so" } },
	{ "php-*", NULL, { "/usr/lib/php/*/*.so" } },
	{ "libphp*.so", NULL, { "/usr/lib/php/*/*.so" } },
	{ "lua5*", NULL, { "@/lua/5*/*.so", "@/lua/5*/*/*.so", "/usr/local/lib/lua/5*/*.so" } },
	{ "liblua5*.so.*", NULL, { "@/lua/5*/*.so", "@/lua/5*/*/*.so", "/usr/local/lib/lua/5*/*.so" } },
	{ "libjli.so", NULL, { "/usr/lib/jvm/*/lib/server/libjvm.so", "/usr/lib/jvm/*/lib/*.so" } },
	{ "libjvm.so", NULL, { "/usr/lib/jvm/*/lib/*.so" } },
	/* Servers. */
	{ "apache2", "libapr-1.so.*", { "/usr/lib/apache2/modules/*.so" } },
	{ "httpd", "libapr-1.so.*", { "@/httpd/modules/*.so" } },
	{ "lighttpd*", NULL, { "/usr/lib/lighttpd/*.so", "@/lighttpd/*.so" } },
	{ "nginx", NULL, { "/usr/lib/nginx/modules/*.so" } },
	{ "postgres", NULL, { "/usr/lib/postgresql/*/lib/*.so" } },
	{ "mariadbd", NULL, { "/usr/lib/mysql/plugin/*.so", "@/mariadb*/plugin/*.so" } },
	{ "mysqld", NULL, { "/usr/lib/mysql/plugin/*.so" } },
	{ "named", NULL, { "@/bind/*.so" } },
	{ "named", "libns-*.so", { "@/bind/*.so" } },
	{ "named", "libbind9-*.so", { "@/bind/*.so" } },
};

static const char *const places[] = { "/usr/lib/*-linux-*", "/usr/lib64", "/usr/lib" };

static bool is_called(const struct object *o, const char *pattern)
{
	const char *name = o->elf->dyn.soname ? o->elf->dyn.soname : o->name;

	return fnmatch(pattern, name, 0) == 0;
}

static bool is_loaded(const struct closure *c, const char *pattern)
{
	for (size_t i = 0; i < c->n; i++) {
		if (is_called(c->v[i], pattern) && (i == 0 || c->v[i]->elf->dyn.soname))
			return true;
	}
	return false;
}

static int add_file(struct closure *c, const struct object *caller, const char *path, struct err *e)
{
	struct object *o;
	int r = closure_add_plugin(c, caller, path, &o, e);

	/* What cannot be loaded, or needs what is not there, is not loaded. */
	return r == -ENOENT || r == -EACCES || r == -ENOTDIR ? 0 : r;
}

/* All files that match a pattern with wildcards in any component. */
static int add_matches(struct closure *c, const struct object *caller, const char *pattern,
		       unsigned depth, struct err *e)
{
	const char *wild = strpbrk(pattern, "*?["), *rest, *here;
	const char **v;
	size_t n;
	int r = 0;

	if (!wild || depth == MAX_DEPTH)
		return add_file(c, caller, pattern, e);
	rest = strchr(wild, '/');
	here = rest ? arena_dup_n(&c->arena, pattern, (size_t)(rest - pattern)) : pattern;
	if (!here || root_glob(&c->root, here, &c->arena, &v, &n) < 0)
		return 0; /* there is no such folder */
	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *next = rest ? arena_printf(&c->arena, "%s%s", v[i], rest) : v[i];

		if (!next)
			return err_set(e, -ENOMEM, "look for extensions");
		r = rest ? add_matches(c, caller, next, depth + 1, e)
			 : add_file(c, caller, next, e);
	}
	return r;
}

static int add_folder(struct closure *c, const struct object *caller, const char *folder,
		      struct err *e)
{
	int r = 0;

	if (*folder != '@')
		return add_matches(c, caller, folder, 0, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(places); i++) {
		const char *p = arena_printf(&c->arena, "%s%s", places[i], folder + 1);

		r = p ? add_matches(c, caller, p, 0, e)
		      : err_set(e, -ENOMEM, "look for extensions");
	}
	return r;
}

int extension_add(struct closure *c, struct object *caller, struct err *e)
{
	int r = 0;

	if (caller->is_extended)
		return 0;
	caller->is_extended = true;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(extensions); i++) {
		const struct extension *x = &extensions[i];

		if (!is_called(caller, x->caller ? x->caller : x->who) || !is_loaded(c, x->who) ||
		    (!x->caller && !caller->elf->dyn.soname && caller->index != 0))
			continue;
		for (size_t k = 0; r == 0 && k < MAX_FOLDERS && x->folders[k]; k++)
			r = add_folder(c, caller, x->folders[k], e);
	}
	return r;
}

bool extension_answers(const struct closure *c, const struct object *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++) {
		const struct extension *x = &extensions[i];
		bool is_party = is_called(o, x->who) || (x->caller && is_called(o, x->caller));

		if (is_party && (o->index == 0 || o->elf->dyn.soname) && is_loaded(c, x->who))
			return true;
	}
	return false;
}
