-- What the commands are made of: reading the command line, text for a terminal, JSON.

local arguments = require "intent_webhook.cli.arguments"
local cjson = require "cjson"
local json = require "intent_webhook.json_writer"
local reading = require "intent_webhook.json"
local text = require "intent_webhook.safe_text"

describe("the words of a command line", function()
  local command = {
    name = "test",
    operands = { "FILE", "slot=value..." },
    options = { { name = "limit", value = "N", whole = true, from = 1, to = 10 }, { name = "json" },
      { name = "text", value = "TEXT" } },
  }

  it("are operands and options in any order", function()
    assert.are.same({ FILE = "a", limit = 5, json = true, ["slot=value"] = { "b=c", "d" } },
      arguments.read(command, { "--limit=5", "a", "--json", "b=c", "d" }))
    assert.are.same({ FILE = "a", limit = 5, ["slot=value"] = {} }, arguments.read(command, { "a", "--limit", "5" }))
  end)

  it("are operands only, after --", function()
    assert.are.same({ FILE = "--json", ["slot=value"] = { "--" } }, arguments.read(command, { "--", "--json", "--" }))
  end)

  it("may be left out when they stand in brackets, and options be repeated when that is meant", function()
    local optional = { name = "test", help = "Tests.", operands = { "FILE", "[INTENT]" },
      options = { { name = "context", value = "KEY=VALUE", many = true, help = "x" } } }
    assert.are.same({ FILE = "a" }, arguments.read(optional, { "a" }))
    assert.are.same({ FILE = "a", INTENT = "b" }, arguments.read(optional, { "a", "b" }))
    assert.are.equal("test needs FILE", select(2, arguments.read(optional, {})))
    assert.is_nil((arguments.read(optional, { "a", "b", "c" })))
    assert.are.same({ "x=1", "y=2" }, arguments.read(optional, { "a", "--context", "x=1", "--context=y=2" }).context)
    assert.is_truthy(arguments.help(optional):find("usage: intent-webhook test FILE [INTENT] [options]", 1, true))
  end)

  it("may be empty or have an = in the value", function()
    assert.are.equal("a=b", arguments.read(command, { "f", "--text=a=b" }).text)
    assert.are.equal("", arguments.read(command, { "f", "--text=" }).text)
    assert.are.equal("-x", arguments.read(command, { "f", "--text", "-x" }).text)
    assert.are.equal("-", arguments.read(command, { "-" }).FILE)
  end)

  it("are no numbers that only tonumber takes for some", function()
    for _, word in ipairs { "0x5", "5e0", "inf", "nan", " 5", "", ".", "-", "1.5" } do
      assert.is_nil((arguments.read(command, { "f", "--limit", word })), word)
    end
  end)
end)

