--- memory: sessions in this process, as the tables that they are.
--
-- They stand in numbered places, each with a list for every field, which takes less than a table for each. The places
-- in use make a ring from the one used last to the one used longest ago; place 1 is where it begins and ends, and holds
-- none. Free places make a chain. Every call takes the same time, however many sessions there are.

local memory = {}

local RING = 1
local SWEPT = 2 -- sessions that a put looks at, from the one used longest ago, for those whose time is over

---@class intent_webhook.MemoryStore: intent_webhook.SessionStore
---@field dropped integer sessions that had to go since there were too many
local Store = { __name = "intent_webhook.MemoryStore" }
Store.__index = Store

---@param accepted { limit: integer, ttl: number }
---@return intent_webhook.MemoryStore
function memory.new(accepted)
  local store = setmetatable({ limit = accepted.limit, ttl = accepted.ttl }, Store)
  store:clear()
  return store
end

function Store:clear()
  self.places = {} -- by id
  self.ids, self.sessions, self.versions, self.ends = { false }, { false }, { 0 }, { 0 }
  self.newer, self.older = { RING }, { RING }
  self.free = nil
  self.used, self.dropped, self.last_version = 0, 0, 0
end

local function take_out(store, place)
  local newer, older = store.newer, store.older
  older[newer[place]] = older[place]
  newer[older[place]] = newer[place]
end

local function put_first(store, place)
  local newer, older = store.newer, store.older
  local second = older[RING]
  older[place], newer[place] = second, RING
  newer[second], older[RING] = place, place
end

local function forget(store, place)
  take_out(store, place)
  store.places[store.ids[place]] = nil
  store.ids[place], store.sessions[place] = false, false
  store.older[place], store.free = store.free or false, place
  store.used = store.used - 1
end

local function new_place(store)
  local place = store.free
  if place then
    store.free = store.older[place] or nil
  else
    place = #store.ids + 1
  end
  store.used = store.used + 1
  return place
end

-- The place of a session whose time is not over.
local function find(store, id, now)
  local place = store.places[id]
  if not place then return nil end
  if store.ends[place] >= now then return place end
  forget(store, place)
end

local function sweep(store, now)
  for _ = 1, SWEPT do
    local oldest = store.newer[RING]
    if oldest == RING or store.ends[oldest] >= now then return end
    forget(store, oldest)
  end
end

local function make_room(store)
  if store.used < store.limit then return end
  forget(store, store.newer[RING])
  store.dropped = store.dropped + 1
end

function Store:get(id, now)
  if self.closed then return false, "the sessions are closed", "closed" end
  local place = find(self, id, now)
  if not place then return nil, 0 end
  if self.older[RING] ~= place then
    take_out(self, place)
    put_first(self, place)
  end
  return self.sessions[place], self.versions[place]
end

local function replace(store, place, session, now, ttl)
  store.last_version = store.last_version + 1
  store.sessions[place], store.versions[place] = session, store.last_version
  store.ends[place] = now + (ttl or store.ttl)
  put_first(store, place)
end

function Store:put(id, session, version, now, ttl)
  if self.closed then return nil, "the sessions are closed", "closed" end
  local place = find(self, id, now)
  if (place and self.versions[place] or 0) ~= version then
    return nil, "the session was changed by somebody else meanwhile", "conflict"
  end
  if not session then
    if place then forget(self, place) end
    return true
  end
  sweep(self, now)
  place = self.places[id] -- the sweep may have taken it
  if place then
    take_out(self, place)
  else
    make_room(self)
    place = new_place(self)
    self.places[id], self.ids[place] = place, id
  end
  replace(self, place, session, now, ttl)
  return true
end

---@return integer sessions
---@return integer dropped
function Store:count()
  return self.used, self.dropped
end

function Store:close()
  self:clear()
  self.closed = true
  return true
end

return memory
