-- Telephone numbers in what people write, and what is none.

local check = require "intent_webhook.check"
local email = require "intent_webhook.types.email"
local languages = require "intent_webhook.languages"
local phone = require "intent_webhook.types.phone"
local plans = require "intent_webhook.phone_plans"
local said = require "intent_webhook.said"
local url = require "intent_webhook.types.url"

local function reader_of(options, code)
  local mistakes = check.mistakes()
  local path = "intents[1].slots[1]"
  local accepted = check.options(mistakes, path, options or {}, phone.options)
  return phone.new(mistakes, path, accepted, (languages.of(code or "en"))), mistakes
end

local readers = {}

-- `place`: a region, "-" for none; with a language: "DE/de".
local function find(text, place, asked, at)
  local reader = readers[place]
  if not reader then
    local region, code = place:match("^(.-)/(.*)$")
    region = region or place
    reader = reader_of({ region = region ~= "-" and region or nil }, code)
    readers[place] = reader
  end
  return reader:find(said.new(text), at or 1, {}, asked or false)
end

-- { text, region, value, span when it is not the whole text }: unasked, and asked
local FOUND = {
  { "+84901234567", "-", "+84901234567" }, { "+84 90 123 45 67", "-", "+84901234567" },
  { "+84-901-234-567", "-", "+84901234567" }, { "+84.901.234.567", "-", "+84901234567" },
  { "+84 (0)901 234 567", "-", "+84901234567" }, { "+84 0901 234 567", "-", "+84901234567" },
  { "(+84) 901 234 567", "-", "+84901234567" }, { "+ 84 901 234 567", "-", "+84901234567" },
  { "+(84) 901 234 567", "-", "+84901234567" }, { "0084 901 234 567", "-", "+84901234567" },
  { "0084901234567", "-", "+84901234567" }, { "00 84 901 234 567", "VN", "+84901234567" },
  { "＋８４ ９０１ ２３４ ５６７", "-", "+84901234567" },
  { "+84\194\160901\194\160234\194\160567", "-", "+84901234567" },
  { "+84\226\128\175901\226\128\145234\226\128\145567", "-", "+84901234567" },
  { "+٨٤٩٠١٢٣٤٥٦٧", "-", "+84901234567" },
  { "+84 – 901 – 234567", "-", "+84901234567" }, { "+84  901  234567", "-", "+84901234567" },
  { "+84\t901\t234567", "-", "+84901234567" }, { "+84/901/234567", "-", "+84901234567" },
  { "0901234567", "VN", "+84901234567" }, { "090 123 4567", "VN", "+84901234567" },
  { "0901.234.567", "VN", "+84901234567" },
  { "0901-234-567", "VN", "+84901234567" }, { "(090) 123-4567", "VN", "+84901234567" },
  { "028 3829 5555", "VN", "+842838295555" }, { "(028) 3829 5555", "VN", "+842838295555" },
  { "0324567890", "VN", "+84324567890" }, { "+842439411000", "-", "+842439411000" },
  { "030 1234567", "DE", "+49301234567" }, { "030/1234567", "DE", "+49301234567" },
  { "(030) 12 34 567", "DE", "+49301234567" },
  { "0151 12345678", "DE", "+4915112345678" }, { "0171/123 45 67", "DE", "+491711234567" },
  { "+49 (0)30 / 123 456 78", "DE", "+493012345678" }, { "089-123456-78", "DE", "+498912345678" },
  { "(212) 555-0123", "US", "+12125550123" }, { "212-555-0123", "US", "+12125550123" },
  { "212.555.0123", "US", "+12125550123" },
  { "212 555 0123", "US", "+12125550123" }, { "1-212-555-0123", "US", "+12125550123" },
  { "1 (212) 555-0123", "US", "+12125550123" },
  { "+1 212 555 0123", "US", "+12125550123" }, { "(212)555-0123", "US", "+12125550123" },
  { "1-800-555-0199", "US", "+18005550199" },
  { "011 84 901 234 567", "US", "+84901234567" }, { "(416) 555-0123", "CA", "+14165550123" },
  { "876-555-0123", "JM", "+18765550123" },
  { "020 7946 0018", "GB", "+442079460018" }, { "+44 (0)20 7946 0018", "-", "+442079460018" },
  { "+44(0)2079460018", "-", "+442079460018" },
  { "07911 123456", "GB", "+447911123456" }, { "(0121) 496 0123", "GB", "+441214960123" },
  { "01534 496000", "JE", "+441534496000" },
  { "06 12 34 56 78", "FR", "+33612345678" }, { "06.12.34.56.78", "FR", "+33612345678" },
  { "0612345678", "FR", "+33612345678" },
  { "01-23-45-67-89", "FR", "+33123456789" }, { "+33 6 12 34 56 78", "-", "+33612345678" },
  { "06/12/34/56/78", "FR", "+33612345678" },
  { "06 1234 5678", "IT", "+390612345678" }, { "+39 06 1234 5678", "-", "+390612345678" },
  { "347 123 4567", "IT", "+393471234567" },
  { "612 345 678", "ES", "+34612345678" }, { "91 123 45 67", "ES", "+34911234567" },
  { "044 668 18 00", "CH", "+41446681800" },
  { "01 5880 0000", "AT", "+43158800000" }, { "0664 1234567", "AT", "+436641234567" },
  { "020 123 4567", "NL", "+31201234567" },
  { "0470 12 34 56", "BE", "+32470123456" }, { "08-123 456 78", "SE", "+46812345678" },
  { "22 12 34 56", "NO", "+4722123456" },
  { "512 345 678", "PL", "+48512345678" }, { "8 (912) 345-67-89", "RU", "+79123456789" },
  { "+7 912 345 67 89", "-", "+79123456789" },
  { "8 (701) 234-56-78", "KZ", "+77012345678" }, { "810 84 901 234 567", "RU", "+84901234567" },
  { "06 1 234 5678", "HU", "+3612345678" }, { "06 20 123 4567", "HU", "+36201234567" },
  { "0412 345 678", "AU", "+61412345678" },
  { "(02) 9876 5432", "AU", "+61298765432" }, { "0011 44 20 7946 0018", "AU", "+442079460018" },
  { "021 123 4567", "NZ", "+64211234567" },
  { "090-1234-5678", "JP", "+819012345678" }, { "03-1234-5678", "JP", "+81312345678" },
  { "010 1 212 555 0123", "JP", "+12125550123" },
  { "010-1234-5678", "KR", "+821012345678" }, { "6123 4567", "SG", "+6561234567" },
  { "2123 4567", "HK", "+85221234567" },
  { "0812-3456-7890", "ID", "+6281234567890" }, { "081 234 5678", "TH", "+66812345678" },
  { "012-345 6789", "MY", "+60123456789" },
  { "0917 123 4567", "PH", "+639171234567" }, { "0139 1234 5678", "CN", "+8613912345678" },
  { "098765 43210", "IN", "+919876543210" },
  { "(11) 91234-5678", "BR", "+5511912345678" }, { "011 91234-5678", "BR", "+5511912345678" },
  { "55 1234 5678", "MX", "+525512345678" },
  { "011 1234-5678", "AR", "+541112345678" }, { "082 123 4567", "ZA", "+27821234567" },
  { "0803 123 4567", "NG", "+2348031234567" },
  { "0722 123456", "KE", "+254722123456" }, { "0532 123 45 67", "TR", "+905321234567" },
  { "050 123 4567", "AE", "+971501234567" },
  { "054-123-4567", "IL", "+972541234567" }, { "0501 234 567", "UA", "+380501234567" },
  { "691 234 5678", "GR", "+306912345678" },
  { "+354 612 3456", "-", "+3546123456" }, { "+852 9123 4567", "-", "+85291234567" },
  { "+65 9123 4567", "-", "+6591234567" },
  { "+800 1234 5678", "-", "+80012345678" }, { "+290 51234", "-", "+29051234" }, { "+682 21234", "-", "+68221234" },
  { "call 0901234567 at 7", "VN", "+84901234567", "0901234567" },
  { "tel:+84-901-234-567", "-", "+84901234567", "+84-901-234-567" },
  { "tel:0901234567", "VN", "+84901234567", "0901234567" }, { "Tel. 0901234567.", "VN", "+84901234567", "0901234567" },
  { "(0901234567)", "VN", "+84901234567", "0901234567" },
  { "call me (0901234567)!", "VN", "+84901234567", "0901234567" },
  { "“0901234567”", "VN", "+84901234567", "0901234567" },
  { "📞0901234567👍", "VN", "+84901234567", "0901234567" },
  { "*0901234567*", "VN", "+84901234567", "0901234567" }, { "- 0901234567", "VN", "+84901234567", "0901234567" },
  { "1) 0901234567", "VN", "+84901234567", "0901234567" },
  { "yes,0901234567,thanks", "VN", "+84901234567", "0901234567" },
  { "table for 4 0901234567", "VN", "+84901234567", "0901234567" },
  { "4, 0901234567", "VN", "+84901234567", "0901234567" },
  { "0901234567 2 people", "VN", "+84901234567", "0901234567" },
  { "0901234567 2026-03-15", "VN", "+84901234567", "0901234567" },
  { "15.03.2026 0901234567", "VN", "+84901234567", "0901234567" },
  { "030 1234567 15.03.2026", "DE", "+49301234567", "030 1234567" },
  { "030 1234567 2026-03-15", "DE", "+49301234567", "030 1234567" },
  { "030 1234567 19:30", "DE", "+49301234567", "030 1234567" },
  { "030 1234567 24/7", "DE", "+49301234567", "030 1234567" },
  { "030 1234567 4 Personen", "DE/de", "+49301234567", "030 1234567" },
  { "+49 30 1234567 12 Personen", "DE/de", "+49301234567", "+49 30 1234567" },
  { "030 12 34 56 78 bitte", "DE/de", "+493012345678", "030 12 34 56 78" },
  { "212-555-0123 8pm", "US", "+12125550123", "212-555-0123" },
  { "lúc 19h30 0901234567", "VN/vi", "+84901234567", "0901234567" },
  { "lúc 7h 0901 234 567", "VN/vi", "+84901234567", "0901 234 567" },
  { "$500 0901234567", "VN", "+84901234567", "0901234567" },
  { "0901234567 500 €", "VN", "+84901234567", "0901234567" },
  { "0901234567\n4", "VN", "+84901234567", "0901234567" }, { "4\n0901234567", "VN", "+84901234567", "0901234567" },
  { "I'm Jo (jo@b.co), 0901234567", "VN", "+84901234567", "0901234567" },
  { "https://a.co/1234567890 0901234567", "VN", "+84901234567", "0901234567" },
  { "my phone is 2125550123", "US", "+12125550123", "2125550123" },
  { "call me: 2125550123", "US", "+12125550123", "2125550123" },
  { "Meine Handynummer: 0151 12345678, danke", "DE/de", "+4915112345678", "0151 12345678" },
  { "Sie erreichen mich unter 030/123456", "DE/de", "+4930123456", "030/123456" },
  { "sđt của mình 0901234567 nhé", "VN/vi", "+84901234567", "0901234567" },
  { "Số điện thoại: 0901 234 567", "VN/vi", "+84901234567", "0901 234 567" },
  { "gọi 901234567", "VN/vi", "+84901234567", "901234567" },
  { "my order is 12345, my phone 0901234567", "VN", "+84901234567", "0901234567" },
  { "+44 20 7946 0018 ext. 12", "-", "+442079460018" }, { "212-555-0123 x12", "US", "+12125550123" },
  { "212-555-0123x12", "US", "+12125550123" },
  { "212-555-0123 extension 4", "US", "+12125550123" }, { "(212) 555-0123, ext 1234", "US", "+12125550123" },
  { "212-555-0123 #12", "US", "+12125550123" },
  { "030 1234567 Durchwahl 12", "DE/de", "+49301234567" }, { "028 3829 5555 máy lẻ 12", "VN/vi", "+842838295555" },
}

