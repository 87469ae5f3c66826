# A thin front for the CMake presets: `make` alone explains.
#
# As root: `make demo` and `make test` install what is missing, configure, build and run.
# `make check` is the part that needs neither root nor the network.

PRESET ?= dev
BUILD = build/$(PRESET)
E2E = tests/e2e
PROGRAMS = $(BUILD)/$(E2E)/programs.json
CTEST = ctest --test-dir $(BUILD) --output-on-failure

.DEFAULT_GOAL := help
.PHONY: help deps stock stock-or-warning build compile demo hostile package test test-vm check e2e lint format tidy diagram mutation fuzz fuzz-smoke \
        fuzz-each bench bench-figure bench-scale bench-units asan tsan clean

help: ## this text
	@awk -F ':.*## ' '/^[a-z0-9 -]+:.*## / { printf "  make %-12s  %s\n", $$1, $$2 }' \
	    Makefile

deps: ## install what is missing of cmake/packages.txt (root only if something is)
	@cmake/deps.sh

stock: ## fetch Debian's hv_vss_daemon and qemu-ga to build/stock, to compare with; installs nothing
	@cmake/stock_daemon.sh build/stock

build: deps compile ## configure and build (PRESET=dev, release, asan or tsan)

compile:
	@cmake --preset $(PRESET) --log-level=WARNING > /dev/null
	@cmake --build $(BUILD)

demo: root-for-demo deps ## the main job, proved; ROUNDS=n BREAK=writer|freezer|early-release REQUESTER=hyperv|local (root)
	@cmake --preset $(PRESET) --log-level=WARNING > /dev/null
	@cmake --build $(BUILD) --target e2e_programs
	@python3 -B $(E2E)/demo.py --programs $(PROGRAMS) \
	    $(if $(REQUESTER),--requester $(REQUESTER)) \
	    $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(BREAK),--break $(BREAK))

hostile: root-for-hostile deps ## a host that does what no host should; COUNT=n SEED=s (root)
	@cmake --preset $(PRESET) --log-level=WARNING > /dev/null
	@cmake --build $(BUILD) --target e2e_programs
	@python3 -B $(E2E)/hostile.py --programs $(PROGRAMS) $(if $(COUNT),--count $(COUNT)) \
	    $(if $(SEED),--seed $(SEED))

package: deps ## Debian packages, looked at by lintian, in build/package
	@packaging/package.sh

# Without a network all is tested but the comparison with Debian's daemons, and that is said.
stock-or-warning:
	@cmake/stock_daemon.sh build/stock || \
	    echo "WARNING: without Debian's hv_vss_daemon and qemu-ga nothing is compared with them" >&2

# clang-tidy takes what the tests leave over: most of their time is waiting for a deadline. At idle
# priority it does not disturb those that stand against the clock.
test: root-for-test build stock-or-warning fuzz-smoke ## all tests but the long ones in virtual machines (root)
	@chrt --idle 0 $(MAKE) --no-print-directory lint > $(BUILD)/lint.log 2>&1 & lint=$$!; \
	$(CTEST) -j2 -LE vm-long; tests=$$?; \
	echo "the tests are over; waiting for clang-tidy"; wait $$lint; lint=$$?; \
	cat $(BUILD)/lint.log; [ $$tests -eq 0 ] && [ $$lint -eq 0 ]

test-vm: root-for-test-vm build stock-or-warning package ## every test in virtual machines, of packages too (root)
	@$(CTEST) -j2 -L vm

check: compile ## what needs no root: unit tests, simulation, rules of the tree
	@$(CTEST) -L unit -j2

e2e: root-for-e2e build stock-or-warning ## the tests on the real kernel alone (root)
	@$(CTEST) -L root

lint: deps ## clang-format and clang-tidy; what has not changed is not looked at again
	@cmake --preset dev --log-level=WARNING > /dev/null
	@python3 -B cmake/lint.py build/dev

format: deps ## let clang-format rewrite the sources
	@python3 -B cmake/lint.py --format

tidy: compile ## include lines against cmake/layers.txt, banned calls, dead files
	@$(CTEST) -L tidy

diagram: compile ## print the transition table's picture into ARCHITECTURE.md
	@cmake --build $(BUILD) --target diagram

mutation: build ## drop or alter each row of the transition table: how many are caught
	@cmake --build $(BUILD) --target mutation

fuzz: ## each fuzz target for a minute
	@$(MAKE) --no-print-directory fuzz-each FUZZ_S=60

fuzz-smoke:
	@$(MAKE) --no-print-directory fuzz-each FUZZ_S=5

# What is found to be new goes to build/, not to the corpus of the tree.
fuzz-each: deps
	@cmake --preset fuzz --log-level=WARNING > /dev/null
	@cmake --build build/fuzz --target fuzz/all
	@set -e; for fuzzer in build/fuzz/fuzz/*_fuzz; do \
	  name=$$(basename $$fuzzer _fuzz); mkdir -p build/fuzz/found/$$name; \
	  echo "fuzz $$name for $(FUZZ_S) s"; \
	  $$fuzzer -max_total_time=$(FUZZ_S) -timeout=5 -verbosity=0 -artifact_prefix=build/fuzz/found/ \
	      build/fuzz/found/$$name $$(ls -d fuzz/corpus/$$name 2>/dev/null) \
	      > build/fuzz/found/$$name.log 2>&1 || { tail -40 build/fuzz/found/$$name.log; exit 1; }; \
	done

# `bench` is for an idle machine. What it says of a goal that is not reached is no failure. Whole, it
# ends with bench-scale; quick runs write where whole ones do not.
bench: root-for-bench deps stock-or-warning ## stall beside qemu-ga and others, then bench-scale; BENCH=quick ONLY=text (root)
	@cmake --preset $(PRESET) --log-level=WARNING > /dev/null
	@cmake --build $(BUILD) --target stall_programs
	@python3 -B bench/stall/bench.py --programs $(BUILD)/bench/stall/programs.json \
	    --into build/bench $(if $(filter quick,$(BENCH)),--quick) $(if $(ONLY),--only "$(ONLY)")
	@$(if $(ONLY)$(filter quick,$(BENCH)),,$(MAKE) --no-print-directory bench-scale)

bench-figure: ## the last whole bench's picture and tables, into docs/
	@python3 -B bench/stall/bench.py --into build/bench --figure docs

bench-units: deps ## how fast coordinator, codecs and ring are, on an idle machine
	@cmake --preset $(PRESET) --log-level=WARNING > /dev/null
	@cmake --build $(BUILD) --target bench/all
	@set -e; for program in $(BUILD)/bench/*_bench; do \
	  $$program --benchmark_counters_tabular=true; done

bench-scale: root-for-bench-scale deps ## 10,000 writers beside a bare echo, and idling; BENCH=quick (root)
	@cmake --preset $(PRESET) --log-level=WARNING > /dev/null
	@cmake --build $(BUILD) --target e2e_programs
	@python3 -B bench/scale/scale.py --programs $(PROGRAMS) \
	    $(if $(filter quick,$(BENCH)),--results build/bench/scale-quick.json --quick,--results build/bench/scale.json)

asan tsan: deps ## the tests without root under sanitizers
	@cmake --preset $@ --log-level=WARNING > /dev/null
	@cmake --build build/$@
	@ctest --test-dir build/$@ --output-on-failure -L unit -j2

clean: ## remove build/
	@rm -rf build

root-for-%:
	@[ "$$(id -u)" -eq 0 ] || \
	    { echo "make $* needs root: it mounts loop images in a namespace of its own" >&2; exit 77; }
