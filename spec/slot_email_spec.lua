-- Addresses of e-mail in what people write.

local check = require "intent_webhook.check"
local email = require "intent_webhook.types.email"
local languages = require "intent_webhook.languages"
local said = require "intent_webhook.said"

local readers = {}
for _, code in ipairs(languages.codes()) do
  readers[code] = email.new(check.mistakes(), "intents[1].slots[1]", {}, (languages.of(code)))
end

local function find(text, asked, code, at)
  return readers[code or "en"]:find(said.new(text), at or 1, {}, asked or false)
end

-- { text, value }: or the value alone where it is the text.
local FOUND = {
  "a@b.co", "john@example.com", "john.doe@example.com", "john.q.doe@example.com", "john+list@example.com",
  "john_doe@example.com", "john-doe@example.com", "j@x.io", "1234567890@example.com", "o'brien@example.ie",
  "a&b@example.com", "user%example.com@example.org", "x@sub.example.co.uk", "x@a.b.c.d.example.museum",
  "x@xn--mnchen-3ya.de", "x@example.xn--p1ai", "x@123.com", "x@1-2.de", "_private@example.com", "+plus@example.com",
  "John.Doe@example.com", "JOHN@example.com", "x@müller.de", "x@почта.рф", "x@例え.テスト",
  "nguyen.van.a@gmail.com",
  "a@" .. ("b"):rep(63) .. ".com", ("a"):rep(64) .. "@example.com",
  { "John@Example.COM", "John@example.com" }, { "A.B@GMAIL.Com", "A.B@gmail.com" },
  { "mail me at a@b.co.", "a@b.co" }, { "mail me at a@b.co!", "a@b.co" }, { "a@b.co?", "a@b.co" },
  { "a@b.co, please", "a@b.co" }, { "a@b.co; thanks", "a@b.co" }, { "a@b.co: is mine", "a@b.co" },
  { "<a@b.co>", "a@b.co" }, { "(a@b.co)", "a@b.co" }, { "[a@b.co]", "a@b.co" }, { "{a@b.co}", "a@b.co" },
  { '"a@b.co"', "a@b.co" }, { "'a@b.co'", "a@b.co" }, { "“a@b.co”", "a@b.co" }, { "‘a@b.co’", "a@b.co" },
  { "«a@b.co»", "a@b.co" }, { "„a@b.co“", "a@b.co" }, { "`a@b.co`", "a@b.co" }, { "*a@b.co*", "a@b.co" },
  { "**a@b.co**", "a@b.co" }, { "~a@b.co~", "a@b.co" }, { "|a@b.co|", "a@b.co" },
  { "mailto:a@b.co", "a@b.co" }, { "MAILTO:a@b.co", "a@b.co" }, { "<mailto:a@b.co>", "a@b.co" },
  { "mailto:a@b.co?subject=hi", "a@b.co" }, { "email:a@b.co", "a@b.co" }, { "e-mail: a@b.co", "a@b.co" },
  { "email=a@b.co", "a@b.co" }, { "John Doe <john@example.com>", "john@example.com" },
  { '"Doe, John" <john@example.com>', "john@example.com" }, { "[me](mailto:me@example.com)", "me@example.com" },
  { "a@b.co...", "a@b.co" }, { "a@b.co -- that's it", "a@b.co" }, { "a@b.co-", "a@b.co" },
  { "a@b.co’s box", "a@b.co" }, { "a@b.co's box", "a@b.co" }, { "a@b.co😀", "a@b.co" }, { "📧a@b.co", "a@b.co" },
  { "📧 a@b.co 👍", "a@b.co" }, { "a@b.co\n0901234567", "a@b.co" }, { "\ta@b.co\t", "a@b.co" },
  { "a@b.co\194\160ok", "a@b.co" }, { "ok\194\160a@b.co", "a@b.co" }, { "a@b.co\255", "a@b.co" },
  { "\255a@b.co", "a@b.co" },
  { "hi @john, write to a@b.co", "a@b.co" }, { "I'm @ work: a@b.co", "a@b.co" }, { "a@b.co/c@d.co", "a@b.co" },
  { "a@b.co,c@d.co", "a@b.co" }, { "user@localhost or a@b.co", "a@b.co" }, { "1@2 a@b.co", "a@b.co" },
  { "see https://example.com/@joe or joe@example.com", "joe@example.com" },
  { "book for 4 on Friday, jo@example.com, 0901234567", "jo@example.com" },
  { "Meine Adresse ist jo@web.de, danke", "jo@web.de" }, { "Schreiben Sie an info@büro.de.", "info@büro.de" },
  { "email của tôi là lan.tran@gmail.com nhé", "lan.tran@gmail.com" },
  { "gửi vào minh@fpt.com.vn.", "minh@fpt.com.vn" },
  { "a@b.co_", "a@b.co" }, { "#a@b.co", "a@b.co" }, { "a@b.co:", "a@b.co" }, { "(write to me: a@b.co).", "a@b.co" },
}