local NONE = { -- { text, region }: unasked
  { "", "VN" }, { "no digits", "VN" }, { "1234", "VN" }, { "$1,234,567.89", "US" }, { "1.234.567,89 €", "DE" },
  { "1 234 567 €", "DE" },
  { "0.901234567", "VN" }, { "3.1415926535", "US" }, { "500000000 VND", "VN" }, { "901.234.567 đ", "VN" },
  { "901 234 567 dong", "VN" },
  { "price 2125550123", "US" }, { "2125550123", "US" }, { "901234567", "VN" }, { "2026-03-15", "US" },
  { "15.03.2026", "DE" },
  { "03/15/2026", "US" }, { "20260315", "DK" }, { "2026-03-15T18:30:00", "SG" }, { "2026-03-15 18:30", "US" },
  { "18:30-19:45", "DE" },
  { "2010-2020", "SG" }, { "2019/2020", "DK" }, { "2010 - 2020", "NO" }, { "24/7", "DE" }, { "24/7/365", "DE" },
  { "1990", "DE" },
  { "order 0901234567", "VN" }, { "order number 0901234567", "VN" }, { "Order no. 0901234567", "VN" },
  { "invoice #0901234567", "VN" },
  { "#0901234567", "VN" }, { "Bestellnummer 030 1234567", "DE/de" }, { "Kundennummer: 0301234567", "DE/de" },
  { "mã đơn 0901234567", "VN/vi" }, { "stk 0901234567", "VN/vi" }, { "tracking 212-555-0123", "US" },
  { "112-1234567-1234567", "US" },
  { "4111 1111 1111 1111", "SG" }, { "4111 1111 1111 1111", "US" }, { "4012 0888 8888 1881", "DE" },
  { "4111-1111-1111-1111", "DK" },
  { "4111111111111111", "DE" }, { "5500 0000 0000 0004", "HK" }, { "3782 822463 10005", "US" },
  { "6011 1111 1111 1117", "SG" },
  { "DE89 3704 0044 0532 0130 00", "DE" }, { "DE89370400440532013000", "DE" }, { "GB29 NWBK 6016 1331 9268 19", "GB" },
  { "FR14 2004 1010 0505 0001 3M02 606", "FR" }, { "192.168.100.200", "US" }, { "212.55.50.123", "US" },
  { "22.33.44.55", "DK" },
  { "10.0.0.1:8080", "DE" }, { "2001:db8:0:0:8a2e:370:7334", "DE" }, { "10.762622, 106.660172", "VN" },
  { "52.520008 13.404954", "DE" },
  { "40.712 -74.005", "US" }, { "40.712776,-74.005974", "US" }, { "v2.10.12345678", "DK" },
  { "10.0.19045.3803", "US" }, { "1.2.3.4.5.6.7", "SG" },
  { "550e8400-e29b-41d4-a716-446655440000", "US" }, { "1Z999AA10123456784", "US" }, { "id_0901234567", "VN" },
  { "abc0901234567", "VN" },
  { "0901234567abc", "VN" }, { "0901234567_1", "VN" }, { "x=0901234567", "VN" }, { "user0901234567@gmail.com", "VN" },
  { "0901234567@gmail.com", "VN" }, { "https://wa.me/84901234567", "VN" }, { "https://a.co/?p=+84901234567", "VN" },
  { "www.a.co/0901234567", "VN" },
  { "http://0901234567.com", "VN" }, { "sip:+84901234567@a.co", "VN" }, { "0901234567.com", "VN" },
  { "9400 1000 0000 0000 0000 00", "US" },
  { "978-3-16-148410-0", "DE" }, { "ISBN 0-306-40615-2", "DE" }, { "123-45-6789", "US" }, { "112-555-0123", "US" },
  { "212-155-0123", "US" },
  { "0123", "DE" }, { "0901", "VN" }, { "0111234567", "VN" }, { "1,2,3,4,5,6,7,8,9,0", "US" },
  { "1 2 3 4 5 6 7 8 9 0", "US" },
  { "0901234567", "-" }, { "(212) 555-0123", "-" }, { "84901234567", "-" }, { "84901234567", "VN" },
  { "12345678", "SG" }, { "61234567", "SG" },
  { "2+2125550123", "US" }, { "1+1", "US" }, { "+1", "US" }, { "+5 5", "US" }, { "a+84901234567", "-" },
  { "100% 200% 300%", "US" },
  { "10-20 people, 30-40 euros", "DE" }, { "12 x 34 x 56 x 78", "DE" }, { "90/60/90", "DE" }, { "5 000 000", "NO" },
  { "00000000", "DK" },
  { "0000000000", "VN" }, { "1234567890", "DE" }, { "8 912 345 67", "RU" }, { "89123456789", "RU" },
  { "12125550123", "US" }, { "00123", "DE" },
  { "1.212.555.012", "US" }, { "T9 0 12", "DE" }, { "12.345.678.901", "DE" }, { "room 212, 555 guests, 0123", "US" },
  { "/0901234567", "VN" },
}

