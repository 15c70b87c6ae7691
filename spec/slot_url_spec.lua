-- Addresses of pages in what people write.

local check = require "intent_webhook.check"
local said = require "intent_webhook.said"
local url = require "intent_webhook.types.url"

local function reader_of(options)
  local mistakes = check.mistakes()
  local reader = url.new(mistakes, "intents[1].slots[1]", check.options(mistakes, "", options or {}, url.options), {})
  return reader, mistakes
end

local reader = reader_of()

local function find(text, asked, at)
  return reader:find(said.new(text), at or 1, {}, asked or false)
end

local FOUND = {
  "http://example.com", "https://example.com", "https://example.com/", "https://example.com/path/to/page.html",
  "https://example.com/?q=1&r=2#top", "https://example.com?q=1", "https://example.com#top",
  "https://example.com:8443/x",
  "https://example.com:8443", "https://sub.example.co.uk/x", "https://1.2.3.4/x", "http://127.0.0.1:8080",
  "https://[2001:db8::1]/x", "http://[::1]:8080/", "http://[::ffff:192.0.2.1]/", "http://[1:2:3:4:5:6:7:8]/",
  "http://localhost", "http://localhost:3000/x", "https://müller.de/straße", "https://例え.jp/パス",
  "https://почта.рф/",
  "https://xn--mnchen-3ya.de/", "https://example.com/a%20b", "https://example.com/~user/", "https://example.com/@john",
  "https://example.com/a,b;c=d", "https://example.com/x?to=a@b.co", "https://en.wikipedia.org/wiki/Lua_(language)",
  "https://example.com/it's", "https://example.com/$x!y*z", "https://example.com/a[0]", "https://example.com/_x_",
  "https://example.com/2026/03/15", "https://example.com/x/", "https://a-b.example.com/", "https://example.com/a/../b",
  { "HTTPS://Example.COM/Path", "https://example.com/Path" }, { "Http://EXAMPLE.com", "http://example.com" },
  { "https://MÜLLER.de/X", "https://mÜller.de/X" },
  { "see https://example.com.", "https://example.com" }, { "see https://example.com/x.", "https://example.com/x" },
  { "https://example.com/x, please", "https://example.com/x" }, { "https://example.com/x!", "https://example.com/x" },
  { "https://example.com/x?", "https://example.com/x" }, { "https://example.com/x;", "https://example.com/x" },
  { "https://example.com: look", "https://example.com" }, { "https://example.com/x...", "https://example.com/x" },
  { "(https://example.com/x)", "https://example.com/x" },
  { "(see https://example.com/x_(y))", "https://example.com/x_(y)" },
  { "(https://example.com)", "https://example.com" }, { "<https://example.com/x>", "https://example.com/x" },
  { '"https://example.com/x"', "https://example.com/x" }, { "'https://example.com/x'", "https://example.com/x" },
  { "“https://example.com/x”", "https://example.com/x" }, { "«https://example.com/x»", "https://example.com/x" },
  { "[site](https://example.com/x)", "https://example.com/x" }, { "[https://example.com/x]", "https://example.com/x" },
  { "**https://example.com/x**", "https://example.com/x" }, { "`https://example.com/x`", "https://example.com/x" },
  { '<a href="https://example.com/x">y</a>', "https://example.com/x" },
  { "link:https://example.com/x", "https://example.com/x" },
  { "https://example.com/x\nhttps://b.org", "https://example.com/x" },
  { "https://example.com/x\194\160y", "https://example.com/x" },
  { "https://example.com/x… more", "https://example.com/x" }, { "https://example.com/x。", "https://example.com/x" },
  { "https://example.com/x\255y", "https://example.com/x" },
  { "👉https://example.com/x👈", "https://example.com/x👈" },
  { "www.example.com", "https://www.example.com" }, { "WWW.Example.com/X", "https://www.example.com/X" },
  { "go to www.example.com/x.", "https://www.example.com/x" }, { "(www.example.com)", "https://www.example.com" },
  { "www.example.com:8080/x", "https://www.example.com:8080/x" },
  { "my site: www.müller.de", "https://www.müller.de" },
  { "Meine Seite ist https://büro.de/kontakt, danke", "https://büro.de/kontakt" },
  { "trang của tôi là www.quán-ăn.vn nhé", "https://www.quán-ăn.vn" },
  { "http://a.b.c.d.example.com/x y", "http://a.b.c.d.example.com/x" },
  { "https://ok.org http://http://", "https://ok.org" },
  { "ftp://a.com/x then http://b.org/y", "http://b.org/y" },
}

