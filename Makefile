# SPDX-License-Identifier: Apache-2.0
# The door: a few names for the jobs people do. Meson does the building.

BUILD ?= build
MESON_FLAGS ?=

.PHONY: all run check bench lab fuzz deps-build deps-check deps-bench deps-lab clean

all: deps-build $(BUILD)/build.ninja
	@ninja -C $(BUILD)

run: all
	@tools/demo $(BUILD)

check: deps-check all
	@tools/check $(BUILD)

bench: deps-bench all
	@bench/run $(BUILD)

lab: deps-lab all
	@tests/lab/run $(BUILD)

fuzz: deps-check
	@tools/fuzz

$(BUILD)/build.ninja: | deps-build
	@meson setup $(BUILD) $(MESON_FLAGS) >$(BUILD).log 2>&1 || { cat $(BUILD).log; rm -f $(BUILD).log; exit 1; }
	@mv $(BUILD).log $(BUILD)/setup.log

# Each set of Debian packages is a section of deps/debian.txt.
deps-build deps-check deps-bench deps-lab: deps-%:
	@tools/deps $*

clean:
	rm -rf $(BUILD) build-*
