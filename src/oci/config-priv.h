/* SPDX-License-Identifier: Apache-2.0 */
/* oci/config-priv.h - the parts of config.json, one function a part.
 *
 * Each is a field_fn for oci/config.c's table; `into` says which struct. */
#pragma once

#include "base/scope.h"
#include "oci/field.h"

int oci_annotations(struct read *r, const struct json_at *at, void *conf);
int oci_process(struct read *r, const struct json_at *at, void *process);
int oci_mounts(struct read *r, const struct json_at *at, void *conf);
int oci_hooks(struct read *r, const struct json_at *at, void *conf);
int oci_linux(struct read *r, const struct json_at *at, void *conf);

/* Parts of `linux`. */
int oci_namespaces(struct read *r, const struct json_at *at, void *conf);
int oci_uid_mappings(struct read *r, const struct json_at *at, void *idmaps);
int oci_gid_mappings(struct read *r, const struct json_at *at, void *idmaps);
int oci_time_offsets(struct read *r, const struct json_at *at, void *conf);
int oci_devices(struct read *r, const struct json_at *at, void *conf);
int oci_device_rules(struct read *r, const struct json_at *at, void *resources);
int oci_resources(struct read *r, const struct json_at *at, void *resources);
int oci_seccomp(struct read *r, const struct json_at *at, void *policy);

/* The same option words serve linux.rootfsPropagation. */
int oci_propagation(struct read *r, const struct json_at *at, void *flags);

/* Mount options "idmap=uids=@0-1-10;gids=..." are relative to the user
 * namespace of the container, so they wait until `linux` has been read. */
int oci_mounts_finish(struct read *r, const struct json_at *mounts);

/* Writes a policy as the member "seccomp". */
struct filter_policy;
struct json_out;
void oci_seccomp_write(struct json_out *o, const struct filter_policy *p);

/* Words that oci/features.c tells of. */
extern const struct word oci_mempolicy_modes[], oci_mempolicy_flags[];
extern const size_t n_oci_mempolicy_modes, n_oci_mempolicy_flags;
