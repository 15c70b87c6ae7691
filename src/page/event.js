/*
 * event: one event in full, beside the list or, on a narrow screen, in its place. Its head, with the button that closes
 * it, stands in index.html, so that it is there without this module.
 */
import { ask } from "./api.js"
import { attemptView } from "./attempt.js"
import { bodyText } from "./body.js"
import { copyButton } from "./copy.js"
import { button, element, icon, remark, statusOf } from "./element.js"
import { jsonView } from "./json_view.js"
import { breakable, counted, cut, duration, exact, outside, plain, timeElement } from "./text.js"
import { isOpen } from "./row.js"

/* A button that is only a picture; the label is for screen readers and the tooltip. */
function iconButton(name, label, listener, attributes = {}) {
  return button(icon(name), listener, { class: "quiet square", "aria-label": label, title: label, ...attributes })
}

export class EventPanel {
  #loading = null
  #shown = new Map() /* number of a delivery -> [its JSON, its section] */

  /*
   * `move(direction)`, `filter(view)` and `erase(erasure, words)` do what their buttons say; `causes()` is a promise of
   * the sentences of causes.
   */
  constructor(hooks) {
    this.hooks = hooks
    this.root = document.getElementById("panel")
    this.id = null
    this.event = null
    this.title = document.getElementById("event-title")
    this.content = this.root.querySelector(".content")
    this.title.after(copyButton("Copy link", () => location.href),
      iconButton("newer", "Newer event (k)", () => hooks.move(-1), { "aria-keyshortcuts": "k" }),
      iconButton("older", "Older event (j)", () => hooks.move(1), { "aria-keyshortcuts": "j" }))
  }

  /* Shows the event with that id, from the top or from a delivery of it; `focus` says whether the reader goes there. */
  async show(id, number = null, focus = false) {
    const inside = this.content.contains(document.activeElement) /* it is about to be replaced */
    const another = id !== this.id
    this.id = id
    this.root.hidden = false
    if (another) await this.#load()
    if (id !== this.id) return
    if (number !== null) this.#goTo(number)
    else if (focus || inside) this.title.focus({ preventScroll: true })
  }

  hide() {
    this.#loading?.abort()
    this.id = null
    this.event = null
    this.root.hidden = true
    this.content.replaceChildren()
    this.#shown.clear()
  }

  /* Looks again at an event that is still on its way. */
  async refresh() {
    if (!this.event || !isOpen(this.event)) return
    const { id } = this
    try {
      const event = await ask(`events/${encodeURIComponent(id)}`)
      if (id === this.id) this.#update(event)
    } catch (error) {
      if (error.status !== 404) throw error
      if (id === this.id) this.#fail(error)
    }
  }

  async #load() {
    this.#loading?.abort()
    const loading = this.#loading = new AbortController()
    const slow = setTimeout(() => this.#say("Loading\u2026"), 200)
    try {
      const [event, causes] = await Promise.all([
        ask(`events/${encodeURIComponent(this.id)}`, {}, loading.signal), this.hooks.causes()])
      this.causes = causes
      this.#draw(event)
    } catch (error) {
      if (!loading.signal.aborted) this.#fail(error)
    } finally {
      clearTimeout(slow)
    }
  }

