-- Random conversations. `make traces` runs a million of them.

local traces = require "spec.support.traces"

describe("random conversations", function()
  it("fire once and complete, end, and leave a small and plain session", function()
    assert.is_true(traces.run(1500, 20251125) > 1500)
  end)
end)
