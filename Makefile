# intent-webhook: what a developer does. Users install with LuaRocks.
#
#   make         build the module for LUA_VERSION (5.4 by default)
#   make demo    show the main job: a chat, intents, webhooks, and the history of one call
#   make test    everything that has to hold; installs what it needs on Debian and Ubuntu
#   make bench   figures, beside those of peers
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
CORE_LIBRARIES = -lcurl -luv -lsqlite3 -lssl -lcrypto -lpthread -ldl
LISTENER_LIBRARIES = -lmicrohttpd -luv -lpthread

LISTENER_SOURCES = $(wildcard src/listener*.c)
# the core's files that the listener uses too; each module has its own copy, so that neither needs the other
LISTENER_SHARED = memory buffer clock thread
LUA_LISTENER_SOURCES = src/lua_listener.c
LUA_CORE_SOURCES = $(filter-out $(LUA_LISTENER_SOURCES),$(wildcard src/lua_*.c))
CORE_SOURCES = $(filter-out $(LISTENER_SOURCES) $(wildcard src/lua_*.c),$(wildcard src/*.c))

CORE_OBJECTS = $(CORE_SOURCES:src/%.c=$(BUILD)/core/%.o)
LISTENER_OBJECTS = $(LISTENER_SOURCES:src/%.c=$(BUILD)/core/%.o) $(LISTENER_SHARED:%=$(BUILD)/core/%.o)
LUA_CORE_OBJECTS = $(LUA_CORE_SOURCES:src/%.c=$(BUILD)/$(LUA_VERSION)/%.o)
LUA_LISTENER_OBJECTS = $(LUA_LISTENER_SOURCES:src/%.c=$(BUILD)/$(LUA_VERSION)/%.o)
MODULES = $(BUILD)/$(LUA_VERSION)/intent_webhook/core.so $(BUILD)/$(LUA_VERSION)/intent_webhook/listener.so

# What Debian 12 and Ubuntu call what is needed: to build and run; and besides, to test.
BUILD_PACKAGES = gcc libc6-dev libcurl4-openssl-dev libuv1-dev libsqlite3-dev libssl-dev libmicrohttpd-dev \
  lua$(LUA_VERSION) liblua$(LUA_VERSION)-dev lua-cjson
TEST_PACKAGES = lua-busted lua-check lua-socket lua5.4 liblua5.4-dev sqlite3 openssl curl nginx-light python3 python3-flask \
  procps valgrind clang clang-format
# Needed as a command, whoever installed it.
TEST_COMMANDS = node:nodejs npm:npm

.PHONY: all demo test bench format lint clean packages test-packages

all: $(MODULES)

$(BUILD)/core/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(CFLAGS) $(WARNINGS) -fPIC -MMD -Isrc -c -o $@ $<

$(BUILD)/$(LUA_VERSION)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(CFLAGS) $(WARNINGS) -fPIC -MMD -Isrc -I$(LUA_INCLUDE) -c -o $@ $<

$(BUILD)/$(LUA_VERSION)/intent_webhook/core.so: $(CORE_OBJECTS) $(LUA_CORE_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -shared -o $@ $^ $(LDFLAGS) $(CORE_LIBRARIES)

$(BUILD)/$(LUA_VERSION)/intent_webhook/listener.so: $(LISTENER_OBJECTS) $(LUA_LISTENER_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -shared -o $@ $^ $(LDFLAGS) $(LISTENER_LIBRARIES)

-include $(wildcard $(BUILD)/core/*.d $(BUILD)/$(LUA_VERSION)/*.d)

clean:
	rm -rf $(BUILD)
