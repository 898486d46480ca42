/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-systemd/bus.c - a request, done: D-Bus calls to systemd.
 *
 * Theory of operation
 * -------------------
 * systemd answers a request with a job, and a signal says how the job has
 * ended; it is waited for here, so that "ok" means done. The signal is asked
 * for before the job is made, and jobs that end before we know the number of
 * ours are kept in mind.
 *
 * systemd's own socket is tried before the bus: there is nobody in between, and
 * it works while no bus daemon runs. Only root and the manager's own user may
 * connect there.
 *
 * A property that this systemd is too old for fails the whole call. Those that
 * the request calls optional are then left out, and the call made again. */
#include "prog/hull-systemd/bus.h"

#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "prog/hull-systemd/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

static const char service[] = "org.freedesktop.systemd1";
static const char object[] = "/org/freedesktop/systemd1";
static const char manager[] = "org.freedesktop.systemd1.Manager";

/* systemd kills what does not end within 90 s (DefaultTimeoutStopSec=), but
 * nothing of ours has to be waited for: it is killed before. */
enum { JOB_PATIENCE_S = 60, JOBS_MAX = 64 };

struct talk {
	sd_bus *bus;
	bool is_direct; /* systemd's own socket, not the bus */
	sd_bus_error error;
	char *job;      /* the one we wait for; NULL until it is known */
	char *ended[JOBS_MAX], *results[JOBS_MAX];
	size_t n_ended;
};

static int fail(struct talk *t, int r, const char *what, struct err *e)
{
	int code = sd_bus_error_get_errno(&t->error);

	code = code > 0 ? -code : r < 0 ? r : -EIO;
	if (t->error.message)
		return err_plain(e, code, "%s: %s", what, t->error.message);
	return err_plain(e, code, "%s: %s", what, strerror(-code));
}

/* --- connections --- */

/* Letters that need no escape in a D-Bus address. */
static bool is_plain(const char *path)
{
	return path[0] == '/' &&
	       path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
				 "UVWXYZ0123456789-_/.")] == '\0';
}

static int open_direct(struct talk *t, bool is_user)
{
	const char *dir = is_user ? getenv("XDG_RUNTIME_DIR") : "/run";
	char address[512];
	int r;

	if (!dir || !is_plain(dir) ||
	    snprintf(address, sizeof(address), "unix:path=%s/systemd/private",
		     dir) >= (int)sizeof(address))
		return -EINVAL;
	r = sd_bus_new(&t->bus);
	if (r >= 0)
		r = sd_bus_set_address(t->bus, address);
	if (r >= 0)
		r = sd_bus_start(t->bus);
	/* Connecting goes on in the background: this waits for it. */
	if (r >= 0)
		r = sd_bus_call_method(t->bus, NULL, object, manager,
				       "Subscribe", NULL, NULL, NULL);
	if (r < 0)
		t->bus = sd_bus_close_unref(t->bus);
	t->is_direct = r >= 0;
	return r;
}

static int open_bus(struct talk *t, bool is_user, struct err *e)
{
	int r = open_direct(t, is_user);

	if (r >= 0)
		return 0;
	r = is_user ? sd_bus_open_user(&t->bus) : sd_bus_open_system(&t->bus);
	if (r < 0) {
		err_set(e, r, "connect to the %s's systemd",
			is_user ? "user" : "host");
		return err_hint(e, r, "--cgroup-manager cgroupfs does without");
	}
	(void)sd_bus_call_method(t->bus, service, object, manager, "Subscribe",
				 NULL, NULL, NULL);
	return 0;
}

static const char *peer(const struct talk *t)
{
	return t->is_direct ? NULL : service;
}

/* --- jobs --- */

static int on_job_removed(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const char *job, *unit, *result;
	struct talk *t = arg;
	uint32_t id;
	int r = sd_bus_message_read(m, "uoss", &id, &job, &unit, &result);

	(void)error;
	if (r < 0 || t->n_ended == JOBS_MAX ||
	    (t->job && strcmp(job, t->job) != 0))
		return 0;
	t->ended[t->n_ended] = strdup(job);
	t->results[t->n_ended] = strdup(result);
	if (!t->ended[t->n_ended] || !t->results[t->n_ended])
		return -ENOMEM;
	t->n_ended++;
	return 0;
}