local NONE = { -- unasked
  "", "@", "@@", "@@@@", "john", "@john", "hi @john", "hi @john.", "@john.doe", "@john_doe and @jane", "a@b",
  "user@localhost",
  "root@server", "1@2", "5@2.50", "price 5@2.50", "2 @ 3.99", "2@3.99 each", "10@1,50", "x @ y", "meet @ noon", "@ 7pm",
  "see you @ example.com", "john at example dot com", "foo@@bar.com", "foo@bar@baz.com", "a@b@c.com", "a@.com",
  "a@com.", "a@-b.com",
  "@example.com", "http://user@example.com/", "https://user:secret@example.com", "ftp://user@example.com",
  "ssh://git@github.com/x/y", "git@github.com:user/repo.git", "user@host.org:path", "https://medium.com/@john.doe",
  "https://t.me/@john.doe.com", "https://x.org/?email=a@b.co", "https://x.org/a@b.co/c",
  "http://x.org/unsubscribe?a@b.co",
  "a@b.c", "a@b.1", "a@1.2.3.4", "a@[192.0.2.1]", "a@b.co_x", "a@b_c.de", "a@b-.de", "a@b..de", "a @ b.co", "a@ b.co",
  "a @b.co",
  "npm i @scope/pkg.js", "lodash@4.17.21", "react@18.2.0", "v@2.0", "@media (min-width: 2.5em)", "@Override", "#@!",
  "$@",
  "wtf @#$%.!!", "a@b,com", "C@ption", "m@te", "l@@k", "50@100.00", "x@y.z", "a@\255.co", "a@😀.com", "😀@",
  "\"john doe\"@", "@: a.b", "ab@cd@ef.gh@ij.kl",
}

local WRONG = { -- { text, reason when asked, whether unasked as well }
  { "john@gmail", "incomplete" }, { "john@gmail,com", "invalid" }, { "john@", "incomplete" },
  { "user@localhost", "incomplete" },
  { "@gmail.com", "incomplete" }, { "a@b", "incomplete" }, { "john@gmail.", "incomplete" },
  { "john@gmail.c", "incomplete" },
  { "a..b@example.com", "invalid", true }, { ".a@example.com", "invalid", true }, { "a.@example.com", "invalid", true },
  { "jörg@example.com", "invalid", true }, { "a@b..de", "invalid" }, { "a@-b.de", "invalid" },
  { "a@b-.de", "invalid" },
  { "a@1.2.3.4", "invalid" }, { "5@2.50", "invalid" },
  { ("a"):rep(65) .. "@example.com", "too_long", true }, { "a@" .. ("b"):rep(64) .. ".com", "too_long" },
  { ("a"):rep(64) .. "@" .. ("b123456789."):rep(17) .. "com", "too_long", true },
  { "a@" .. ("b."):rep(130) .. "com", "too_long" }, { "my mail: john@hotmail", "incomplete" },
  { "a@b.co or c@d.co", "ambiguous" }, { "a@b.co no wait, c@b.co", "ambiguous" },
}

