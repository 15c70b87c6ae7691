-- The contract's own receivers, word for word: Express (npm) and Flask (Debian's python3-flask).

local process = require "spec.support.process"
local trials = require "spec.support.trial"

local TOKEN = "abc123-from-the-contract"

local RECEIVERS = {
  Express = { "node", "spec/support/express/server.js" },
  Flask = { "/usr/bin/python3", "-u", "spec/support/flask/server.py" },
}

for name, command in pairs(RECEIVERS) do
  describe("the contract's " .. name .. " receiver", function()
    local server, trial

    setup(function()
      local environment = { WEBHOOK_TOKEN = TOKEN, NO_COLOR = "1" }
      server = process.start({ command[1], command[2], command[3], env = environment }, 30)
      local url = "http://127.0.0.1:" .. assert(server.first_line:match("^%d+$")) .. "/webhook"
      trial = trials.new({
        right = { webhook = url, token = TOKEN },
        wrong = { webhook = url, token = "wrong" },
        none = { webhook = url },
        elsewhere = { webhook = url .. "/elsewhere", token = TOKEN },
      }, { "customer_name", "appointment_date", "phone" })
    end)

    teardown(function()
      if trial then trial:close() end
      process.stop_all()
    end)

    -- What the handler printed after the port, without white space and quotes' kinds.
    local function printed()
      return (server:output():gsub("^%d+\n", ""):gsub("'", '"'):gsub("%s", ""))
    end

    local VALUES = { customer_name = "Zoë Nguyễn", appointment_date = "2026-03-15", phone = "+84901234567" }

    it("refuses a call with a wrong token, and one without: failed, with its status and its words", function()
      for _, which in ipairs { "wrong", "none" } do
        local outcome = trial:post(which, VALUES)
        assert.equal("failed", outcome.status)
        assert.equal("status_4xx", outcome.cause)
        assert.equal(401, outcome.attempt.http_status)
        assert.equal("Unauthorized", outcome.attempt.response_body)
      end
      assert.is_nil(printed():find("Zoë", 1, true))
    end)

    it("accepts a call with the right token: delivered, and the handler has every slot", function()
      local outcome = trial:post("right", VALUES)
      assert.equal("delivered", outcome.status)
      assert.is_nil(outcome.cause)
      assert.equal(200, outcome.attempt.http_status)
      assert.equal("OK", outcome.attempt.response_body)
      local line = name == "Express"
        and 'Intentfired:{customer_name:"ZoëNguyễn",appointment_date:"2026-03-15",phone:"+84901234567"}'
        or 'Intentfired:{"customer_name":"ZoëNguyễn","appointment_date":"2026-03-15","phone":"+84901234567"}'
      process.wait_until(function() return printed():find(line, 1, true) end, 5, "the handler to print " .. line)
    end)

    it("says so when nothing is at the path", function()
      local outcome = trial:post("elsewhere", VALUES)
      assert.equal("failed", outcome.status)
      assert.equal(404, outcome.attempt.http_status)
    end)

    it("takes many calls at once over kept connections", function()
      local ids = {}
      for number = 1, 200 do
        ids[number] = trial:fire("right", { customer_name = "n" .. number, appointment_date = "d", phone = "p" })
      end
      trial:settle(30)
      for _, id in ipairs(ids) do assert.equal("delivered", trial:outcome(id).status) end
      process.wait_until(function() return printed():find('"n200"', 1, true) end, 5, "the last call to be printed")
    end)
  end)
end
