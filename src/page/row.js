/*
 * row: one event in the list: when, which intent, session, slots at a glance, a badge for each delivery.
 *
 * A row holds no listeners: the list has them. Its element carries data-seq and data-event, each badge data-status and
 * data-delivery.
 */
import { element, statusOf } from "./element.js"
import { cut, outside, plain, timeElement } from "./text.js"

const SLOTS_SHOWN = 8
const BADGES_SHOWN = 6
const GROUP = 10 /* rows, at most */
const OPEN = new Set(["pending", "retrying", "paused"]) /* these are still going to change */

/* Whether something of the event is still on its way. */
export const isOpen = (event) => event.deliveries.some((delivery) => OPEN.has(delivery.status))

const keyOf = (event) => JSON.stringify(event.deliveries.map((delivery) => [delivery.status, delivery.http_status,
  delivery.cause]))

/* ---- slots ---- */

const firstOf = (list) => list.slice(0, SLOTS_SHOWN)

/* A slot's value in a word: text as it is, the rest as JSON. */
function summary(node) {
  switch (node.type) {
    case "string": return node.value
    case "number": return node.source
    case "literal": return String(node.value)
    case "array": return `[${firstOf(node.items).map(summary).join(", ")}]`
    default: return `{${firstOf(node.entries).map(([key, value]) => `${key}: ${summary(value)}`).join(", ")}}`
  }
}

function slotsOf(event) {
  return firstOf(event.slots.entries).map(([name, value]) => element("span", { class: "slot" },
    outside(cut(name, 60), { class: "name" }), " ", outside(cut(summary(value), 200))))
}

/* ---- badges ---- */

function badge(delivery) {
  const about = [plain(cut(delivery.url, 300)), delivery.message && plain(cut(delivery.message, 300))]
  return element("button", {
    type: "button", class: "badge", title: about.filter(Boolean).join("\n"),
    data: { status: delivery.status, delivery: delivery.number },
  }, statusOf(delivery))
}

function badgesOf(event) {
  if (!event.deliveries.length) {
    return element("button", { type: "button", class: "badge", title: "No webhook was sent for this event",
      data: { status: "recorded" } }, statusOf({ status: "recorded" }))
  }
  const shown = event.deliveries.slice(0, BADGES_SHOWN).map(badge)
  const more = event.deliveries.length - shown.length
  return more ? [...shown, element("button", { type: "button", class: "badge" }, `+${more} more`)] : shown
}

/* ---- the row ---- */

/*
 * Puts a row into the list's element in front of another one; null: at the end. Rows stand in groups: one that is out
 * of view costs next to nothing (content-visibility).
 */
export function place(row, list, next) {
  const group = next ? next.node.parentElement : list.lastElementChild
  const full = !group || group.childElementCount >= GROUP
  const own = () => element("div", { role: "rowgroup", class: "group" }, row.node)
  if (full && !next) list.append(own())
  else if (full && next.node === list.firstElementChild.firstElementChild) list.prepend(own())
  else group.insertBefore(row.node, next?.node ?? null)
}

export class Row {
  constructor(event, address) {
    this.event = event
    this.key = keyOf(event)
    this.time = timeElement(event.time)
    this.link = element("a", { href: address }, outside(cut(event.intent, 200)))
    this.badges = element("div", { role: "cell", class: "badges" }, badgesOf(event))
    this.node = element("div", { role: "row", class: "row", data: { seq: event.seq, event: event.id } },
      element("div", { role: "cell", class: "when" }, this.time),
      element("div", { role: "cell", class: "intent" }, this.link),
      element("div", { role: "cell", class: "session" }, event.session != null && outside(cut(event.session, 100))),
      element("div", { role: "cell", class: "slots" },
        event.error && element("span", { class: "flag error" }, "error"),
        event.note && element("span", { class: "flag" }, "note"),
        slotsOf(event)),
      this.badges)
  }

  /* What has become of the event. Returns whether something changed. */
  update(event) {
    this.event = event
    const key = keyOf(event)
    if (key === this.key) return false
    this.key = key
    const focused = this.badges.contains(document.activeElement) && document.activeElement.dataset.delivery
    this.badges.replaceChildren(...[badgesOf(event)].flat())
    if (focused) this.badges.querySelector(`[data-delivery="${Number(focused)}"]`)?.focus()
    return true
  }

  select(selected) {
    this.node.classList.toggle("selected", selected)
    if (selected) this.link.setAttribute("aria-current", "true")
    else this.link.removeAttribute("aria-current")
  }
}
