--- phone_plans: the countries' telephone numbers, as far as they can be checked from a compact table.
--
-- For each calling code that ITU-T E.164 assigns: the regions that share it (ISO 3166; XK is Kosovo), the trunk prefix
-- that people put before a number at home, how many digits a number has by its first digits, and what is dialled at
-- home for "+" where that is not 00. That is all that is checked. So a number is told that has digits too many or too
-- few, that has no such calling code, or begins as none does in its country; not told is whether an area code is in
-- use, let alone a number. Numbers that are only dialled at home (emergency, directory, most short codes) are none
-- here.
--
-- Why a table and not libphonenumber: that is C++ with ICU or protobuf (or 300 KiB of regular expressions that Lua's
-- patterns cannot express), on every machine that sends a webhook, and its data change every two weeks; it knows more
-- about which numbers exist, which no host can rely on anyway before it has called. Lengths and first digits change
-- every few years, and they are what catches slips of the fingers. Where a plan is in motion, the table takes the
-- wider range.

local phone_plans = {}

-- code, regions, trunk prefix ("-": none; "0?": written or not), numbers as FIRST_DIGITS:LENGTHS, of which the first
-- that fits counts ("x" any digit), and the prefixes of international calls, each behind ">".
local TABLE = [[
1 US,AG,AI,AS,BB,BM,BS,CA,DM,DO,GD,GU,JM,KN,KY,LC,MP,MS,PR,SX,TC,TT,VC,VG,VI 1? [2-9][0-8]x[2-9]:10 >011
7 RU,KZ 8? [3-9]:10 >810
20 EG 0 800:10 1[0125]:10 2:9 3:8 [4-9]:8-9 1:8-9
27 ZA 0 [1-8]:9
30 GR - [25-9]:10
31 NL 0 97:9-11 [1-7]:9 [89]:7-10
32 BE 0 4[5-9]:9 [1-9]:8
33 FR 0 [1-9]:9
34 ES - [5-9]:9
36 HU 06 [2357]0:9 [23]1:9 [1-9]:8
39 IT,VA - 0:6-11 3:9-10 [15-9]:6-10
40 RO 0 [237-9]:9
41 CH 0 [2-9]:9
43 AT 0 [1-9]:6-13
44 GB,GG,IM,JE 0 1:9-10 [2379]:10 5:10 8:9-10
45 DK - [2-9]:8
46 SE 0 7[02369]:9 [1-9]:7-9
47 NO,SJ - [2-9]:8
48 PL - [1-9]:9
49 DE 0 15:11 1[67]:10-11 1[89]:6-11 800:10-12 [2-9]:6-12
51 PE 0 9:9 [1-8]:8
52 MX - [2-9]:10
53 CU 0 5:8 [2-8]:6-8 >119
54 AR 0 9:11 [1-8]:10
55 BR 0? [1-9][1-9]9:11 [1-9][1-9][2-8]:10 [3589]00:9-10 >0014 >0015 >0021 >0031 >0041
56 CL - [2-9]:9
57 CO - [369]:10 >009 >007 >005
58 VE 0 [24589]:10
60 MY 0 11:10 1:9-10 3:9 [4-9]:8-9
61 AU,CC,CX 0 [2-478]:9 147:9 1[38]:6-10 >0011
62 ID 0 8:9-12 [2-79]:7-11 >001 >007 >008
63 PH 0 9:10 [2-8]:8-10
64 NZ 0 2:8-10 [34679]:8 [58]:8-10
65 SG - [3689]:8 >001 >002
66 TH 0 [689]:9 [2-57]:8 >001 >007 >008 >009
81 JP 0 [5789]0:10 120:9 800:10 [1-9]:9 >010
82 KR 0 10:10 1[16-9]:9-10 2:8-10 50:10-11 70:10 80:9-10 [3-6]:8-10 >001 >002 >008
84 VN 0 2:10 [35-9]:9
86 CN 0 1[3-9]:11 10:10 2:10 [3-9]:10-11
90 TR 0 [2-58]:10
91 IN 0 [1-9]:10
92 PK 0 3:10 [24-9]:9-10
93 AF 0 [2-7]:9
94 LK 0 [1-9]:9
95 MM 0 9:8-10 [1-8]:6-9
98 IR 0 [1-9]:10
211 SS 0 [19]:9
212 MA,EH 0 [5-8]:9
213 DZ 0 [567]:9 [1-4]:8 [89]:9
216 TN - [2-9]:8
218 LY 0 [2-9]:9
220 GM - [2-9]:7
221 SN - [37-9]:9
222 MR - [2-48]:8
223 ML - [24-9]:8
224 GN - [367]:8-9
225 CI - [02]:10
226 BF - [025-8]:8
227 NE - [0279]:8
228 TG - [279]:8
229 BJ - 01:10
230 MU - 5:8 [2-9]:7-8 >020
231 LR 0 [2-8]:7-9
232 SL 0 [2-9]:8
233 GH 0 800:8 [2-9]:9
234 NG 0 [789]:10 20:10 [1-6]:7-8 >009
235 TD - [2679]:8 >15
236 CF - [278]:8
237 CM - [26]:9 8:8
238 CV - [2-589]:7 >0
239 ST - [29]:7
240 GQ - [235-9]:9
241 GA - 0:8 [1-7]:7-8
242 CG - [028]:9
243 CD 0 [1-9]:7-9
244 AO - [29]:9
245 GW - 4:7-9 9:9
246 IO - 3:7
247 AC - [1-9]:5-6
248 SC - [2468]:7 >010 >02
249 SD 0 [19]:9
250 RW 0 7:9 [02]:8-9 8:9
251 ET 0 [1-9]:9
252 SO 0 [1-9]:6-9
253 DJ - [27]:8
254 KE 0 7:9 1:9 [24-68]:7-10 9:9 >000
255 TZ 0 [2-9]:9 >000
256 UG 0 [2-9]:9 >000
257 BI - [2367]:8
258 MZ - 8[2-7]:9 [28]:8-9
260 ZM 0 [25-9]:9
261 MG 0 [23]:9
262 RE,YT 0 [2-9]:9
263 ZW 0 7:9 [1-9]:5-10
264 NA 0 8:8-10 6:8-9
265 MW 0 [1-3]:7-9 [7-9]:9
266 LS - [2568]:8
267 BW - 7:8 [2-68]:7-10
268 SZ - [07]:8 [29]:8-9
269 KM - [34578]:7
290 SH,TA - [2568]:4-5
291 ER 0 [178]:7
297 AW - [25-79]:7
298 FO - [2-9]:6
299 GL - [2-689]:6
350 GI - [25]:8
351 PT - [2-9]:9
352 LU - 6[25-9]:9 [2-9]:4-11
353 IE 0 8:9 1:8-10 [2-79]:7-9
354 IS - 3:9 [4-9]:7
355 AL 0 6:9 [2-9]:6-9
356 MT - [2-9]:8
357 CY - [2579]:8 8:8
358 FI,AX 0 [1-9]:5-12 >990 >999
359 BG 0 43:8-9 8[789]:9 9[89]:9 [2-9]:6-8
370 LT 0 [3-9]:8
371 LV - [2689]:8
372 EE - 5:7-8 [346]:7 [78]:7-10
373 MD 0 [2356789]:8
374 AM 0 [1-9]:8
375 BY 80? [1-4]:9 8:9-11 9:10 >810
376 AD - 6:6-9 [1378]:6-8
377 MC 0? 6:9 [4-9]:8-9
378 SM - [05-9]:6-10
380 UA 0 [3-9]:9-10
381 RS 0 6:8-10 [1-37-9]:6-12
382 ME 0 [2-9]:8-9
383 XK 0 [2-9]:8-12
385 HR 0 [1-9]:8-9
386 SI 0 [1-8]:8 8:6-8
387 BA 0 6:8-9 [3-9]:8
389 MK 0 [2-8]:8
420 CZ - [2-9]:9
421 SK 0 [2-9]:9
423 LI 0 6:9 [2-9]:7-9
500 FK - [2-9]:5
501 BZ - [2-8]:7
502 GT - [2-8]:8
503 SV - [267]:8 [89]:7-11
504 HN - [2378]:8 9:8
505 NI - [1-8]:8
506 CR - [2-9]:8-10
507 PA - 6:8 [1-9]:7-10
508 PM 0 [4-9]:6-9
509 HT - [2-589]:8
590 GP,BL,MF 0 [5-9]:9
591 BO 0 [2-8]:8-9
592 GY - [2-9]:7 >001
593 EC 0 9:9 [2-7]:8 1:10-11
594 GF 0 [5-9]:9
595 PY 0 9:9 [2-8]:7-9
596 MQ 0 [5-9]:9
597 SR - [2-8]:6-7
598 UY 0 [249]:8 [08]:7-10
599 CW,BQ - 9:7-8 [3-7]:7
670 TL - 7:8 [2-9]:7-8
672 NF - [13]:5-6
673 BN - [2-8]:7
674 NR - [4-8]:7
675 PG - [78]:8 [1-9]:7-8
676 TO - [2-8]:5-7
677 SB - [1-9]:5-7
678 VU - [2-9]:5-7
679 FJ - [2-9]:7 0:11
680 PW - [2-9]:7 >011 >012
681 WF - [4-9]:6-9
682 CK - [2-9]:5
683 NU - [1-9]:4-7
685 WS - [2-9]:5-7 8:5-10 >0
686 KI 0? [2-8]:5-8
687 NC - [2-9]:6
688 TV - [279]:5-7
689 PF - [48]:8-9
690 TK - [2-9]:4-7
691 FM - [3-9]:7
692 MH 1? [2-6]:7 >011
800 - - x:8
808 - - x:8
850 KP 0 19:10 [2-8]:8
852 HK - [2-9]:8 >001
853 MO - [268]:8
855 KH 0 [1-9]:8-9 >001 >007
856 LA 0 20:10 30:9-10 [2-8]:8
870 - - [37]:9-12
878 - - 1:12
880 BD 0 1:10 [2-9]:6-10
881 - - [0-36-9]:8-10
882 - - [13]:7-12
883 - - x:7-12
886 TW 0 9:9 70:10 [2-8]:8-9 >002
960 MV - [3-9]:7-10
961 LB 0 [1456]:7 [37-9]:7-8
962 JO 0 7:9 [2-68]:8-9
963 SY 0 [1-9]:8-9
964 IQ 0 7:10 [1-6]:8-9
965 KW - [1-9]:7-8
966 SA 0 [15]:9 [89]:9-10
967 YE 0 7[0137]:9 [1-7]:7-8
968 OM - [279]:8 [58]:7-9
970 PS 0 5:9 [2489]:8 1:10
971 AE 0 5:9 [234679]:8 8:7-9
972 IL 0 [57]:9 [23489]:8 1:7-10 >012 >013 >014
973 BH - [136-9]:8
974 QA - [2-7]:7-8 8:7-9
975 BT - [17]:8 [2-8]:7
976 MN 0 [5-9]:8 [12]:8-10 >001
977 NP 0 9:10 [1-8]:8
979 - - x:9
992 TJ - [0-57-9]:9 >810
993 TM 8? [1-7]:8 >810
994 AZ 0 [1-9]:9
995 GE 0 [3-57-9]:9
996 KG 0 [235-9]:9-10
998 UZ - [235-9]:9 >810
]]