local ANSWERS = { -- { text, region, value }: only when asked
  { "901234567", "VN", "+84901234567" }, { "84901234567", "VN", "+84901234567" },
  { "84 901 234 567", "VN", "+84901234567" },
  { "2125550123", "US", "+12125550123" }, { "12125550123", "US", "+12125550123" },
  { "it's 2125550123 thanks", "US", "+12125550123" },
  { "7911 123456", "GB", "+447911123456" }, { "612345678", "FR", "+33612345678" },
  { "612345678", "ES", "+34612345678" },
  { "61234567", "SG", "+6561234567" }, { "89123456789", "RU", "+79123456789" }, { "9123456789", "RU", "+79123456789" },
  { "11912345678", "BR", "+5511912345678" }, { "0 9 0 1 2 3 4 5 6 7", "VN", "+84901234567" },
  { "SDT0901234567", "VN", "+84901234567" },
  { "0901234567nhe", "VN/vi", "+84901234567" }, { "order 0901234567", "VN", "+84901234567" },
  { "22.12.34.56", "NO", "+4722123456" },
  { "412 345 678", "AU", "+61412345678" }, { "491711234567", "DE", "+491711234567" },
  { "2 1 2 5 5 5 0 1 2 3", "US", "+12125550123" },
}

local WRONG = { -- { text, region, reason, whether unasked as well }
  { "090123", "VN", "incomplete" }, { "+84 90123", "-", "incomplete", true },
  { "+84 901 234 56", "VN", "incomplete", true },
  { "09012345678", "VN", "too_long" }, { "+84 901 234 567 89", "-", "too_long", true },
  { "+1 212 555", "-", "incomplete", true },
  { "+1 112 555 0123", "-", "invalid", true }, { "112 555 0123", "US", "invalid" }, { "555-0123", "US", "incomplete" },
  { "0401234567", "VN", "invalid" }, { "+999 123 456 789", "-", "unknown_region", true },
  { "+210 123 456 789", "-", "unknown_region", true },
  { "0901234567", "-", "unknown_region" }, { "2125550123", "-", "unknown_region" },
  { "84901234567", "-", "unknown_region" },
  { "2345678", "DE", "incomplete" }, { "1234567", "DE", "invalid" }, { "12345", "DE", "incomplete" }, { "0301", "DE",
    nil },
  { "030 12", "DE", "incomplete" },
  { "9876 5432", "AU", "invalid" }, { "4111 1111 1111 1111", "US", "invalid" },
  { "+49 30 1234567890123", "-", "too_long", true },
  { "06 12 34 56", "FR", "incomplete" }, { "+44 20 7946", "-", "incomplete", true },
  { "0901234567 or 0912345678", "VN", "ambiguous" }, { "0901234567 / 0912345678", "VN", "ambiguous" },
  { "0901234567 0912345678", "VN", "ambiguous" }, { "030 1234567 030 7654321", "DE", "ambiguous" },
}

