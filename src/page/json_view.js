/*
 * json_view: JSON to look at: a line for each key, objects and arrays that fold. What is long is built when it is
 * unfolded, so that 64 KiB of anything cost no more than what is seen of it.
 */
import { button, element } from "./element.js"
import { count, counted, cut, outside } from "./text.js"

const OPEN_LINES = 400 /* so many are unfolded at first */
const OPEN_DEPTH = 8
const MOST_ENTRIES = 200 /* of one object or array, at a time */
const MOST_CHARACTERS = 2000 /* of one string */

/* A string as JSON writes it: on one line, with its quotes. */
function stringView(text, name) {
  if (text.length <= MOST_CHARACTERS) return outside(JSON.stringify(text), { class: name })
  const node = outside(JSON.stringify(cut(text, MOST_CHARACTERS)), { class: name })
  const rest = button(`Show all ${count(text.length)} characters`, () => {
    const whole = outside(JSON.stringify(text), { class: name, tabindex: -1 })
    rest.remove()
    node.replaceWith(whole)
    whole.focus()
  }, { class: "link" })
  return [node, " ", rest]
}

const wordView = (word, name) => element("span", { class: name }, word)

function entriesOf(node) {
  return node.type === "object" ? node.entries : node.items.map((item) => [null, item])
}

function bracketsOf(node) {
  return node.type === "object" ? ["{", "}", "key"] : ["[", "]", "item"]
}

/* A value behind its key (null: none), as elements. `budget.lines` is what may still be unfolded. */
function valueView(key, node, comma, depth, budget) {
  const name = key === null ? [] : [stringView(key, "key"), ": "]
  if (node.type === "string") return element("div", {}, name, stringView(node.value, "string"), comma)
  if (node.type === "number") return element("div", {}, name, wordView(node.source, "number"), comma)
  if (node.type === "literal") return element("div", {}, name, wordView(String(node.value), "literal"), comma)
  const entries = entriesOf(node)
  const [begin, end, noun] = bracketsOf(node)
  if (!entries.length) return element("div", {}, name, begin + end + comma)
  const open = depth < OPEN_DEPTH && Math.min(entries.length, MOST_ENTRIES) <= budget.lines
  if (open) budget.lines -= entries.length
  const inside = element("div", { class: "inside" })
  const fill = () => inside.childNodes.length || append(inside, entries, 0, depth + 1, budget)
  if (open) fill()
  const folded = wordView(` ${counted(entries.length, noun)} ${end}${comma}`, "folded")
  return element("details", { open, on: { toggle: fill } }, element("summary", {}, name, begin, folded), inside,
    element("div", {}, end + comma))
}

function append(place, entries, from, depth, budget) {
  const to = Math.min(entries.length, from + MOST_ENTRIES)
  for (let index = from; index < to; index++) {
    const [key, node] = entries[index]
    place.append(valueView(key, node, index < entries.length - 1 ? "," : "", depth, budget))
  }
  if (to === entries.length) return
  const more = button(`Show more: ${count(to)} of ${count(entries.length)} are shown`, () => {
    append(place, entries, to, depth, budget)
    const next = more.nextElementSibling
    more.remove()
    next.tabIndex = -1
    next.focus()
  }, { class: "link" })
  place.append(more)
}

/* `node` is of json.js. */
export function jsonView(node) {
  return element("div", { class: "json" }, valueView(null, node, "", 0, { lines: OPEN_LINES }))
}