local NONE = { -- unasked
  "", "://", "http://", "https://", "http:// example.com", "http:/example.com", "example.com", "example.com/path",
  "a@b.co",
  "john@www.example.com", "report.pdf", "e.g.", "i.e. this", "z.B. so", "1.2.3", "v2.10.1", "3.5", "www", "www.",
  "www.x", "www..com",
  "awww.that.is nice", "javascript:alert(1)", "JavaScript:alert(1)", "javascript://example.com/%0aalert(1)",
  "javascript:location='http://evil.example'", "data:text/html,<b>x</b>", "data://example.com/x", "vbscript:msgbox(1)",
  "vbscript://example.com", "ftp://example.com/x", "file:///etc/passwd", "mailto:a@b.co", "tel:+84901234567", "12:30",
  "a://b",
  "http://intranet/x", "//example.com/x", "c://temp", "ws://example.com", "hxxp://example.com", "24/7", "and/or",
  "yes.no",
}

local WRONG = { -- { text, reason, whether unasked as well }
  { "https://user:secret@example.com/", "invalid", true }, { "https://user@example.com", "invalid", true },
  { "http://1.2.3/", "invalid", true }, { "http://256.1.1.1/", "invalid", true },
  { "http://2130706433/", "invalid", true },
  { "http://0177.0.0.1/", "invalid", true }, { "http://[::1::2]/", "invalid", true },
  { "http://[12345::]/", "invalid", true },
  { "http://[1:2:3]/", "invalid", true }, { "http://-a.com/", "invalid", true }, { "http://a..com/", "invalid", true },
  { "http://example.com:0/", "invalid", true }, { "http://example.com:65536/", "invalid", true },
  { "http://example.com:123456/", "invalid", true }, { "http://exa_mple.com/", "invalid" },
  { "http://a.b.1/", "invalid", true },
  { "https://example.com/" .. ("x"):rep(2000), "too_long", true },
  { "https://" .. ("a"):rep(64) .. ".com", "too_long", true },
  { "https://" .. ("a."):rep(130) .. "com", "too_long", true }, { "http://intranet/x", "incomplete" },
  { "http://", "incomplete" },
  { "ftp://example.com", "invalid" }, { "https://a.com or https://b.com", "ambiguous" },
  { "example.com or example.org", "ambiguous" },
}

local ANSWERS = { -- { text, value when asked }
  { "example.com", "https://example.com" }, { "Example.com/Path", "https://example.com/Path" },
  { "it's example.com.", "https://example.com" }, { "example.com/x, thanks", "https://example.com/x" },
  { "my site is müller.de", "https://müller.de" }, { "example.co.uk", "https://example.co.uk" },
  { "(example.org)", "https://example.org" }, { "example.com:8080/x", "https://example.com:8080/x" },
  { "something.restaurant", "https://something.restaurant" },
  { "we are at pho.restaurant now", "https://pho.restaurant" },
  { "weird.horse", "https://weird.horse" }, { "weird.horse/x is mine", "https://weird.horse/x" },
  { "https://example.com, not example.org", "https://example.com" },
  { "jo@b.co and example.com", "https://example.com" },
  { "example.com?q=1", "https://example.com?q=1" }, { "quán.vn", "https://quán.vn" },
  { "report.pdf is on example.com", "https://example.com" },
}

