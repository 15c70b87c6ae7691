/*
 * filters: the form above the list. It shows what the address says, and says what should stand there.
 */
import { FILTERS } from "./address.js"
import { ask } from "./api.js"
import { button, element } from "./element.js"
import { cut, plain } from "./text.js"

const STATUSES = ["delivered", "failed", "pending", "retrying", "paused", "unknown", "recorded"]
const AGES = [["15m", "Last 15 minutes"], ["1h", "Last hour"], ["24h", "Last 24 hours"], ["7d", "Last 7 days"]]
const NO_FILTERS = Object.fromEntries(FILTERS.map((name) => [name, ""]))
const TYPING_MS = 350

/* A moment as the browser's own fields for it write it: local time, without a zone. */
function toField(seconds) {
  const date = new Date(seconds * 1000)
  const shifted = new Date(date - date.getTimezoneOffset() * 60000) // may be beyond what a Date can be
  return Number.isNaN(shifted.getTime()) ? "" : shifted.toISOString().slice(0, 19)
}

function fromField(value) {
  const time = new Date(value).getTime()
  return Number.isNaN(time) ? "" : String(time / 1000)
}

const option = (value, words) => element("option", { value }, words)

export class Filters {
  #typing = null
  #names = { intent: new Set(), url: new Set() }

  /* `change(filters, typing)` is told what the form says now: only the keys that changed. */
  constructor(change) {
    this.change = change
    this.form = document.getElementById("filters")
    this.search = this.#text("search", "Search in slots, bodies, errors and ids",
      { type: "search", placeholder: "Search slots and bodies", "aria-keyshortcuts": "/" })
    this.intent = this.#select("intent", "Intent", [option("", "Any intent")])
    this.status = this.#select("status", "Status",
      [option("", "Any status"), STATUSES.map((word) => option(word, word))])
    this.url = this.#select("url", "Endpoint", [option("", "Any endpoint")])
    this.session = this.#text("session", "Session", { placeholder: "Any session" })
    this.range = element("select", { name: "range", "aria-label": "Time", on: { change: () => this.#rangeChosen() } },
      option("", "Any time"), AGES.map(([age, words]) => option(age, words)), option("custom", "Custom time"))
    this.since = this.#moment("since", "From")
    this.until = this.#moment("until", "To")
    this.custom = element("span", { class: "custom" }, this.since, "\u2013", this.until)
    this.clear = button("Clear", () => this.change(NO_FILTERS, false), { class: "quiet" })
    this.form.append(this.search, this.intent, this.status, this.url, this.session, this.range, this.custom, this.clear)
    this.form.addEventListener("submit", (submit) => {
      submit.preventDefault()
      this.#typed()
    })
  }

  #text(name, label, attributes) {
    return element("input", { type: "text", name, "aria-label": label, autocomplete: "off", spellcheck: "false",
      dir: "auto", ...attributes, on: { input: () => this.#typedSome(), change: () => this.#typed() } })
  }

  #select(name, label, options) {
    const change = () => this.change({ [name]: node.value }, false)
    const node = element("select", { name, "aria-label": label, on: { change } }, options)
    return node
  }

  #moment(name, label) {
    const change = () => this.change({ [name]: fromField(node.value) }, false)
    const node = element("input", { type: "datetime-local", name, "aria-label": label, step: 1, on: { change } })
    return node
  }

  #typedSome() {
    clearTimeout(this.#typing)
    this.#typing = setTimeout(() => this.#typed(), TYPING_MS)
  }

  #typed() {
    clearTimeout(this.#typing)
    this.change({ search: this.search.value, session: this.session.value }, true)
  }

  #rangeChosen() {
    const age = this.range.value
    this.custom.hidden = age !== "custom"
    if (age !== "custom") this.change({ since: age, until: "" }, false)
    else this.since.focus()
  }

  /* Shows what a view says. */
  show(view) {
    const age = AGES.some(([age]) => age === view.since) && !view.until
    const custom = !age && Boolean(view.since || view.until)
    for (const name of ["search", "session"]) {
      const value = view[name] ?? ""
      if (this[name].value !== value) this[name].value = value /* the caret of who types stays where it is */
    }
    this.#offer("intent", [view.intent])
    this.#offer("url", [view.url])
    this.#showStatus(view.status)
    for (const name of ["intent", "status", "url"]) this[name].value = view[name] ?? ""
    this.range.value = age ? view.since : custom ? "custom" : ""
    this.custom.hidden = !custom
    this.since.value = custom && view.since ? toField(Number(view.since)) : ""
    this.until.value = custom && view.until ? toField(Number(view.until)) : ""
    for (const field of [this.search, this.session, this.intent, this.status, this.url, this.range]) {
      field.classList.toggle("active", field.value !== "")
    }
    this.clear.hidden = !this.form.querySelector(".active")
  }

  /* An unknown status, from the address, is one that can be seen, and cleared. */
  #showStatus(status) {
    const known = [...this.status.options].some(({ value }) => value === status)
    if (status && !known) this.status.append(option(status, plain(cut(status, 80))))
    for (const node of [...this.status.options].slice(STATUSES.length + 1)) if (node.value !== status) node.remove()
  }

  /* The names that the history knows. */
  async load() {
    const names = await ask("names")
    this.#offer("intent", names.intents)
    this.#offer("url", names.urls)
  }

  /* Events that have come may bring names of their own. */
  seen(events) {
    this.#offer("intent", events.map((event) => event.intent))
    this.#offer("url", events.flatMap((event) => event.deliveries.map((delivery) => delivery.url)))
  }

  #offer(name, values) {
    const known = this.#names[name]
    const news = new Set(values.filter((value) => value && !known.has(value)))
    if (!news.size) return
    for (const value of news) known.add(value)
    const chosen = this[name].value
    const sorted = [...known].sort((one, other) => (one < other ? -1 : 1))
    const options = sorted.map((value) => option(value, plain(cut(value, 80))))
    this[name].replaceChildren(this[name].firstElementChild, ...options)
    this[name].value = chosen
  }
}
