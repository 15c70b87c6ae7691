# intent-webhook: what a developer does. Users install with LuaRocks.
#
#   make         build the module for LUA_VERSION (5.4 by default)
#   make demo    show the main job: a chat, intents, webhooks, and the history of one call
#   make page    the same, and then its history in a browser: the Intent History page on PAGE_PORT (8090), until ^C
#   make test    everything that has to hold; installs what it needs on Debian and Ubuntu
#   make fuzz    libFuzzer on the sentences, for FUZZ_SECONDS (60) each way; see spec/fuzz/README.md
#   make bench   figures, beside those of peers
#   make install, make uninstall: without LuaRocks, below PREFIX (/usr/local), for LUA_VERSION
#   make format  clang-format over the C sources
#   make clean   remove what was built

LUA_VERSION ?= 5.4
CC ?= cc
CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion -Wsign-conversion \
  -Wcast-qual -Wwrite-strings -Wundef -Wformat=2 -Wpointer-arith -Wvla

LUA_INCLUDE_5.1 = /usr/include/lua5.1
LUA_INCLUDE_5.3 = /usr/include/lua5.3
LUA_INCLUDE_5.4 = /usr/include/lua5.4
LUA_INCLUDE ?= $(LUA_INCLUDE_$(LUA_VERSION))
LUA ?= lua$(LUA_VERSION)

BUILD ?= build
CORE_LIBRARIES = -lcurl -luv -lsqlite3 -lssl -lcrypto -lutf8proc -lz -lpthread -ldl -lm
HTTP_LIBRARIES = -lmicrohttpd -luv -lpthread -ldl