  #fail(error) {
    this.event = null
    this.title.textContent = error.status === 404 ? "No such event" : "Not loaded"
    if (error.status === 404) this.#say("It is not in the history: it was erased, or it was older than what is kept.")
    else this.#say(error.message, button("Try again", () => this.#load()))
  }

  #say(...words) {
    this.content.replaceChildren(element("p", { class: "notice" }, words))
  }

  #draw(event) {
    this.event = event
    this.#shown.clear()
    this.title.replaceChildren(breakable(cut(event.intent, 300)))
    document.title = `${plain(cut(event.intent, 60))} \u00b7 Intent History`
    this.deliveries = element("div", { class: "deliveries" })
    const redacted = element("p", { class: "remark redaction" }, element("span", { class: "redacted" }, "[redacted]"),
      " stands where a secret was: a token, a secret header or a sensitive slot. These never reach the history.")
    this.content.replaceChildren(this.#facts(event), ...this.#troubles(event), this.#slots(event), this.deliveries,
      redacted, this.#erasing(event))
    this.#update(event)
    redacted.hidden = !this.content.querySelector(".redacted:not(.redaction .redacted)")
    this.root.scrollTop = 0
  }

  #facts(event) {
    const fact = (name, ...content) => element("div", {}, element("dt", {}, name), element("dd", {}, content))
    const session = event.session
    return element("dl", { class: "facts" },
      fact("Time", `${exact(event.time)} (`, timeElement(event.time), ")"),
      fact("Event", element("code", {}, event.id), " ", copyButton("Copy", () => event.id)),
      fact("Session", session == null ? "none" : [outside(cut(session, 300)), " ",
        button("Only this session", () => this.hooks.filter({ session }), { class: "quiet" })]))
  }

  #erasing(event) {
    const { id, session } = event
    return element("p", { class: "erasing" }, button("Erase this event\u2026", () => this.hooks.erase({ id })),
      session != null && button("Erase its session\u2026", () => this.hooks.erase({ session })))
  }

  #troubles(event) {
    return [["error", "Error in a Lua function"], ["note", "Note"]].filter(([key]) => event[key]).map(([key, title]) =>
      element("section", { class: `trouble ${key}` }, element("h3", {}, title), bodyText(event[key])))
  }

  #slots(event) {
    const node = event.slots
    return element("section", { data: { part: "slots" } }, element("h3", {}, "Slots"),
      node.entries.length ? jsonView(node) : remark("There are none."))
  }

  /* ---- deliveries ---- */

  /* Draws the deliveries that are new or have changed, and leaves the others as the reader has them. */
  #update(event) {
    this.event = event
    if (!event.deliveries.length) {
      this.deliveries.replaceChildren(element("section", { data: { status: "recorded" } },
        element("h3", {}, "No delivery"), remark("The event was recorded; no webhook was sent for it.")))
    }
    event.deliveries.forEach((delivery) => {
      const text = JSON.stringify(delivery)
      const [before, old] = this.#shown.get(delivery.number) ?? []
      if (before === text) return
      const section = this.#delivery(event, delivery)
      this.#shown.set(delivery.number, [text, section])
      const focused = old?.contains(document.activeElement)
      if (old) old.replaceWith(section)
      else this.deliveries.append(section)
      if (focused) section.querySelector("h3").focus({ preventScroll: true })
    })
  }

  #delivery(event, delivery) {
    const { number, status, attempts } = delivery
    const views = attempts.map((attempt, index) =>
      attemptView({ event, delivery, attempt, number: index + 1, causes: this.causes }))
    const facts = [delivery.finished != null && `finished ${exact(delivery.finished)}`,
      delivery.total_us != null && `in ${duration(delivery.total_us)}`,
      attempts.length > 1 && counted(attempts.length, "attempt")].filter(Boolean).join(", ")
    return element("section", { class: "delivery", data: { part: "delivery", delivery: number, status } },
      element("h3", { tabindex: -1 }, element("span", { class: "badge", data: { status } }, statusOf(delivery)),
        ` Webhook ${number}`),
      element("p", { class: "url" }, outside(delivery.url)),
      facts && remark(facts),
      delivery.message && element("p", { class: "cause" }, outside(delivery.message), " ",
        delivery.cause && element("code", {}, delivery.cause)),
      !delivery.message && STATUS_SENTENCES[status] && remark(STATUS_SENTENCES[status]),
      !attempts.length && status !== "pending" && remark("Nothing was sent."),
      views)
  }

  #goTo(number) {
    const [, section] = this.#shown.get(number) ?? []
    if (!section) return
    if (this.event.deliveries.length > 1) section.scrollIntoView({ block: "start" })
    section.querySelector("h3").focus({ preventScroll: true })
  }
}

const STATUS_SENTENCES = {
  pending: "It is on its way, or its process ended before the endpoint answered.",
  retrying: "It failed so far and will be tried again.",
  paused: "The endpoint is paused; it is sent when that is over.",
  unknown: "The process ended while the request was on its way: it may have arrived, or not.",
}
