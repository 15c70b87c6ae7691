/*
 * address: what the page shows stands in its address, so that a view can be shared, and back and forward work.
 *
 * ?intent=&status=&session=&url=&since=&until=&search=&event=ID&span=hour. Times are seconds since 1970; `since` may
 * also be an age, "15m", "24h", "7d".
 */

export const FILTERS = ["intent", "status", "session", "url", "since", "until", "search"]
const KEYS = [...FILTERS, "event", "span"]
const UNITS = { s: 1, m: 60, h: 3600, d: 86400 }

/* What the address says: only what is given and not empty. */
export function readAddress() {
  const given = new URLSearchParams(location.search)
  return Object.fromEntries(KEYS.map((key) => [key, given.get(key)]).filter(([, value]) => value))
}

/* "?a=b" of what is neither null nor empty. */
export function queryOf(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value != null && value !== "")
  return given.length ? `?${new URLSearchParams(given)}` : ""
}

/* The address of a view, relative to the page. */
export function addressOf(view) {
  return queryOf(Object.fromEntries(KEYS.map((key) => [key, view[key]]))) || "./"
}

export function writeAddress(view, replace) {
  const address = addressOf(view)
  if (address === (location.search || "./")) return
  history[replace ? "replaceState" : "pushState"](null, "", address)
}

/* The filters alone, as the API takes them: an age becomes a time. */
export function filtersOf(view) {
  const filters = Object.fromEntries(FILTERS.filter((key) => view[key]).map((key) => [key, view[key]]))
  const age = /^(\d+)([smhd])$/.exec(filters.since)
  if (age) filters.since = String(Math.floor(Date.now() / 1000 - age[1] * UNITS[age[2]]))
  return filters
}

export function sameFilters(one, other) {
  return FILTERS.every((key) => (one[key] ?? "") === (other[key] ?? ""))
}
