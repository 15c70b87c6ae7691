-- A million random conversations over generated forms; see spec/support/traces.lua for what has to hold.
--
--     luajit spec/random_conversations.lua [COUNT [SEED]]

local traces = require "spec.support.traces"

local count, seed = tonumber(arg[1]) or 1000000, tonumber(arg[2]) or 1
local good, problem = pcall(traces.run, count, seed)
print(good and ("ok   %d random conversations, %d messages"):format(count, problem) or "FAIL " .. tostring(problem))
print(good and "1 passed, 0 failed" or "0 passed, 1 failed")
os.exit(good and 0 or 1)
