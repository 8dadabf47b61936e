# Everything anyone runs. `make run` and `make check` do all set-up on a fresh Debian or Ubuntu.
BUILD := build
JOBS := $(shell nproc)
CTEST := ctest --output-on-failure --no-tests=error -j$(JOBS)

.PHONY: help run check build test asan tsan generic fuzz cov wasm hub hub-check hub-fix check-deep valgrind python bench quality sizes install clean

help:
	@sed -n 's/^## //p' Makefile

## make run        set up, build, train and explain a model on a built-in table, write report.html
run:
	@tools/setup run
	@$(MAKE) --no-print-directory build
	@$(BUILD)/release/ken train credit_g --target class -o model.ken --report report.html

## make check      set up and pass every test
check:
	@tools/setup check
	@tools/check

## make build      the program at build/release/ken, the libraries beside it
build:
	@tools/configure release
	@cmake --build $(BUILD)/release --parallel $(JOBS) --target ken ken_static ken_shared

## make test       the inner loop: release build, unit and command-line tests
test:
	@tools/configure release
	@cmake --build $(BUILD)/release --parallel $(JOBS)
	@$(CTEST) --test-dir $(BUILD)/release

## make asan       the same under AddressSanitizer and UBSan (also: make tsan, make generic)
asan:
	@tools/configure dev
	@cmake --build $(BUILD)/dev --parallel $(JOBS)
	@$(CTEST) --test-dir $(BUILD)/dev
tsan generic:
	@tools/configure $@
	@cmake --build $(BUILD)/$@ --parallel $(JOBS)
	@$(CTEST) --test-dir $(BUILD)/$@

## make fuzz       every fuzz target for FUZZ_SECONDS (60) with libFuzzer
fuzz:
	@tools/setup fuzz
	@tools/fuzz $(or $(FUZZ_SECONDS),60)

## make cov        line coverage of ken/ (also: make valgrind)
cov:
	@tools/coverage
valgrind:
	@tools/valgrind

## make wasm       the library as WebAssembly: build/wasm/ken.wasm (tools/wasm builds the modules of lessons)
wasm:
	@tools/setup wasm
	@tools/wasm

## make hub        the lessons as a site: build/hub/site, notebooks, PDF (ken learn, or any web server, shows it)
hub: hub-library
	@node hub/gen/build.mjs

## make hub-check  every gate of the lessons: cells, numbers, exercises, pages, widgets, notebooks, bytes (make hub-fix writes the numbers)
hub-check:
	@tools/setup hub-check
	@tools/hub_check
hub-fix: hub-library
	@node hub/gen/build.mjs --fix --no-pdf --no-search

.PHONY: hub-library
hub-library:
	@tools/setup hub
	@$(MAKE) --no-print-directory build

## make check-deep what runs before something is called done: sanitizers, valgrind, coverage, long fuzzing
check-deep:
	@tools/setup deep
	@KEN_TEST_DEEP=1 $(MAKE) --no-print-directory asan tsan generic
	@$(MAKE) --no-print-directory valgrind cov
	@tools/fuzz $(or $(FUZZ_SECONDS),600)

## make python     the Python package: build/wheel/ken-*.whl for every Python from 3.9 (or: pip install ./python)
python:
	@tools/setup python
	@tools/python_wheel

## make bench      beside the peers in one run: time, memory, quality (PEERS=python of their venv)
bench:
	@bench/run

## make quality    defaults against the peers' defaults on real tables, written to docs/quality.md (TUNED=1: after
##                 50 trials each, to docs/quality_tuned.md)
quality:
	@bench/quality/run $(if $(TUNED),--tuned)

## make sizes      long functions and files, in the open
sizes:
	@tools/sizes

## make install    PREFIX=/usr/local: program, libraries, headers, pkg-config, CMake, man pages
install: build
	@cmake --install $(BUILD)/release --prefix $(or $(PREFIX),/usr/local)

clean:
	rm -rf $(BUILD)
