/* SPDX-License-Identifier: Apache-2.0 */
/* scan/extension.h - the folders from which known programs load extensions.
 *
 * An interpreter or a server puts the names of its extensions together while it
 * runs, but they all come from its own folders, and what is looked up in them is
 * what they export. So all that stands in the folders of the root counts as
 * loaded, and the question which of it is answered. */
#pragma once

#include "scan/closure.h"

struct err;

/* Adds the extensions that are loaded by code of `caller`, each folder once.
 * Call it for every object that calls dlopen. */
int extension_add(struct closure *c, struct object *caller, struct err *e);
/* Do folders answer what code of this object loads and looks up? */
bool extension_answers(const struct closure *c, const struct object *o);