local NO_ANSWERS = { -- asked
  "report.pdf", "see report.pdf", "a@b.co", "john.doe@gmail.com", "e.g.", "i.e. none", "1.2.3", "v2.10", "3.5", "no",
  "...", "a.b", "yes.of course",
  "javascript:alert(1)", "data:text/html,x", "I have none.Sorry about that", "main.lua", "/etc/x.conf", "a..com",
  "-a-.com",
}

describe("a URL #once", function()
  for _, case in ipairs(FOUND) do
    local text, value = case, case
    if type(case) == "table" then text, value = case[1], case[2] end
    it("is found in " .. text:gsub("[%c\255]", "?"), function()
      local found, first, last = find(text)
      assert.equal(value, found)
      local raw = text:sub(first, last):lower()
      assert.equal(value:lower():sub(-#raw), raw)
    end)
  end

  for _, text in ipairs(NONE) do
    it("is not in " .. text, function()
      assert.same({}, { find(text) })
    end)
  end

  for _, case in ipairs(WRONG) do
    it("is " .. case[2] .. " in an answer like " .. case[1]:sub(1, 40), function()
      local found, reason, first, last = find(case[1], true)
      assert.is_nil(found)
      assert.equal(case[2], reason)
      assert.is_true(1 <= first and first <= last and last <= #case[1])
      local unasked, unasked_reason = find(case[1])
      if case[2] ~= "ambiguous" then assert.is_nil(unasked) end
      if case[3] then assert.equal(case[2], unasked_reason) end
    end)
  end

  for _, case in ipairs(ANSWERS) do
    it("without a scheme is an answer: " .. case[1], function()
      local found, first, last = find(case[1], true)
      assert.equal(case[2], found)
      assert.equal(found:lower():sub(-(last - first + 1)), case[1]:sub(first, last):lower())
    end)
  end

  for _, text in ipairs(NO_ANSWERS) do
    it("is not in an answer like " .. text, function()
      assert.is_nil((find(text, true)))
    end)
  end

  it("has at most 2000 bytes", function()
    local text = "https://example.com/" .. ("x"):rep(1980)
    assert.equal(text, (find(text)))
    assert.is_nil((find(text .. "x")))
  end)

  it("is the first from a byte on", function()
    local text = "http://a.com http://b.com"
    assert.same({ "http://b.com", 14, 25 }, { find(text, false, 13) })
    assert.same({}, { find(text, false, 26) })
  end)

  it("has the schemes that a slot takes", function()
    local secure = reader_of { schemes = { "https", "ftp" } }
    assert.equal("ftp://a.com/x", (secure:find(said.new("http://b.com ftp://a.com/x"), 1, {}, false)))
    assert.same({ nil, "invalid", 1, 7 }, { secure:find(said.new("http://b.com"), 1, {}, true) })
    local other = reader_of { schemes = { "sftp" } }
    assert.equal("sftp://www.a.com", (other:find(said.new("www.a.com"), 1, {}, false)))
  end)

  it("cannot have schemes that run programs, nor such that are none", function()
    local function messages(schemes)
      local _, mistakes = reader_of { schemes = schemes }
      local list = {}
      for index, mistake in ipairs(mistakes.list) do list[index] = mistake.path .. " " .. mistake.message end
      return table.concat(list, "\n")
    end
    assert.equal('intents[1].slots[1].schemes[1] must not be "javascript": whoever opens such a URL runs a program',
      messages { "JavaScript" })
    assert.matches("schemes%[2%] must be a scheme in lower case", messages { "https", "http://" })
    assert.matches("schemes is empty", messages {})
    assert.matches("schemes%[1%] must be a string", messages { 5 })
    assert.equal("", messages { "https" })
  end)

  it("has a schema", function()
    assert.same({ type = "string", format = "uri" }, reader.schema)
  end)
end)