local DICTATED = { -- { text, value, language }
  { "john dot doe at gmail dot com", "john.doe@gmail.com" }, { "john at gmail dot com", "john@gmail.com" },
  { "John at Gmail.com", "John@gmail.com" }, { "john at gmail.com please", "john@gmail.com" },
  { "it's john at gmail dot com", "john@gmail.com" }, { "my email is jo underscore x at web dot de", "jo_x@web.de" },
  { "jo plus list at example dot co dot uk.", "jo+list@example.co.uk" },
  { "jo (at) example (dot) com", "jo@example.com" },
  { "jo(at)example(dot)com", "jo@example.com" }, { "jo[at]example.com", "jo@example.com" },
  { "jo @ example.com", "jo@example.com" },
  { "jo@ example.com", "jo@example.com" }, { "jo @example.com", "jo@example.com" },
  { "jo @ example . com", "jo@example.com" },
  { "sure, jo @ example dot com", "jo@example.com" },
  { "anne dash marie at example dot org", "anne-marie@example.org" },
  { "jo punkt doe at web punkt de", "jo.doe@web.de", "de" },
  { "meine Adresse ist jo ät gmx punkt de", "jo@gmx.de", "de" },
  { "jo Klammeraffe gmx Punkt de", "jo@gmx.de", "de" }, { "jo minus x at web punkt de", "jo-x@web.de", "de" },
  { "lan a còng gmail chấm com", "lan@gmail.com", "vi" },
  { "lan chấm tran a còng gmail chấm com", "lan.tran@gmail.com", "vi" },
  { "email là lan a còng gmail.com ạ", "lan@gmail.com", "vi" },
  { "lan gạch dưới 99 a móc yahoo chấm com", "lan_99@yahoo.com", "vi" },
}

local UNDICTATED = { -- asked
  "you can look at example.com", "I am at work", "at dot com", "dot at dot", "john at", "at gmail dot com",
  "meet me at seven",
  "john at gmail", "no idea", "", "@john", "hi @john", "john dot doe", "what?", "we met at noon. com",
}

describe("an e-mail address #once", function()
  for _, case in ipairs(FOUND) do
    local text, value = case, case
    if type(case) == "table" then text, value = case[1], case[2] end
    it("is found in " .. text:gsub("[%c\255]", "?"), function()
      local found, first, last = find(text)
      assert.equal(value, found)
      assert.equal(value:lower(), text:sub(first, last):lower())
      if not text:find("@.+@") then assert.equal(value, (find(text, true))) end
    end)
  end

  for _, text in ipairs(NONE) do
    it("is not in " .. text:gsub("[%c\255]", "?"), function()
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

  for _, case in ipairs(DICTATED) do
    it("can be dictated in an answer: " .. case[1], function()
      local found, first, last = find(case[1], true, case[3])
      assert.equal(case[2], found)
      assert.is_true(1 <= first and first < last and last <= #case[1])
      assert.is_nil((find(case[1], false, case[3])))
    end)
  end

  for _, text in ipairs(UNDICTATED) do
    it("is not in an answer like " .. text, function()
      assert.is_nil((find(text, true)))
    end)
  end

  it("that is written twice is not ambiguous", function()
    assert.equal("a@b.co", (find("a@b.co, yes, a@B.co", true)))
  end)

  it("is the first from a byte on, and never the end of one", function()
    local text = "a@b.co then c.d@e.co"
    local value, first, last = find(text, false, "en", 7)
    assert.same({ "c.d@e.co", 13, 20 }, { value, first, last })
    assert.is_nil((find(text, false, "en", 15)))
    assert.is_nil((find(text, false, "en", 21)))
  end)

  it("has no words of its own to be dictated with in a language without the section", function()
    local bare = email.new(check.mistakes(), "intents[1].slots[1]", {}, { code = "xx" })
    assert.is_nil((bare:find(said.new("john at gmail dot com"), 1, {}, true)))
    assert.equal("a@b.co", (bare:find(said.new("john a@b.co"), 1, {}, true)))
  end)

  it("has a schema", function()
    assert.same({ type = "string", format = "email" }, readers.en.schema)
  end)
end)
