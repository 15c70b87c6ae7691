rockspec_format = "3.0"
package = "intent-webhook"
version = "0.1.0-1"
source = {
  url = "git+https://github.com/intent-webhook/intent-webhook.git",
  tag = "v0.1.0",
}
description = {
  summary = "Turns conversation into webhooks: intents scripted in Lua, sent and recorded by a C core",
  detailed = [[
Rules recognise a message, slots collect information out of it, and when an intent has what it needs it fires: an HTTP
POST with the slots as JSON, from a thread of its own, and every call in a history with everything that was sent and
received. It never makes its host wait for the network or the disk.
]],
  license = "MIT",
  labels = { "webhook", "chat", "bot", "intent", "http", "openresty" },
}
supported_platforms = { "linux", "macosx", "freebsd" }
dependencies = { "lua >= 5.1, < 5.5", "lua-cjson >= 2.1" }
external_dependencies = {
  CURL = { library = "curl" },
  UV = { library = "uv" },
  SQLITE = { library = "sqlite3" },
  OPENSSL = { library = "ssl" },
  CRYPTO = { library = "crypto" },
  UTF8PROC = { library = "utf8proc" },
  ZLIB = { library = "z" },
  MICROHTTPD = { library = "microhttpd" },
}
build = {
  type = "builtin",
  modules = {
    ["intent_webhook.core"] = {
      sources = {
        "src/address.c", "src/arena.c", "src/buffer.c", "src/cause.c", "src/client.c", "src/clock.c",
        "src/endpoint.c", "src/event.c", "src/history.c", "src/history_backlog.c", "src/history_body.c",
        "src/history_brief.c", "src/history_connection.c", "src/history_erase.c", "src/history_export.c",
        "src/history_file.c", "src/history_json.c", "src/history_list.c", "src/history_metrics.c",
        "src/history_names.c", "src/history_overview.c", "src/history_path.c", "src/history_query.c",
        "src/history_queue.c", "src/history_reader.c", "src/history_record.c", "src/history_retention.c",
        "src/history_rollup.c", "src/history_row.c", "src/history_schema.c", "src/history_scrub.c",
        "src/history_search.c", "src/history_tally.c", "src/history_waiting.c", "src/history_writer.c",
        "src/id.c", "src/json.c", "src/lua_client.c", "src/lua_erase.c", "src/lua_message.c",
        "src/lua_module.c", "src/lua_page.c", "src/lua_payload.c", "src/lua_reader.c", "src/lua_sentences.c",
        "src/lua_sentences_source.c", "src/lua_session_file.c", "src/lua_words.c", "src/memory.c",
        "src/page.c", "src/page_access.c", "src/page_api.c", "src/page_assets.c", "src/page_call.c",
        "src/page_erase.c", "src/page_events.c", "src/page_exchange.c", "src/page_export.c",
        "src/page_filters.c", "src/page_login.c", "src/page_text.c", "src/process.c", "src/readiness.c",
        "src/redaction.c", "src/sender.c", "src/sentence_check.c", "src/sentence_compile.c",
        "src/sentence_context.c", "src/sentence_describe.c", "src/sentence_expand.c", "src/sentence_find.c",
        "src/sentence_image.c", "src/sentence_join.c", "src/sentence_list.c", "src/sentence_lookup.c",
        "src/sentence_number.c", "src/sentence_parse.c", "src/sentence_recognise.c", "src/sentence_records.c",
        "src/sentence_sample.c", "src/sentence_source.c", "src/sentence_states.c", "src/sentence_template.c",
        "src/sentence_text.c", "src/session_file.c", "src/session_seal.c", "src/session_table.c",
        "src/thread.c", "src/transport.c", "src/utf8.c", "src/workers.c",
      },
      libraries = { "curl", "uv", "sqlite3", "ssl", "crypto", "utf8proc", "z", "pthread", "dl", "m" },
      incdirs = { "$(CURL_INCDIR)", "$(UV_INCDIR)", "$(SQLITE_INCDIR)", "$(OPENSSL_INCDIR)", "$(UTF8PROC_INCDIR)",
        "$(ZLIB_INCDIR)" },
      libdirs = {
        "$(CURL_LIBDIR)", "$(UV_LIBDIR)", "$(SQLITE_LIBDIR)", "$(OPENSSL_LIBDIR)", "$(CRYPTO_LIBDIR)",
        "$(UTF8PROC_LIBDIR)", "$(ZLIB_LIBDIR)",
      },
    },
    ["intent_webhook.listener"] = {
      sources = {
        "src/buffer.c", "src/clock.c", "src/http_daemon.c", "src/http_pause.c", "src/http_socket.c",
        "src/listener.c", "src/listener_queue.c", "src/lua_listener.c", "src/memory.c", "src/thread.c",
      },
      libraries = { "microhttpd", "uv", "pthread", "dl" },
      incdirs = { "$(MICROHTTPD_INCDIR)", "$(UV_INCDIR)" },
      libdirs = { "$(MICROHTTPD_LIBDIR)", "$(UV_LIBDIR)" },
    },
    ["intent_webhook.server"] = {
      sources = {
        "src/buffer.c", "src/clock.c", "src/http_daemon.c", "src/http_pause.c", "src/http_socket.c",
        "src/lua_server.c", "src/memory.c", "src/server.c", "src/server_connection.c", "src/server_request.c",
        "src/thread.c",
      },
      libraries = { "microhttpd", "uv", "pthread", "dl" },
      incdirs = { "$(MICROHTTPD_INCDIR)", "$(UV_INCDIR)", "$(SQLITE_INCDIR)" },
      libdirs = { "$(MICROHTTPD_LIBDIR)", "$(UV_LIBDIR)" },
    },
  },
  install = { bin = { "bin/intent-webhook" } },
  copy_directories = { "docs" },
}
test = { type = "busted" }
