# Thin: every target is a few whole commands. `make demo` and `make test` are all that a newcomer needs.
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
PROGRAMS = nightjar nightjar-sandbox
# A checkout may belong to somebody else than who installs: everything is built as its owner.
OWNER := $(shell stat -c %U .)
AS_OWNER := $(if $(filter 0,$(shell id -u)),$(if $(filter root,$(OWNER)),,setpriv --reuid $(OWNER) --regid $(shell stat -c %g .) --init-groups env HOME=$(shell getent passwd $(OWNER) | cut -d: -f6)))

.PHONY: all build demo test test-all install uninstall bench format tidy layers clean

all: build

build:
	@tools/bootstrap build
	@$(AS_OWNER) cmake --preset release >/dev/null
	@$(AS_OWNER) cmake --build --preset release -j $(JOBS) --target $(PROGRAMS)

debug:
	@$(AS_OWNER) cmake --preset debug >/dev/null
	@$(AS_OWNER) cmake --build --preset debug -j $(JOBS)

test:
	@tools/bootstrap test
	@$(MAKE) --no-print-directory debug
	@ctest --preset debug -j $(JOBS)

test-all: test
	@ctest --test-dir build/debug -L slow --output-on-failure
	@cmake --preset asan >/dev/null && cmake --build --preset asan -j $(JOBS)
	@ctest --preset asan -j $(JOBS)

demo:
	@tools/bootstrap demo
	@$(MAKE) --no-print-directory build
	@tools/demo

install: build
	install -D -m 755 build/release/bin/nightjar $(DESTDIR)$(PREFIX)/bin/nightjar
	install -D -m 755 build/release/bin/nightjar-sandbox $(DESTDIR)$(PREFIX)/libexec/nightjar/nightjar-sandbox
	install -D -m 644 packaging/nightjar.1 $(DESTDIR)$(PREFIX)/share/man/man1/nightjar.1
	install -D -m 644 packaging/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/nightjar
	install -D -m 644 packaging/completion.zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_nightjar
	install -D -m 644 packaging/completion.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/nightjar.fish
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/user
	sed 's|@BINDIR@|$(PREFIX)/bin|g' packaging/nightjar.service > $(DESTDIR)$(PREFIX)/lib/systemd/user/nightjar.service
	@echo "installed below $(PREFIX); next: cd to a repository, then: $(PREFIX)/bin/nightjar assign \"Rename class Parser to Reader everywhere\""

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/nightjar $(DESTDIR)$(PREFIX)/libexec/nightjar/nightjar-sandbox \
	  $(DESTDIR)$(PREFIX)/share/man/man1/nightjar.1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions/nightjar \
	  $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_nightjar $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/nightjar.fish \
	  $(DESTDIR)$(PREFIX)/lib/systemd/user/nightjar.service
	-rmdir $(DESTDIR)$(PREFIX)/libexec/nightjar 2>/dev/null

bench:
	@tools/bootstrap build
	@cmake -S . -B build/bench -G Ninja -DCMAKE_BUILD_TYPE=Release -DNIGHTJAR_BENCH=ON >/dev/null
	@cmake --build build/bench -j $(JOBS) --target nightjar_bench $(PROGRAMS)
	@build/bench/bench/nightjar_bench

format:
	@tools/format

tidy:
	@tools/tidy

layers:
	@tools/check_layers

clean:
	rm -rf build
