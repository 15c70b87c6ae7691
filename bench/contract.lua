-- contract: what every benchmark of ours sends, the contract's example: three slots and a token.

local contract = {}

contract.slots = { customer_name = "John Doe", appointment_date = "2026-03-15", phone = "+84901234567" }

--- One intent with one webhook action. `options` are added to the action.
function contract.intent(name, url, options)
  local action = { webhook = url, token = "abc123" }
  for option, value in pairs(options or {}) do action[option] = value end
  return {
    name = name,
    rules = {},
    slots = { { name = "customer_name" }, { name = "appointment_date" }, { name = "phone" } },
    actions = { action },
  }
end

--- Leaves with a sentence and status 1.
function contract.fail(...)
  io.stderr:write(table.concat({ ... }, " "), "\n")
  os.exit(1)
end

return contract
