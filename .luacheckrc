std = "min" -- what Lua 5.1, 5.2, 5.3, 5.4 and LuaJIT have in common
max_line_length = 120
self = false -- a method may leave self unused
files["spec"] = { std = "+busted" }
files["bench"] = { std = "lua54" } -- run by this repository only
files["examples/prosody"] = { globals = { "module" }, read_globals = { "prosody" } }
files["examples/prosody/*.cfg.lua"] = { global = false } -- every name is an option
files["examples/haproxy"] = { read_globals = { "core" } }
files["lua/intent_webhook/openresty.lua"] = { globals = { "ngx" } }
files["bench/chat_gateway.lua"] = { std = "ngx_lua" }
