/* SPDX-License-Identifier: Apache-2.0 */
/* oci/version.h - the versions of the OCI runtime specification we speak. */
#pragma once

#define OCI_VERSION_MAJOR 1
#define OCI_VERSION_MINOR 3
#define OCI_VERSION_MIN	  "1.0.0"
#define OCI_VERSION_MAX	  "1.3.0"
