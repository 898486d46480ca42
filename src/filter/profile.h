/* SPDX-License-Identifier: Apache-2.0 */
/* filter/profile.h - the profiles that the programs carry (profiles/NAME.json).
 *
 * Reasons for each call: docs/profile.md. */
#pragma once

#include "filter/policy.h"

extern const struct filter_policy filter_profile_default;
extern const struct filter_policy filter_profile_strict;