static const char *result_of_job(const struct talk *t)
{
	for (size_t i = 0; i < t->n_ended; i++)
		if (strcmp(t->ended[i], t->job) == 0)
			return t->results[i];
	return NULL;
}

static int64_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static int await_job(struct talk *t, struct err *e)
{
	int64_t until = now_s() + JOB_PATIENCE_S;
	const char *result;
	int r;

	while (!(result = result_of_job(t))) {
		r = sd_bus_process(t->bus, NULL);
		if (r == 0 && now_s() >= until)
			return err_plain(e, -ETIMEDOUT,
					 "no end of the job within %d s",
					 JOB_PATIENCE_S);
		if (r == 0)
			r = sd_bus_wait(t->bus, 1000000);
		if (r < 0 && r != -EINTR)
			return fail(t, r, "wait for the job", e);
	}
	if (strcmp(result, "done") != 0)
		return err_plain(e, -EIO, "the job ended as \"%s\"", result);
	return 0;
}

/* The job of a call that was answered, awaited. */
static int take_job(struct talk *t, sd_bus_message *reply, struct err *e)
{
	const char *job;
	int r = sd_bus_message_read(reply, "o", &job);

	if (r < 0)
		return fail(t, r, "read the job", e);
	t->job = strdup(job);
	return t->job ? await_job(t, e) : err_set(e, -ENOMEM, "systemd's job");
}

/* --- values --- */

static int add_value(sd_bus_message *m, const char *sig, size_t len,
		     char **words);

/* Length of the first complete type. */
static size_t type_len(const char *sig, size_t len)
{
	size_t n = 0, depth = 0;

	while (n < len && sig[n] == 'a')
		n++;
	for (; n < len; n++) {
		depth += sig[n] == '(';
		depth -= depth > 0 && sig[n] == ')';
		if (depth == 0)
			return n + 1;
	}
	return 0;
}

static int add_basic(sd_bus_message *m, char type, char **words)
{
	char *word = request_next(words);
	union {
		uint8_t y;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
		int b;
		double d;
	} v;
	uint64_t u = 0;
	int64_t i = 0;

	if (!word)
		return -EBADMSG;
	if (strchr("sog", type)) {
		word = request_unescape(word);
		return word ? sd_bus_message_append_basic(m, type, word)
			    : -EBADMSG;
	}
	if (type == 'd') {
		v.d = strtod(word, NULL);
		return sd_bus_message_append_basic(m, type, &v);
	}
	if (strchr("nix", type) ? num_i64(word, &i) < 0
				: num_u64(word, UINT64_MAX, &u) < 0)
		return -EBADMSG;
	switch (type) {
	case 'y':
		v.y = (uint8_t)u;
		break;
	case 'b':
		v.b = u != 0;
		break;
	case 'n':
		v.n = (int16_t)i;
		break;
	case 'q':
		v.q = (uint16_t)u;
		break;
	case 'i':
		v.i = (int32_t)i;
		break;
	case 'u':
		v.u = (uint32_t)u;
		break;
	case 'x':
		return sd_bus_message_append_basic(m, type, &i);
	case 't':
		return sd_bus_message_append_basic(m, type, &u);
	default:
		return -EBADMSG;
	}
	return sd_bus_message_append_basic(m, type, &v);
}