# The listener and the server are modules beside the core, on libmicrohttpd.
HTTP_SOURCES = $(wildcard src/http_*.c)
LISTENER_SOURCES = $(wildcard src/listener*.c) $(HTTP_SOURCES)
SERVER_SOURCES = $(wildcard src/server*.c) $(HTTP_SOURCES)
# the core's files that they use too; each module has its own copy, so that none needs another
HTTP_SHARED = memory buffer clock thread
LUA_HTTP_SOURCES = src/lua_listener.c src/lua_server.c
LUA_CORE_SOURCES = $(filter-out $(LUA_HTTP_SOURCES),$(wildcard src/lua_*.c))
CORE_SOURCES = $(filter-out $(LISTENER_SOURCES) $(SERVER_SOURCES) $(wildcard src/lua_*.c),$(wildcard src/*.c))

CORE_OBJECTS = $(CORE_SOURCES:src/%.c=$(BUILD)/core/%.o)
HTTP_SHARED_OBJECTS = $(HTTP_SHARED:%=$(BUILD)/core/%.o)
LISTENER_OBJECTS = $(LISTENER_SOURCES:src/%.c=$(BUILD)/core/%.o) $(HTTP_SHARED_OBJECTS)
SERVER_OBJECTS = $(SERVER_SOURCES:src/%.c=$(BUILD)/core/%.o) $(HTTP_SHARED_OBJECTS)
LUA_CORE_OBJECTS = $(LUA_CORE_SOURCES:src/%.c=$(BUILD)/$(LUA_VERSION)/%.o)
MODULES = $(addprefix $(BUILD)/$(LUA_VERSION)/intent_webhook/,core.so listener.so server.so)

LUA_PACKAGES_5.1 = lua5.1 liblua5.1-0-dev
LUA_PACKAGES_5.3 = lua5.3 liblua5.3-dev
LUA_PACKAGES_5.4 = lua5.4 liblua5.4-dev
# What Debian 12 and Ubuntu call what is needed: to build and run; and besides, to test.
BUILD_PACKAGES = gcc libc6-dev libcurl4-openssl-dev libuv1-dev libsqlite3-dev libssl-dev libutf8proc-dev \
  zlib1g-dev libmicrohttpd-dev $(LUA_PACKAGES_$(LUA_VERSION)) lua-cjson
TEST_PACKAGES = lua-busted lua-check lua-socket lua-luv lua-cqueues luarocks libnginx-mod-http-lua sqlite3 openssl \
  python3 python3-flask lua5.1 liblua5.1-0-dev lua5.3 liblua5.3-dev lua5.4 liblua5.4-dev procps valgrind clang clang-format
# To fuzz, and to measure, besides.
FUZZ_PACKAGES = clang libclang-rt-dev
BENCH_PACKAGES = lua-lpeg
# Needed as a command, whoever installed it.
TEST_COMMANDS = node:nodejs npm:npm nginx:nginx-light curl:curl luajit:luajit2 haproxy:haproxy prosody:prosody
# Ubuntu has it as a snap only; without it the page is not tested in a browser.
TEST_BROWSER = $$(grep -qsx ID=ubuntu /etc/os-release || echo chromium:chromium)

# Where `make install` puts things; DESTDIR goes in front of all of them.
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LUADIR ?= $(PREFIX)/share/lua/$(LUA_VERSION)
LUALIBDIR ?= $(PREFIX)/lib/lua/$(LUA_VERSION)
INSTALL ?= install

.PHONY: all demo page test fuzz bench c-tests examples express browser format lint clean install uninstall build-packages \
  test-packages fuzz-packages bench-packages

all: $(MODULES)

$(BUILD)/core/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(CFLAGS) $(WARNINGS) -fPIC -MMD -MP -Isrc -c -o $@ $<

$(BUILD)/core/page_assets.o: $(wildcard src/page/*)

$(BUILD)/$(LUA_VERSION)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(CFLAGS) $(WARNINGS) -fPIC -MMD -MP -Isrc -I$(LUA_INCLUDE) -c -o $@ $<

$(BUILD)/$(LUA_VERSION)/intent_webhook/core.so: $(CORE_OBJECTS) $(LUA_CORE_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -shared -o $@ $^ $(LDFLAGS) $(CORE_LIBRARIES)

$(BUILD)/$(LUA_VERSION)/intent_webhook/listener.so: $(LISTENER_OBJECTS) $(BUILD)/$(LUA_VERSION)/lua_listener.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -shared -o $@ $^ $(LDFLAGS) $(HTTP_LIBRARIES)

$(BUILD)/$(LUA_VERSION)/intent_webhook/server.so: $(SERVER_OBJECTS) $(BUILD)/$(LUA_VERSION)/lua_server.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -shared -o $@ $^ $(LDFLAGS) $(HTTP_LIBRARIES)

# ---- C tests and examples, each a program with the core inside ----

C_TESTS = $(patsubst spec/c/%.c,$(BUILD)/spec/%,$(wildcard spec/c/test_*.c))
C_FIXTURES = $(filter-out spec/c/test_%.c spec/c/host_%.c,$(wildcard spec/c/*.c))
C_FIXTURE_OBJECTS = $(C_FIXTURES:spec/c/%.c=$(BUILD)/spec/%.o)
# A test is linked with the fixtures whose headers it includes, and with those that these include: some are fakes.
C_INCLUDED = $(shell files=$<; for round in 1 2 3; do \
  for name in $$(sed -n 's/^\#include "\(.*\)\.h"/\1/p' $$files); do \
    test -f spec/c/$$name.c && files="$$files spec/c/$$name.c"; done; done; \
  printf '%s\n' $$files | grep -v /test_ | sort -u)
C_LIBRARIES = $(CORE_LIBRARIES) $(HTTP_LIBRARIES) -lm
CORE_ARCHIVE = $(BUILD)/core/libcore.a

c-tests: $(C_TESTS)

$(CORE_ARCHIVE): $(CORE_OBJECTS) $(LISTENER_OBJECTS) $(SERVER_OBJECTS)
	rm -f $@
	ar rcs $@ $(sort $^)

$(BUILD)/spec/%.o: spec/c/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(CFLAGS) $(WARNINGS) -MMD -MP -Isrc -Ispec/c -c -o $@ $<

$(BUILD)/spec/test_%: spec/c/test_%.c $(C_FIXTURE_OBJECTS) $(CORE_ARCHIVE)
	$(CC) -std=gnu11 $(CFLAGS) $(WARNINGS) -MMD -MP -Isrc -Ispec/c -o $@ $< \
	  $(C_INCLUDED:spec/c/%.c=$(BUILD)/spec/%.o) $(CORE_ARCHIVE) $(LDFLAGS) $(C_LIBRARIES)

examples: $(BUILD)/examples/send $(BUILD)/examples/sentences $(BUILD)/examples/host

$(BUILD)/examples/%: examples/c/%.c $(CORE_ARCHIVE)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(CFLAGS) $(WARNINGS) -MMD -MP -Isrc -o $@ $< $(CORE_ARCHIVE) $(LDFLAGS) $(CORE_LIBRARIES)

$(BUILD)/examples/host: examples/embedded/host.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(CFLAGS) $(WARNINGS) -I$(LUA_INCLUDE_5.4) -o $@ $< $(LDFLAGS) -llua5.4

.SECONDARY: $(C_FIXTURE_OBJECTS)

-include $(wildcard $(BUILD)/core/*.d $(BUILD)/$(LUA_VERSION)/*.d $(BUILD)/spec/*.d $(BUILD)/examples/*.d)

# ---- what users of the repository run ----

demo: build-packages
	@mkdir -p $(BUILD)
	@$(MAKE) --no-print-directory all >$(BUILD)/demo.log 2>&1 || { cat $(BUILD)/demo.log; exit 1; }
	@LUA=$(LUA) examples/clinic/demo

# Whoever ends it with ^C has not failed.
PAGE_PORT ?= 8090
DEMO_HISTORY = $(BUILD)/demo/history.db

page: build-packages
	@rm -rf $(BUILD)/demo
	@mkdir -p $(BUILD)/demo
	@$(MAKE) --no-print-directory all >$(BUILD)/demo.log 2>&1 || { cat $(BUILD)/demo.log; exit 1; }
	@export LUA_PATH="./lua/?.lua;;" LUA_CPATH="$(BUILD)/$(LUA_VERSION)/?.so;;"; \
	  LUA=$(LUA) DEMO_HISTORY=$(DEMO_HISTORY) examples/clinic/demo && echo && \
	  { $(LUA) bin/intent-webhook serve --history $(DEMO_HISTORY) --port $(PAGE_PORT) || test $$? -eq 130; }

LUA_FILES = $(patsubst lua/%,%,$(wildcard lua/*.lua lua/*/*.lua lua/*/*/*.lua))