local NO_ANSWERS = { -- asked, without a reason
  { "tomorrow", "VN" }, { "2026-03-15", "VN" }, { "15.03.2026", "DE" }, { "7", "VN" }, { "at 19:30", "VN" },
  { "24/7", "VN" },
  { "jo1234567@b.co", "VN" }, { "https://a.co/0901234567", "VN" }, { "for 4 people", "US" }, { "$1,000,000.00", "US" },
}

describe("a telephone number #once", function()
  for _, case in ipairs(FOUND) do
    it(("is found in %s (%s)"):format(case[1]:gsub("%c", "?"), case[2]), function()
      local value, first, last = find(case[1], case[2])
      assert.equal(case[3], value)
      assert.equal(case[4] or case[1], case[1]:sub(first, last))
      assert.equal(case[3], (find(case[1], case[2], true)))
    end)
  end

  for _, case in ipairs(NONE) do
    it(("is not in %s (%s)"):format(case[1], case[2]), function()
      assert.is_nil((find(case[1], case[2])))
    end)
  end

  for _, case in ipairs(ANSWERS) do
    it(("is an answer, and only that: %s (%s)"):format(case[1], case[2]), function()
      assert.equal(case[3], (find(case[1], case[2], true)))
      assert.is_nil((find(case[1], case[2])))
    end)
  end

  for _, case in ipairs(WRONG) do
    it(("is %s in an answer like %s (%s)"):format(case[3] or "nothing", case[1], case[2]), function()
      local value, reason, first, last = find(case[1], case[2], true)
      assert.is_nil(value)
      assert.equal(case[3], reason)
      if reason then assert.is_true(1 <= first and first <= last and last <= #case[1]) end
      if case[3] ~= "ambiguous" then
        assert.same({ nil, case[4] and case[3] or nil }, { nil, (select(2, find(case[1], case[2]))) })
      end
    end)
  end

  for _, case in ipairs(NO_ANSWERS) do
    it(("is not in an answer like %s (%s)"):format(case[1], case[2]), function()
      assert.same({}, { find(case[1], case[2], true) })
    end)
  end

  it("that is said twice is not ambiguous", function()
    assert.equal("+84901234567", (find("0901234567, that is +84 901 234 567", "VN", true)))
  end)

  it("is the first from a byte on", function()
    local text = "0901234567, 0912345678"
    assert.same({ "+84912345678", 13, 22 }, { find(text, "VN", false, 11) })
    assert.same({}, { find(text, "VN", false, 23) })
  end)

  it("may come from an NLU as a number", function()
    local vietnam, none, germany = reader_of { region = "VN" }, reader_of(), reader_of { region = "DE" }
    assert.equal("+84901234567", vietnam:take(84901234567))
    assert.equal("+84901234567", vietnam:take(901234567))
    assert.equal("+84901234567", none:take(84901234567))
    assert.equal("+491711234567", germany:take(491711234567))
    assert.same({ nil, "invalid" }, { vietnam:take(1.5) })
    assert.same({ nil, "invalid" }, { vietnam:take(-84901234567) })
    assert.same({ nil, "invalid" }, { vietnam:take(0 / 0) })
    assert.same({ nil, "invalid" }, { vietnam:take(math.huge) })
    assert.same({ nil, "incomplete" }, { vietnam:take(90123) })
    assert.same({ nil, "incomplete" }, { germany:take(2345678) })
    assert.same({ nil, "wrong_type" }, { vietnam:take(true) })
    assert.same({ nil, "wrong_type" }, { vietnam:take {} })
  end)

  it("can be limited to regions", function()
    local reader = reader_of { region = "VN", regions = { "VN", "US" } }
    assert.equal("+84901234567", (reader:find(said.new("0901234567"), 1, {}, true)))
    assert.equal("+14165550123", (reader:find(said.new("+1 416 555 0123"), 1, {}, true)))
    assert.same({ nil, "not_allowed", 1, 15 }, { reader:find(said.new("+49 30 12345678"), 1, {}, true) })
    assert.same({ nil, "not_allowed", 1, 15 }, { reader:find(said.new("+49 30 12345678"), 1, {}, false) })
    assert.same({ nil, "not_allowed" }, { reader:take(493012345678) })
  end)

  it("needs regions that there are", function()
    local function messages(options)
      local _, mistakes = reader_of(options)
      local list = {}
      for index, mistake in ipairs(mistakes.list) do list[index] = mistake.path .. " " .. mistake.message end
      return table.concat(list, "\n")
    end
    assert.equal("", messages { region = "vn", regions = { "VN", "xk" } })
    assert.equal('intents[1].slots[1].region is "Vietnam", which is no region that has telephone numbers: write its '
      .. 'code of two letters, like "VN"', messages { region = "Vietnam" })
    assert.matches('slots%[1%].regions%[2%] is "ZZ"', messages { regions = { "VN", "ZZ" } })
    assert.matches("regions is empty", messages { regions = {} })
    assert.matches("regions%[1%] must be a string", messages { regions = { 84 } })
  end)

  it("has a schema", function()
    assert.same({ type = "string", description = "E.164, like +84901234567", pattern = "^\\+[1-9][0-9]{6,14}$" },
      reader_of().schema)
  end)

  it("has a plan for every region that has numbers", function()
    local regions = plans.regions()
    assert.is_true(#regions >= 240)
    for _, region in ipairs(regions) do assert.matches("^%u%u$", region) end
  end)
end)

local TYPES = { email = { email }, url = { url }, phone = { phone, { region = "DE" } }, anywhere = { phone } }

local function each_reader(use)
  for name, one in pairs(TYPES) do
    local mistakes = check.mistakes()
    local accepted = check.options(mistakes, "", one[2] or {}, one[1].options)
    use(name, one[1].new(mistakes, "intents[1].slots[1]", accepted, (languages.of("en"))))
  end
end

-- Whether what a reader found is in the text, and what follows is further on.
local function walk(name, reader, text, asked)
  local words, at = said.new(text), 1
  while true do
    local value, first, last, wrong_last = reader:find(words, at, {}, asked)
    if not value then
      if first then
        assert.equal("string", type(first))
        assert.is_true(last >= 1 and last <= wrong_last and wrong_last <= #text, name)
      end
      return
    end
    assert.is_true(at <= first and first <= last and last <= #text, name)
    assert.equal("string", type(value))
    at = last + 1
  end
end

describe("addresses and numbers in any bytes", function()
  local random
  before_each(function()
    local seed = 20260315
    function random(limit) -- the same in every Lua
      seed = (seed * 16807) % 2147483647
      return seed % limit + 1
    end
  end)

  local PIECES = {
    "@", ".", "a", "b.co", "://", "http", "https://a.de", "www.", "0", "1", "12", "030", "+", "+49", "(", ")", " ",
    "-", "/", ":", ",",
    "é", "\255", "\194", "\226\128", "\0", "\1", "\n", "_", "２", "\194\160", "ext", "x", "#", "tel", "order", "[",
    "]", "2026", "$", "€",
  }

  it("are found in the text, one after the other", function()
    each_reader(function(name, reader)
      for _ = 1, 250 do
        local parts = {}
        for index = 1, random(30) do parts[index] = PIECES[random(#PIECES)] end
        walk(name, reader, table.concat(parts), random(2) == 1)
      end
      for _ = 1, 100 do
        local parts = {}
        for index = 1, random(60) do parts[index] = string.char(random(256) - 1) end
        walk(name, reader, table.concat(parts), random(2) == 1)
      end
    end)
  end)

  it("are looked for in 64 KiB of anything in well under a second", function()
    local hostile = { "@", "a@a@", "1-1-1-", "+1 ", "((((", "http://http://", "1.a" }
    each_reader(function(name, reader)
      if name == "anywhere" then return end
      for _, piece in ipairs(hostile) do
        local words = said.new(piece:rep(math.floor(65536 / #piece)))
        local began = os.clock()
        reader:find(words, 1, {}, true)
        assert.is_true(os.clock() - began < 3, name .. " " .. piece)
      end
    end)
  end)
end)