---@class intent_webhook.PhonePlan
---@field code string
---@field trunk string|nil
---@field trunk_optional boolean whether numbers are written at home without the trunk prefix as well
---@field exits string[] prefixes of international calls at home, beside "00"
---@field shapes table[]
---@field least integer how many digits the shortest numbers have

-- "1[0125]x" -> { "1", "[0125]", "%d" }
local function read_starts(word)
  local starts, position = {}, 1
  while position <= #word do
    local class = word:match("^%[[^%]]*%]", position) or word:sub(position, position)
    starts[#starts + 1] = class == "x" and "%d" or class
    position = position + #class
  end
  return starts
end

-- "12:9-10" -> { starts = { "1", "2" }, least = 9, most = 10 }
local function read_shape(word)
  local first, least, most = word:match("^(.*):(%d+)%-?(%d*)$")
  least = tonumber(least)
  return { starts = read_starts(first), least = least, most = tonumber(most) or least }
end

local function read_plan(line)
  local code, regions, trunk, rest = line:match("^(%d+) (%S+) (%S+) (.*)$")
  local plan = { code = code, shapes = {}, exits = {}, trunk = trunk:match("^%d+"), least = 15 }
  plan.trunk_optional = trunk:find("%d$") == nil
  for word in rest:gmatch("%S+") do
    local exit = word:match("^>(%d+)$")
    if exit then
      plan.exits[#plan.exits + 1] = exit
    else
      local shape = read_shape(word)
      plan.shapes[#plan.shapes + 1] = shape
      plan.least = math.min(plan.least, shape.least)
    end
  end
  return plan, regions
end

local by_code, by_region = {}, {}
for line in TABLE:gmatch("[^\n]+") do
  local plan, regions = read_plan(line)
  by_code[plan.code] = plan
  for region in regions:gmatch("%u%u") do by_region[region] = plan end
end

---The plan of a region.
---@param region string "VN", in any case
---@return intent_webhook.PhonePlan|nil
function phone_plans.of(region)
  return by_region[region:upper()]
end

---The codes of all regions, sorted.
---@return string[]
function phone_plans.regions()
  local regions = {}
  for region in pairs(by_region) do regions[#regions + 1] = region end
  table.sort(regions)
  return regions
end

-- Whether digits begin like a shape, as far as there are any.
local function begins(digits, starts)
  for index = 1, math.min(#digits, #starts) do
    if not digits:sub(index, index):find(starts[index]) then return false end
  end
  return true
end

-- The first shape that digits fit; or, when they are too few to tell, that they may come to fit.
local function shape_of(plan, digits)
  local possible
  for _, shape in ipairs(plan.shapes) do
    if begins(digits, shape.starts) then
      if #digits >= #shape.starts then return shape end
      possible = possible or shape
    end
  end
  return possible
end

---Whether digits without any prefix are a number of a plan.
---@param plan intent_webhook.PhonePlan
---@param digits string
---@return boolean|nil fixed of a number: whether all numbers that begin so have the same length, so that no digit is
---  missing in front
---@return nil|"incomplete"|"too_long"|"invalid" reason
function phone_plans.check(plan, digits)
  local shape = shape_of(plan, digits)
  if not shape then return nil, #digits < plan.least and "incomplete" or "invalid" end
  if #digits < shape.least then return nil, "incomplete" end
  if #digits > shape.most or #digits + #plan.code > 15 then return nil, "too_long" end
  return shape.least == shape.most
end

-- A national number, or one with a trunk prefix that does not belong there: "+84 0901 234 567".
local function check_either(plan, digits)
  local fixed, reason = phone_plans.check(plan, digits)
  if fixed ~= nil then return digits end
  if plan.trunk and digits:sub(1, #plan.trunk) == plan.trunk then
    local rest = digits:sub(#plan.trunk + 1)
    local rest_fixed, rest_reason = phone_plans.check(plan, rest)
    if rest_fixed ~= nil then return rest end
    if reason == "invalid" and plan.trunk:find("^0") then reason = rest_reason end
  end
  return nil, reason
end

---What digits behind a "+" mean.
---@param digits string
---@return string|nil number in E.164, with its "+"
---@return string reason or, of a number, its calling code
function phone_plans.international(digits)
  for length = 1, 3 do
    local plan = by_code[digits:sub(1, length)]
    if plan then
      local rest, reason = check_either(plan, digits:sub(length + 1))
      if rest then return "+" .. plan.code .. rest, plan.code end
      return nil, reason
    end
  end
  return nil, #digits < 3 and "incomplete" or "unknown_region"
end

-- What digits mean behind one of the prefixes of international calls that they begin with.
local function behind_exit(plan, digits)
  local reason
  for _, exit in ipairs(plan and plan.exits or {}) do
    if digits:sub(1, #exit) == exit then
      local number, code = phone_plans.international(digits:sub(#exit + 1))
      if number then return number, code end
      reason = code
    end
  end
  if digits:sub(1, 2) == "00" then
    local number, code = phone_plans.international(digits:sub(3))
    if number then return number, code end
    reason = reason or code
  end
  return nil, reason
end

---What digits without a "+" mean to somebody in a region.
---@param plan intent_webhook.PhonePlan|nil of the region; nil: only numbers with 00 are known
---@param digits string
---@return string|nil number in E.164
---@return string reason or, of a number, its calling code
---@return nil|"exit"|"trunk"|"bare" form how it was written
---@return boolean|nil fixed see phone_plans.check
function phone_plans.dialled(plan, digits)
  local number, code = behind_exit(plan, digits)
  if number then return number, code, "exit" end
  if not plan then return nil, code or "unknown_region" end
  local reason = code
  if plan.trunk and digits:sub(1, #plan.trunk) == plan.trunk then
    local rest = digits:sub(#plan.trunk + 1)
    local fixed, trunk_reason = phone_plans.check(plan, rest)
    if fixed ~= nil then return "+" .. plan.code .. rest, plan.code, "trunk", fixed end
    if plan.trunk:find("^0") then reason = reason or trunk_reason end -- else it may be the number's own
  end
  local fixed, bare_reason = phone_plans.check(plan, digits)
  if fixed ~= nil then return "+" .. plan.code .. digits, plan.code, "bare", fixed end
  return nil, reason or bare_reason
end

return phone_plans
