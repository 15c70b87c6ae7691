--- node: an object within a result of an NLU, with its place, and with where to write down what is wrong in it.
--
-- Reading a field never raises. A field that is absent or null is nil; one of the wrong type is nil too, and a reason
-- that names it goes into the record's `ignored`, of which there are at most 100. No reason quotes a value, since that
-- may be secret.

local value = require "intent_webhook.nlu.value"

local MOST_REASONS = 100

---@class intent_webhook.NluIgnored
---@field code string "field" (missing or mistyped), "value" (none that JSON has), "repeated" (the first counts),
--- "interval" (its end), "unresolved" (not understood), "denied" (by the person), "choice", "tool"
---@field message string with the path of the field
---@field name string|nil of the slot
---@field value any what the slot did not get

---@class intent_webhook.NluNode
---@field given table
---@field path string
---@field record table with a list `ignored`
local Node = { __name = "intent_webhook.NluNode" }
Node.__index = Node

local node = {}

---@param given table measured
---@param record table with a list `ignored`
---@param path string|nil default: the top
---@return intent_webhook.NluNode
function node.new(given, record, path)
  return setmetatable({ given = given, path = path or "", record = record }, Node)
end

---The same object, with reasons going to another record.
---@param record table
---@return intent_webhook.NluNode
function Node:reporting_to(record)
  return node.new(self.given, record, self.path)
end

---@param key string
---@return string
function Node:place(key)
  return value.within(self.path, key)
end

---Writes down why a field is not used.
---@param key string
---@param why string in words that follow the field's path
---@param code string|nil default: "field"
---@param name string|nil of the slot that goes without
---@param left any the value that the slot did not get
function Node:ignore(key, why, code, name, left)
  local ignored = self.record.ignored
  if #ignored >= MOST_REASONS then return end
  if left == value.null then left = nil end
  ignored[#ignored + 1] = {
    code = code or "field", message = self:place(key) .. ": " .. why, name = name,
    value = left ~= nil and (value.copy(left)) or nil,
  }
end

---Whether the field is there, be it null.
---@param key string
---@return boolean
function Node:has(key)
  return rawget(self.given, key) ~= nil
end

---A field of any type; nil when it is absent or null.
---@param key string
---@return any
function Node:get(key)
  local found = rawget(self.given, key)
  if found == value.null then return nil end
  return found
end

---@param key string
---@return string|nil
function Node:text(key)
  local found = self:get(key)
  if found == nil or type(found) == "string" then return found end
  self:ignore(key, "must be a string, got " .. value.kind(found))
end

---Text that has to be there: a reason is written down when it is missing, null or empty.
---@param key string
---@return string|nil
function Node:needed_text(key)
  local found = self:text(key)
  if found and found ~= "" then return found end
  if found == "" then
    self:ignore(key, "is empty")
  elseif self:get(key) == nil then
    self:ignore(key, self:has(key) and "must be a string, got null" or "is missing")
  end
end

---@param key string
---@return intent_webhook.NluNode|nil
function Node:object(key)
  local found = self:get(key)
  if found == nil then return nil end
  if type(found) == "table" and not value.is_list(found) then return node.new(found, self.record, self:place(key)) end
  self:ignore(key, "must be an object, got " .. value.kind(found))
end

---The objects in a list; what is none is passed over, with a reason.
---@param key string
---@return intent_webhook.NluNode[] # empty when there is no list
function Node:objects(key)
  local found, objects = self:get(key), {}
  if found == nil then return objects end
  if type(found) ~= "table" or not (value.is_list(found) or next(found) == nil) then
    self:ignore(key, "must be a list, got " .. value.kind(found))
    return objects
  end
  local list, at = node.new(found, self.record, self:place(key)), 1
  while rawget(found, at) ~= nil do
    local object = list:object(at)
    if object then
      objects[#objects + 1] = object
    elseif rawget(found, at) == value.null then
      list:ignore(at, "must be an object, got null")
    end
    at = at + 1
  end
  return objects
end

---The names of its fields, sorted: the order in which an object was written is lost.
---@return string[]
function Node:names()
  local names = {}
  for key in next, self.given do
    if type(key) == "string" then names[#names + 1] = key end
  end
  table.sort(names)
  return names
end

return node