describe("text for a terminal", function()
  it("leaves what is harmless as it is", function()
    for _, harmless in ipairs { "", "plain", "Zoë 日本語 🙏", "tab\\t" } do
      assert.are.equal(harmless, text.line(harmless))
    end
  end)

  it("shows controls, C1, marks of direction and broken UTF-8 as escapes", function()
    assert.are.equal("\\x1b[31m\\x00\\x0d\\x0a\\x7f", text.line("\27[31m\0\r\n\127"))
    assert.are.equal("\\x9b31m", text.line("\194\15531m"))
    assert.are.equal("\\u{202e}\\u{2066}\\u{200f}\\u{2028}",
      text.line("\226\128\174\226\129\166\226\128\143\226\128\168"))
    assert.are.equal("a\\xff\\xc3b\\x9b", text.line("a\255\195b\155"))
    assert.are.equal("\\xc0\\x80 \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80",
      text.line("\192\128 \237\160\128 \244\144\128\128"))
    assert.are.equal("\\xe2\\x82", text.line("\226\130"))
  end)

  it("shows what would turn the direction of writing, or hide", function()
    local function character(code)
      if code < 0x800 then return string.char(0xc0 + math.floor(code / 64), 0x80 + code % 64) end
      local rest = string.char(0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
      if code < 0x10000 then return string.char(0xe0 + math.floor(code / 4096)) .. rest end
      return string.char(0xf0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64) .. rest
    end
    local hidden = { 0x85, 0xad, 0x34f, 0x61c, 0x115f, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029,
      0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0x2066, 0x2067, 0x2068, 0x2069,
      0x206a, 0x206f, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0xfffb, 0x1d173, 0xe0001, 0xe0020, 0xe007f,
      0xe0100 }
    for _, code in ipairs(hidden) do
      local shown = code < 0x100 and ("\\x%02x"):format(code) or ("\\u{%04x}"):format(code)
      assert.are.equal("a" .. shown .. "b", text.line("a" .. character(code) .. "b"))
      assert.are.equal(shown .. "\n", text.lines(character(code) .. "\n"))
      assert.are.equal(character(code), cjson.decode('["' .. text.json(character(code)) .. '"]')[1])
      assert.is_nil(text.json(character(code)):find("[\128-\255]"))
    end
  end)

  it("leaves joiners and variants where emoji and scripts need them, and only there", function()
    for _, harmless in ipairs { "👩‍👩‍👧‍👦", "❤️‍🔥", "👩🏽‍💻", "🏳️‍🌈", "1️⃣ ☎︎", "می‌خواهم", "क्‍ष", "葛󠄀", "שלום عليكم" } do
      assert.are.equal(harmless, text.line(harmless))
    end
    assert.are.equal("admin\\u{200d}", text.line("admin\226\128\141"))
    assert.are.equal("👩\226\128\141\\u{200d}", text.line("👩\226\128\141\226\128\141"))
    assert.are.equal("❤️\\u{fe0f}\\u{fe0e}", text.line("❤️\239\184\143\239\184\142"))
    assert.are.equal("a\\u{fe0f}", text.line("a\239\184\143"))
  end)

  it("keeps line breaks where several lines are meant; a tab becomes spaces", function()
    assert.are.equal("a\nb    c\n\\x0dd", text.lines("a\r\nb\tc\n\rd"))
  end)

  it("is JSON that means the same where it is JSON", function()
    local source = '{"a":"\\"\\n\194\155\226\128\174é","b":["\243\160\129\129",1]}'
    local safe = text.json_source(source)
    assert.are.equal('{"a":"\\"\\n\\u009b\\u202eé","b":["\\udb40\\udc41",1]}', safe)
    assert.are.same(cjson.decode(source), cjson.decode(safe))
  end)

  it("is cut in the middle by characters", function()
    assert.are.equal("äbc…xyz", text.shorten("äbcdefghijklmnopqrstuvwxyz", 7))
    assert.are.equal("äbcdefg", text.shorten("äbcdefg", 7))
  end)
end)

describe("JSON of the commands", function()
  it("keeps the order of keys and leaves out what is nil", function()
    assert.are.equal('{"b":1,"a":"x"}', json.object { { "b", json.value(1) }, { "c", nil }, { "a", json.value("x") } })
  end)

  it("writes numbers that read back the same", function()
    for _, number in ipairs { 0, -5, 0.1, 1e300, 2 ^ 53, 1 / 3, -1e-300, 123456789012345678 } do
      assert.are.equal(number, tonumber(json.value(number)))
    end
    assert.are.same({ "0", "-5", "0.1" }, { json.value(0), json.value(-5.0), json.value(0.1) })
    assert.are.equal("null", json.value(0 / 0))
  end)

  it("has any value of Lua, objects sorted, and null for what it has not", function()
    local loop = {}
    loop.loop = loop
    assert.are.equal('{"a":[1,{"x":"y"}],"b":true,"c":null}', json.any { b = true, a = { 1, { x = "y" } }, c = print })
    assert.is_truthy(json.any(loop):find('^{"loop":{.*null}+$'))
  end)

  it("is valid whatever the text", function()
    local all = {}
    for byte = 0, 255 do all[#all + 1] = string.char(byte) end
    local decoded = cjson.decode("[" .. json.value(table.concat(all)) .. "]")[1]
    assert.are.equal(table.concat(all, "", 1, 128), decoded:sub(1, 128))
    assert.are.equal(("\239\191\189"):rep(128), decoded:sub(129))
    assert.are.equal('"\\u001b\\n\\u0085\\"\\\\/"', json.value('\27\n\194\133"\\/'))
  end)
end)

describe("JSON that is read", function()
  it("takes the core's apart without changing a byte", function()
    local first = '{"id":"a","text":"}]\\\\\\"[{","n":12345678901234567,"d":[{"x":[]}]}'
    local source = '{"events":[' .. first .. ',{"id":"b"}],"next":7}'
    assert.are.same({ first, '{"id":"b"}' }, reading.elements(source))
    assert.are.same({}, reading.elements('{"events":[],"next":null}'))
    assert.are.same({ { "z", "1" }, { 'a"b', '"},"' }, { "c", '{"x":[1]}' }, { "d", "null" } }, reading.members(
      '{"text":"\\"slots\\":{","slots":{"z":1,"a\\"b":"},","c":{"x":[1]},"d":null},"error":null}', "slots"))
    assert.are.same({}, reading.members('{"slots":{}}', "slots"))
  end)

  it("refuses what is more or less than one value", function()
    for _, source in ipairs { "", "1 2", "{", "1,2", "nope", "0x10", "007", "nan", "-inf" } do
      assert.is_false((reading.decode(source)))
    end
    assert.are.same({ true, "x" }, { reading.decode('"x"') })
  end)

  it("names the place of a mistake in the text that was given", function()
    assert.are.same({ false, "Expected value but found invalid token at character 1" }, { reading.decode("x") })
  end)

  it("has whole numbers as they were written, or not at all", function()
    assert.are.equal(2 ^ 53, reading.integer("9007199254740992"))
    assert.are.equal(-5, reading.integer("-5"))
    for _, source in ipairs { "1.0", "1e3", '"1"', "true" } do
      assert.are.same({ n = 2, nil, false }, { n = 2, reading.integer(source) })
    end
    for _, source in ipairs { "9223372036854775808", "-9223372036854775809", "123456789012345678901234567890" } do
      assert.are.same({ n = 2, nil, true }, { n = 2, reading.integer(source) })
    end
    local wide = rawget(math, "maxinteger") ~= nil
    for _, source in ipairs { "9007199254740993", "-12345678901234567", "9223372036854775807",
      "-9223372036854775808" } do
      local value = reading.integer(source)
      assert.are.equal(wide and source or "nil", tostring(value))
    end
  end)
end)