# The command runs with the Lua that it was built for.
install: all
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LUALIBDIR)/intent_webhook
	$(INSTALL) -m 755 $(MODULES) $(DESTDIR)$(LUALIBDIR)/intent_webhook
	for file in $(LUA_FILES); do \
	  $(INSTALL) -d $(DESTDIR)$(LUADIR)/$$(dirname $$file) && \
	  $(INSTALL) -m 644 lua/$$file $(DESTDIR)$(LUADIR)/$$file || exit 1; done
	sed '1s|.*|#!/usr/bin/env $(LUA)|' bin/intent-webhook >$(BUILD)/intent-webhook
	$(INSTALL) -m 755 $(BUILD)/intent-webhook $(DESTDIR)$(BINDIR)/intent-webhook

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/intent-webhook $(DESTDIR)$(LUADIR)/intent_webhook.lua
	rm -rf $(DESTDIR)$(LUADIR)/intent_webhook $(DESTDIR)$(LUALIBDIR)/intent_webhook

test: test-packages
	@LUA_VERSION=$(LUA_VERSION) CC=$(CC) spec/run

# Always clang's, with what the sentences need of the core. NULL + 0, which it calls undefined and C23's successor does not,
# is no finding.
FUZZ_SOURCES = $(wildcard src/sentence*.c) $(addprefix src/,arena.c buffer.c memory.c utf8.c) spec/c/sentence_fuzz.c
FUZZ_CHECKS = -fsanitize=fuzzer,address,undefined,float-cast-overflow -fno-sanitize=pointer-overflow \
  -fno-sanitize-recover=undefined,float-cast-overflow

$(BUILD)/fuzz/fuzz_%: spec/fuzz/fuzz_%.c spec/fuzz/fuzz_target.h $(FUZZ_SOURCES) $(wildcard src/*.h spec/c/*.h)
	@mkdir -p $(@D)
	clang -std=gnu11 -O1 -g -fno-omit-frame-pointer $(FUZZ_CHECKS) $(WARNINGS) -Isrc -Ispec/c -o $@ $< $(FUZZ_SOURCES) \
	  -lutf8proc -lcrypto -lm

fuzz: fuzz-packages $(BUILD)/fuzz/fuzz_sentences $(BUILD)/fuzz/fuzz_image
	@spec/fuzz/run $(BUILD)/fuzz

bench: all bench-packages
	@LUA=$(LUA) CC=$(CC) bench/run

express: spec/support/express/node_modules/.package-lock.json
browser: spec/browser/node_modules/.package-lock.json
%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

# ---- the form of the sources ----

SOURCES = $(wildcard src/*.[ch] spec/c/*.[ch] spec/fuzz/*.[ch] examples/*/*.c bench/*.c)

format:
	clang-format -i $(SOURCES)

# Both compilers, with every warning an error. gcc has some only when it optimises; clang, all when it parses. LINT_GCC:
# where gcc builds, or has built.
LINT_GCC ?= $(BUILD)/lint-gcc

lint:
	clang-format --dry-run -Werror $(SOURCES)
	luacheck --quiet lua bin/intent-webhook spec examples bench
	$(MAKE) --no-print-directory -s -j2 CC=gcc BUILD=$(LINT_GCC) CFLAGS="-O2 -g -Werror" all examples c-tests
	@printf '%s\n' $(filter %.c,$(SOURCES)) | xargs -n 16 -P 2 clang -std=gnu11 -O2 -fsyntax-only -Werror $(WARNINGS) \
	  -Isrc -Ispec/c -I$(LUA_INCLUDE_5.4)

# ---- packages: Debian and Ubuntu by themselves, elsewhere by name ----

build-packages:
	@spec/support/packages $(BUILD_PACKAGES)

fuzz-packages:
	@spec/support/packages $(BUILD_PACKAGES) $(FUZZ_PACKAGES)

bench-packages: test-packages
	@spec/support/packages $(BENCH_PACKAGES)

test-packages:
	@spec/support/packages $(sort $(BUILD_PACKAGES) $(TEST_PACKAGES)) $(TEST_COMMANDS) $(TEST_BROWSER)

clean:
	rm -rf $(BUILD)
