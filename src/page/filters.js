/*
 * filters: the form above the list. It shows what the address says, and says what should stand there.
 */
import { FILTERS } from "./address.js"
import { ask } from "./api.js"
import { element } from "./element.js"
import { cut, plain } from "./text.js"

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

const option = (value) => element("option", { value }, plain(cut(value, 80)))
const offers = (select, value) => [...select.options].some((node) => node.value === value)

export class Filters {
  #typing = null
  #stranger = null /* the option for an unknown status */
  #names = { intent: new Set(), url: new Set() }

  /* `change(filters, typing)` is told what the form says now: only the keys that changed. */
  constructor(change) {
    this.change = change
    this.form = document.getElementById("filters")
    for (const name of ["search", "intent", "status", "url", "session", "range"]) this[name] = this.form.elements[name]
    for (const name of ["search", "session"]) {
      this[name].addEventListener("input", () => this.#typedSome())
      this[name].addEventListener("change", () => this.#typed())
    }
    for (const name of ["intent", "status", "url"]) {
      this[name].addEventListener("change", () => this.change({ [name]: this[name].value }, false))
    }
    this.range.addEventListener("change", () => this.#rangeChosen())
    this.clear = document.getElementById("clear")
    this.clear.addEventListener("click", () => this.change(NO_FILTERS, false))
    this.form.addEventListener("submit", (submit) => {
      submit.preventDefault()
      this.#typed()
    })
    this.form.inert = false /* what had been chosen before would have been lost */
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
    this.#showCustom(age === "custom")
    if (age !== "custom") this.change({ since: age, until: "" }, false)
    else this.since.focus()
  }

  /* The fields for two moments are made when they are first asked for: a browser takes its time for them. */
  #showCustom(shown) {
    if (shown && !this.custom) {
      this.since = this.#moment("since", "From")
      this.until = this.#moment("until", "To")
      this.custom = element("span", { class: "custom" }, this.since, "\u2013", this.until)
      this.range.after(this.custom)
    }
    if (this.custom) this.custom.hidden = !shown
  }

  #moment(name, label) {
    const change = () => this.change({ [name]: fromField(node.value) }, false)
    const node = element("input", { type: "datetime-local", name, "aria-label": label, step: 1, on: { change } })
    return node
  }

  /* Shows what a view says. */
  show(view) {
    const age = !view.until && view.since !== "custom" && offers(this.range, view.since)
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
    this.#showCustom(custom)
    for (const name of ["since", "until"]) {
      if (this.custom) this[name].value = custom && view[name] ? toField(Number(view[name])) : ""
    }
    for (const field of [this.search, this.session, this.intent, this.status, this.url, this.range]) {
      field.classList.toggle("active", field.value !== "")
    }
    this.clear.hidden = !this.form.querySelector(".active")
  }

  /* An unknown status, from the address, is one that can be seen, and cleared. */
  #showStatus(status) {
    this.#stranger?.remove()
    this.#stranger = status && !offers(this.status, status) ? option(status) : null
    if (this.#stranger) this.status.append(this.#stranger)
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
    this[name].replaceChildren(this[name].firstElementChild, ...sorted.map(option))
    this[name].value = chosen
  }
}
