-- Random conversations. spec/random_conversations.lua runs a million of them, beside the specs of `make test`.

local traces = require "spec.support.traces"

describe("random conversations", function()
  it("fire once and complete, end, and leave a small and plain session", function()
    assert.is_true(traces.run(1500, 20251125) > 1500)
  end)
end)