static int add_array(sd_bus_message *m, const char *sig, size_t len,
		     char **words)
{
	char element[64], *word = request_next(words);
	uint32_t n = 0;
	int r;

	if (!word || num_u32(word, &n) < 0 || len >= sizeof(element))
		return -EBADMSG;
	memcpy(element, sig, len);
	element[len] = '\0';
	r = sd_bus_message_open_container(m, 'a', element);
	for (uint32_t i = 0; i < n && r >= 0; i++)
		r = add_value(m, sig, len, words);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* `sig` is what is between the brackets. */
static int add_struct(sd_bus_message *m, const char *sig, size_t len,
		      char **words)
{
	char inner[64];
	int r;

	if (len >= sizeof(inner))
		return -EBADMSG;
	memcpy(inner, sig, len);
	inner[len] = '\0';
	r = sd_bus_message_open_container(m, 'r', inner);
	for (size_t at = 0; at < len && r >= 0;) {
		size_t one = type_len(sig + at, len - at);

		r = one ? add_value(m, sig + at, one, words) : -EBADMSG;
		at += one;
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int add_value(sd_bus_message *m, const char *sig, size_t len,
		     char **words)
{
	if (len > 1 && sig[0] == 'a')
		return add_array(m, sig + 1, len - 1, words);
	if (len > 2 && sig[0] == '(' && sig[len - 1] == ')')
		return add_struct(m, sig + 1, len - 2, words);
	return len == 1 ? add_basic(m, sig[0], words) : -EBADMSG;
}

static int add_property(sd_bus_message *m, const struct property *p)
{
	char *copy = strdup(p->words), *words = copy;
	int r = copy ? 0 : -ENOMEM;

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append_basic(m, 's', p->name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', p->signature);
	if (r >= 0)
		r = add_value(m, p->signature, strlen(p->signature), &words);
	if (r >= 0 && request_next(&words))
		r = -EBADMSG;
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	free(copy);
	return r;
}

static int add_properties(sd_bus_message *m, const struct request *q,
			  bool with_optional, struct err *e)
{
	int r = sd_bus_message_open_container(m, 'a', "(sv)");

	for (size_t i = 0; i < q->n_properties && r >= 0; i++) {
		const struct property *p = &q->properties[i];

		if (p->is_optional && !with_optional)
			continue;
		r = add_property(m, p);
		if (r < 0)
			return err_plain(e, r, "property %s: a value that is "
					       "not of the type %s",
					 p->name, p->signature);
	}
	if (r >= 0 && q->verb == VERB_START)
		r = sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, q->pid);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? err_set(e, r, "write the message") : 0;
}

/* --- calls --- */

static int new_call(struct talk *t, const char *method, sd_bus_message **ret)
{
	return sd_bus_message_new_method_call(t->bus, ret, peer(t), object,
					      manager, method);
}

static int start_message(struct talk *t, const struct request *q,
			 bool with_optional, sd_bus_message **ret,
			 struct err *e)
{
	int r = new_call(t, "StartTransientUnit", ret);

	if (r >= 0)
		r = sd_bus_message_append(*ret, "ss", q->unit, "replace");
	if (r < 0)
		return err_set(e, r, "write the message");
	r = add_properties(*ret, q, with_optional, e);
	if (r < 0)
		return r;
	r = sd_bus_message_append(*ret, "a(sa(sv))", 0);
	return r < 0 ? err_set(e, r, "write the message") : 0;
}

static int set_message(struct talk *t, const struct request *q,
		       bool with_optional, sd_bus_message **ret, struct err *e)
{
	int r = new_call(t, "SetUnitProperties", ret);

	/* true: until the unit ends, and in no file beyond. */
	if (r >= 0)
		r = sd_bus_message_append(*ret, "sb", q->unit, true);
	return r < 0 ? err_set(e, r, "write the message")
		     : add_properties(*ret, q, with_optional, e);
}

typedef int make_fn(struct talk *t, const struct request *q,
		    bool with_optional, sd_bus_message **ret, struct err *e);

static bool is_old(const struct talk *t)
{
	return sd_bus_error_has_name(&t->error,
				     SD_BUS_ERROR_PROPERTY_READ_ONLY) ||
	       sd_bus_error_has_name(&t->error,
				     SD_BUS_ERROR_UNKNOWN_PROPERTY) ||
	       sd_bus_error_has_name(&t->error, SD_BUS_ERROR_INVALID_ARGS);
}

/* Calls, and once more without the optional properties. The error's name stays
 * in t->error. */
static int call(struct talk *t, const struct request *q, make_fn *make,
		sd_bus_message **ret_reply, struct err *e)
{
	int r = 0;

	for (int turn = 0; turn < 2; turn++) {
		sd_bus_message *m = NULL;

		sd_bus_error_free(&t->error);
		r = make(t, q, turn == 0, &m, e);
		if (r < 0) {
			sd_bus_message_unref(m);
			return r;
		}
		r = sd_bus_call(t->bus, m, 0, &t->error, ret_reply);
		sd_bus_message_unref(m);
		if (r >= 0)
			return 0;
		if (!is_old(t))
			break;
	}
	return fail(t, r, "systemd refuses", e);
}

static void reset_failed(struct talk *t, const char *unit)
{
	(void)sd_bus_call_method(t->bus, peer(t), object, manager,
				 "ResetFailedUnit", NULL, NULL, "s", unit);
}

static int find_cgroup(struct talk *t, const char *unit, char **ret_path,
		       struct err *e)
{
	char *path = NULL;
	int r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit,
				   &path);

	if (r >= 0)
		r = sd_bus_get_property_string(
			t->bus, peer(t), path, "org.freedesktop.systemd1.Scope",
			"ControlGroup", &t->error, ret_path);
	free(path);
	return r < 0 ? fail(t, r, "ask for the cgroup", e) : 0;
}

/* A unit of that name may be left from one that has failed. */
static int do_start(struct talk *t, const struct request *q, char **ret_path,
		    struct err *e)
{
	sd_bus_message *reply = NULL;
	int r = call(t, q, start_message, &reply, e);

	if (r == -EEXIST ||
	    sd_bus_error_has_name(&t->error,
				  "org.freedesktop.systemd1.UnitExists")) {
		reset_failed(t, q->unit);
		r = call(t, q, start_message, &reply, e);
	}
	if (r == 0)
		r = take_job(t, reply, e);
	sd_bus_message_unref(reply);
	return r < 0 ? r : find_cgroup(t, q->unit, ret_path, e);
}

static int do_set(struct talk *t, const struct request *q, struct err *e)
{
	sd_bus_message *reply = NULL;
	int r = call(t, q, set_message, &reply, e);

	sd_bus_message_unref(reply);
	return r;
}

static int do_stop(struct talk *t, const struct request *q, struct err *e)
{
	sd_bus_message *reply = NULL;
	int r = sd_bus_call_method(t->bus, peer(t), object, manager, "StopUnit",
				   &t->error, &reply, "ss", q->unit, "replace");

	if (r >= 0)
		r = take_job(t, reply, e);
	else if (sd_bus_error_has_name(&t->error,
				       "org.freedesktop.systemd1.NoSuchUnit"))
		r = 0;
	else
		r = fail(t, r, "systemd refuses", e);
	sd_bus_message_unref(reply);
	reset_failed(t, q->unit);
	return r;
}

static int do_attach(struct talk *t, const struct request *q, struct err *e)
{
	int r = sd_bus_call_method(t->bus, peer(t), object, manager,
				   "AttachProcessesToUnit", &t->error, NULL,
				   "ssau", q->unit, q->sub, 1, q->pid);

	return r < 0 ? fail(t, r, "systemd refuses", e) : 0;
}

static int listen(struct talk *t, struct err *e)
{
	int r = sd_bus_match_signal(t->bus, NULL, peer(t), object, manager,
				    "JobRemoved", on_job_removed, t);

	return r < 0 ? err_set(e, r, "listen to systemd's jobs") : 0;
}

static int do_verb(struct talk *t, const struct request *q, char **ret_path,
		   struct err *e)
{
	int r = listen(t, e);

	if (r < 0)
		return r;
	switch (q->verb) {
	case VERB_START:
		return do_start(t, q, ret_path, e);
	case VERB_SET:
		return do_set(t, q, e);
	case VERB_STOP:
		return do_stop(t, q, e);
	case VERB_ATTACH:
		return do_attach(t, q, e);
	case VERB_NONE:
		break;
	}
	return err_set(e, -EINVAL, "verb");
}

int bus_do(struct request *q, char **ret_path, struct err *e)
{
	struct talk t = { .error = SD_BUS_ERROR_NULL };
	int r = open_bus(&t, q->is_user, e);

	if (r == 0)
		r = do_verb(&t, q, ret_path, e);
	for (size_t i = 0; i < t.n_ended; i++) {
		free(t.ended[i]);
		free(t.results[i]);
	}
	free(t.job);
	sd_bus_error_free(&t.error);
	sd_bus_flush_close_unref(t.bus);
	return r;
}
