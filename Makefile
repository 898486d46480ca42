# SPDX-License-Identifier: Apache-2.0
# The door: a few names for the jobs people do. Meson does the building.

BUILD ?= build
MESON_FLAGS ?=

.PHONY: all run check bench bench-scan soundness lab fuzz deps-build deps-check deps-bench deps-lab clean

# Two builds of one tree: programs that start containers with musl, those that
# need Debian's libraries (build/glibc) with its C library.
all: deps-build $(BUILD)/build.ninja $(BUILD)/glibc/build.ninja
	@ninja -C $(BUILD)
	@ninja -C $(BUILD)/glibc
	@for p in $(BUILD)/glibc/hull*; do [ ! -x "$$p" ] || [ -d "$$p" ] || ln -sf "glibc/$${p##*/}" $(BUILD)/; done
	@[ ! -x $(BUILD)/glibc/hull-cc ] || ln -sf glibc/hull-cc $(BUILD)/hull-c++

run: all
	@tools/demo $(BUILD)

check: deps-check all
	@tools/check $(BUILD)

bench: deps-bench all
	@bench/run $(BUILD)

# A plain Debian, with and without the separate debug file of its C library.
bench-scan: deps-bench all
	@bench/scan $(BUILD) --root $(BUILD)/plain --debootstrap --jobs 2
	@bench/scan $(BUILD) --root $(BUILD)/plain --jobs 2 --option=--debug-dir=none
	@bench/scan $(BUILD) --root $(BUILD)/plain --jobs 2 --all
	@cd $(BUILD)/plain/usr && $(abspath $(BUILD))/glibc/bench/sweep lib/x86_64-linux-gnu/libc.so.6 \
		lib/x86_64-linux-gnu/libstdc++.so.6 bin/bash bin/perl

# 197 jobs of several hundred programs, under strace and under their filters: minutes.
soundness: deps-check all
	@tests/soundness/run $(BUILD) --jobs 2

lab: deps-lab all
	@tests/lab/run $(BUILD)

fuzz: deps-check
	@tools/fuzz

$(BUILD)/build.ninja: | deps-build
	@mkdir -p $(BUILD)
	@CC=musl-gcc meson setup $(BUILD) -Dprograms=static $(MESON_FLAGS) >$(BUILD)/setup.log 2>&1 || { cat $(BUILD)/setup.log; exit 1; }

$(BUILD)/glibc/build.ninja: | $(BUILD)/build.ninja
	@meson setup $(BUILD)/glibc -Dprograms=dynamic -Dtests=false -Dstatic=false $(MESON_FLAGS) >$(BUILD)/setup-glibc.log 2>&1 || { cat $(BUILD)/setup-glibc.log; exit 1; }

# Each set of Debian packages is a section of deps/debian.txt.
deps-build deps-check deps-bench deps-lab: deps-%:
	@tools/deps $*

clean:
	rm -rf $(BUILD) build-*
