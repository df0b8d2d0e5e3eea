# Thin: every target is a few whole commands. `make demo` and `make test` are all that a newcomer needs.
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
PROGRAMS = nightjar nightjar-sandbox nightjar-toolbox

# A checkout may belong to somebody else than who calls: everything in it is made as its owner.
OWN = tools/as_owner

.PHONY: all build debug test test-all demo install uninstall bench format tidy layers clean

all: build

build:
	@tools/bootstrap build
	@$(OWN) cmake --preset release >/dev/null
	@$(OWN) cmake --build --preset release -j $(JOBS) --target $(PROGRAMS)

debug:
	@$(OWN) cmake --preset debug >/dev/null
	@$(OWN) cmake --build --preset debug -j $(JOBS)

test:
	@tools/bootstrap test
	@$(MAKE) --no-print-directory debug
	@$(OWN) ctest --preset debug -j $(JOBS)

test-all: test
	@$(OWN) ctest --test-dir build/debug -L slow --output-on-failure
	@for sanitizers in asan tsan; do \
	  $(OWN) cmake --preset $$sanitizers >/dev/null && \
	  $(OWN) cmake --build --preset $$sanitizers -j $(JOBS) && \
	  $(OWN) ctest --preset $$sanitizers -j $(JOBS) || exit 1; \
	done

demo:
	@tools/bootstrap demo
	@$(MAKE) --no-print-directory build
	@$(OWN) tools/demo

bench:
	@tools/bootstrap build
	@$(OWN) cmake -S . -B build/bench -G Ninja -DCMAKE_BUILD_TYPE=Release -DNIGHTJAR_BENCH=ON >/dev/null
	@$(OWN) cmake --build build/bench -j $(JOBS) --target nightjar_bench $(PROGRAMS)
	@$(OWN) build/bench/bench/nightjar_bench

install: build
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' tools/install

uninstall:
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' tools/install --undo

format:
	@$(OWN) tools/format

tidy:
	@$(OWN) tools/tidy

layers:
	@tools/check_layers

clean:
	rm -rf build
