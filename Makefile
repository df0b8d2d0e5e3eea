# Thin: every target is a few whole commands. `make demo` and `make test` are all that a newcomer needs.
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
PROGRAMS = nightjar nightjar-sandbox

# A checkout may belong to somebody else than who calls: everything in it is made as its owner.
OWN = tools/as_owner
# The service's unit holds a whole path, and so not every shell's ~ is taken care of.
prefix = $(abspath $(patsubst ~/%,$(HOME)/%,$(PREFIX)))
to = $(DESTDIR)$(prefix)

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
	@$(OWN) cmake --preset asan >/dev/null
	@$(OWN) cmake --build --preset asan -j $(JOBS)
	@$(OWN) ctest --preset asan -j $(JOBS)

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
	install -D -m 755 build/release/bin/nightjar $(to)/bin/nightjar
	install -D -m 755 build/release/bin/nightjar-sandbox $(to)/libexec/nightjar/nightjar-sandbox
	install -D -m 644 packaging/nightjar.1 $(to)/share/man/man1/nightjar.1
	install -D -m 644 packaging/completion.bash $(to)/share/bash-completion/completions/nightjar
	install -D -m 644 packaging/completion.zsh $(to)/share/zsh/site-functions/_nightjar
	install -D -m 644 packaging/completion.fish $(to)/share/fish/vendor_completions.d/nightjar.fish
	install -D -m 644 LICENSE $(to)/share/doc/nightjar/LICENSE
	sed 's|@BINDIR@|$(prefix)/bin|g' packaging/nightjar.service | \
	  install -D -m 644 /dev/stdin $(to)/lib/systemd/user/nightjar.service
	@echo 'installed below $(prefix); next, in a repository: $(prefix)/bin/nightjar assign "Rename class Parser to Reader everywhere"'

uninstall:
	rm -f $(to)/bin/nightjar $(to)/libexec/nightjar/nightjar-sandbox $(to)/share/man/man1/nightjar.1 \
	  $(to)/share/bash-completion/completions/nightjar $(to)/share/zsh/site-functions/_nightjar \
	  $(to)/share/fish/vendor_completions.d/nightjar.fish $(to)/share/doc/nightjar/LICENSE \
	  $(to)/lib/systemd/user/nightjar.service
	@cd $(to) && rmdir -p --ignore-fail-on-non-empty bin libexec/nightjar share/man/man1 \
	  share/bash-completion/completions share/zsh/site-functions share/fish/vendor_completions.d \
	  share/doc/nightjar lib/systemd/user 2>/dev/null || true

format:
	@$(OWN) tools/format

tidy:
	@$(OWN) tools/tidy

layers:
	@tools/check_layers

clean:
	rm -rf build
