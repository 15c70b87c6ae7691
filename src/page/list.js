/*
 * list: the events that the filters let through, newest first, a page at a time.
 *
 * New events go in at the top, but not under the reader's hands: while the top is out of view, the pointer or the focus is
 * in the list, or an event is open, they are held back behind a button. Rows stand in groups; a group that is out of view
 * costs next to nothing (content-visibility), and far below a list that grows at the top rows are let go, to be asked for
 * again.
 */
import { addressOf } from "./address.js"
import { ask } from "./api.js"
import { button, element, icon } from "./element.js"
import { ago, counted, dayMinute, exact } from "./text.js"
import { Row } from "./row.js"

const FIRST_PAGE = 30 /* more than is in view */
const PAGE = 50
const GROUP = 50 /* rows, at most */
const MOST_HELD = 200
const KEPT = 500 /* rows, when new ones come in at the top */

const groupOf = (row) => element("div", { role: "rowgroup", class: "group" }, row.node)

export class List {
  #rows = new Map() /* seq -> Row, newest first */
  #held = [] /* events, newest first */
  #overflow = false /* more have come than are held: only a new list shows them all */
  #next = null /* where older events begin; null: there are none */
  #searchedTo = null /* how far back a search has come that has not found a page yet */
  #loading = null /* AbortController of the request under way */
  #selected = null /* id of the open event */

  /*
   * `view()` is what the page shows (see address.js); `open(id, delivery)` shows an event; `clear()` takes the filters
   * away; `seen(events)` is told of all that come.
   */
  constructor({ view, open, clear, seen }) {
    this.view = view
    this.open = open
    this.clear = clear
    this.seen = seen
    this.body = document.getElementById("rows")
    this.end = document.getElementById("list-end")
    this.fresh = document.getElementById("fresh")
    this.filters = {}
    this.body.addEventListener("click", (click) => this.#clicked(click))
    this.fresh.firstElementChild.addEventListener("click", () => this.showHeld())
    this.nearEnd = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && this.older(), { rootMargin: "400px" })
    setInterval(() => this.#tellTime(), 5000)
  }

  get newest() {
    return this.#held[0]?.seq ?? this.#rows.keys().next().value ?? 0
  }

  get rows() {
    return [...this.#rows.values()]
  }

  /* ---- pages ---- */

  /* A new list for these filters, which are the API's. */
  async load(filters) {
    this.filters = filters
    this.#loading?.abort()
    this.#loading = null
    this.#next = null
    this.body.setAttribute("aria-busy", "true")
    await this.#page({}, true)
  }

  older() {
    if (this.#loading || this.#next === null) return null
    return this.#page({ before: this.#next }, false)
  }

  /* Asks for older events when the end is near, or gets near. */
  #watchEnd() {
    this.nearEnd.unobserve(this.end)
    this.nearEnd.observe(this.end)
  }

  async #page(position, fresh) {
    const loading = this.#loading = new AbortController()
    this.#showEnd()
    try {
      const answer = await ask("events", { ...this.filters, ...position, limit: fresh ? FIRST_PAGE : PAGE, brief: true }, loading.signal)
      if (fresh) this.#empty()
      this.#next = answer.next
      this.#searchedTo = answer.searched_to ?? null
      for (const event of answer.events) this.#append(event)
      this.seen(answer.events)
      this.#loading = null
      this.#showEnd()
      this.#watchEnd()
    } catch (error) {
      if (loading.signal.aborted) return
      this.#loading = null
      if (fresh) this.#empty()
      this.#showEnd(error)
      this.nearEnd.disconnect() /* the button tries again */
    }
    this.body.removeAttribute("aria-busy")
  }

  #empty() {
    this.#rows.clear()
    this.#held = []
    this.#overflow = false
    this.#showFresh()
    this.body.replaceChildren()
  }

  #showEnd(error) {
    const [state, ...content] = this.#endOf(error)
    this.end.dataset.state = state
    this.end.replaceChildren(...content)
  }

  #endOf(error) {
    if (error) return ["failed", element("p", {}, `${error.message} `, button("Try again", () => this.#retry()))]
    if (this.#searchedTo !== null) {
      const back = element("span", { title: exact(this.#searchedTo) }, `Searched back to ${dayMinute(this.#searchedTo)}`)
      return ["searching", element("p", {}, back, this.#loading ? "\u2026" : [" ", button("Search on", () => this.older())])]
    }
    if (this.#loading) return ["loading", element("p", {}, this.#rows.size ? "Loading older events\u2026" : "Loading\u2026")]
    if (this.#next !== null) return ["more", element("p", {}, button("Show older events", () => this.older()))]
    if (this.#rows.size) return ["complete", element("p", {}, `That is all: ${counted(this.#rows.size, "event")}.`)]
    return ["empty", ...this.#nothing()]
  }

  #retry() {
    if (this.#rows.size) this.#page({ before: [...this.#rows.keys()].at(-1) }, false)
    else this.load(this.filters)
  }

  #nothing() {
    if (Object.keys(this.filters).length) {
      return [element("h3", {}, "Nothing matches these filters"),
        element("p", {}, "No event in the history is like that. New ones appear here by themselves. "),
        element("p", {}, button("Clear the filters", this.clear))]
    }
    return [element("h3", {}, "No events yet"),
      element("p", {}, "As soon as an intent fires, it stands here. In a terminal:"),
      element("pre", {}, element("code", {}, 'intent-webhook chat intents.lua --history history.db')),
      element("p", {}, "or from Lua:"),
      element("pre", {}, element("code", {}, 'client:message("Book a table for four")'))]
  }

  /* ---- rows ---- */

  #rowOf(event) {
    const row = new Row(event, addressOf({ ...this.view(), event: event.id }))
    row.select(event.id === this.#selected)
    return row
  }

  #append(event) {
    if (this.#rows.has(event.seq)) return
    const row = this.#rowOf(event)
    this.#rows.set(event.seq, row)
    this.#place(row, null)
  }

  /* Puts a row in front of another; null: at the end. */
  #place(row, next) {
    const group = next ? next.node.parentElement : this.body.lastElementChild
    const full = !group || group.childElementCount >= GROUP
    if (full && !next) this.body.append(groupOf(row))
    else if (full && next.node === this.body.firstElementChild.firstElementChild) this.body.prepend(groupOf(row))
    else group.insertBefore(row.node, next?.node ?? null)
  }

  #remove(seq) {
    const node = this.#rows.get(seq)?.node
    if (!node) return
    const group = node.parentElement
    node.remove()
    if (!group.childElementCount) group.remove()
    this.#rows.delete(seq)
  }

  /*
   * Events that may be new here, in any order. Those in the list are brought up to date, those within its range go in.
   * `overflow` says that there are more than these.
   */
  merge(events, overflow = false) {
    const oldest = this.#next === null ? 0 : [...this.#rows.keys()].at(-1) ?? 0
    const known = new Set(this.#held.map((event) => event.seq))
    const news = []
    for (const event of events) {
      if (this.#rows.has(event.seq)) this.#rows.get(event.seq).update(event)
      else if (event.seq > oldest && !known.has(event.seq)) news.push(event)
    }
    this.seen(news)
    this.#held = [...this.#held, ...news].sort((one, other) => other.seq - one.seq)
    if (overflow || this.#held.length > MOST_HELD) this.#overflow = true
    this.#held.length = Math.min(this.#held.length, MOST_HELD)
    if (this.#held.length && !this.#isRead()) this.showHeld()
    else this.#showFresh()
  }

  /* Whether somebody reads the list, or has left its top. */
  #isRead() {
    const top = this.body.getBoundingClientRect().top
    return top < 0 || this.#selected !== null || this.body.matches(":hover") || this.body.contains(document.activeElement)
  }

  get held() {
    return this.#overflow ? `${MOST_HELD}+` : this.#held.length
  }

  #showFresh() {
    const count = this.#held.length
    this.fresh.hidden = count === 0
    if (!count) return
    this.fresh.firstElementChild.replaceChildren(icon("up"),
      this.#overflow ? `More than ${counted(MOST_HELD, "new event")}` : counted(count, "new event"))
  }

  /* Takes the held events in, and the reader to the top when that is out of view. */
  showHeld() {
    const asked = this.fresh.contains(document.activeElement)
    if (this.#overflow) this.load(this.filters)
    else this.#insert(this.#held)
    this.#held = []
    this.#showFresh()
    if (!asked) return
    if (this.body.getBoundingClientRect().top < 0) this.body.parentElement.scrollIntoView()
    this.body.querySelector("a")?.focus({ preventScroll: true })
  }

  #insert(events) {
    const rows = [...this.#rows]
    let at = 0
    const all = []
    for (const event of events) {
      while (at < rows.length && rows[at][0] > event.seq) all.push(rows[at++])
      const row = this.#rowOf(event)
      row.node.classList.add("new")
      this.#place(row, rows[at]?.[1] ?? null)
      all.push([event.seq, row])
    }
    this.#rows = new Map([...all, ...rows.slice(at)])
    this.#trim()
    this.#showEnd()
  }

  #trim() {
    if (this.#rows.size <= KEPT || this.body.getBoundingClientRect().top < 0) return
    for (const seq of [...this.#rows.keys()].slice(KEPT)) this.#remove(seq)
    this.#next = [...this.#rows.keys()].at(-1)
  }

  /* Events that have been looked at again; of `asked`, those that did not come back are gone. */
  refresh(asked, events) {
    for (const event of events) this.#rows.get(event.seq)?.update(event)
    const there = new Set(events.map((event) => event.seq))
    for (const seq of asked.filter((seq) => !there.has(seq))) this.#remove(seq)
  }

  #tellTime() {
    if (document.visibilityState !== "visible") return
    const now = Date.now() / 1000
    for (const row of this.#rows.values()) {
      const words = ago(row.event.time, now)
      if (row.time.textContent !== words) row.time.textContent = words
    }
  }

  /* ---- moving ---- */

  /* Marks the event that is open, or none. */
  select(id) {
    if (id === this.#selected) return
    this.#find(this.#selected)?.select(false)
    this.#selected = id
    const row = this.#find(id)
    row?.select(true)
    row?.node.scrollIntoView({ block: "nearest" })
  }

  #find(id) {
    return id === null ? undefined : this.rows.find((row) => row.event.id === id)
  }

  focus(id) {
    const row = this.#find(id)
    if (row) row.link.focus()
    else document.getElementById("events").focus({ preventScroll: true })
  }

  /* Moves the focus to the next row below (1) or above (-1); from elsewhere, to the first. */
  moveFocus(direction) {
    const rows = this.rows
    const current = rows.findIndex((row) => row.node.contains(document.activeElement))
    rows[current < 0 ? 0 : current + direction]?.link.focus()
  }

  /* The id of the event that stands below (1) or above (-1) the one with that seq; null: none does. */
  async neighbour(seq, direction) {
    if (this.#rows.has(seq)) {
      const seqs = [...this.#rows.keys()]
      const found = this.#rows.get(seqs[seqs.indexOf(seq) + direction])
      if (found) return found.event.id
      if (direction > 0) await this.older()
    }
    const position = direction > 0 ? { before: seq } : { after: seq }
    const answer = await ask("events", { ...this.filters, ...position, limit: 1, brief: true })
    return answer.events[0]?.id ?? null
  }

  #clicked(click) {
    const row = click.target.closest("#rows .row")
    if (!row || click.defaultPrevented || click.button !== 0) return
    const inLink = click.target.closest("a")
    if (inLink && (click.ctrlKey || click.metaKey || click.shiftKey || click.altKey)) return /* a tab of its own */
    const badge = click.target.closest(".badge")
    if (!inLink && !badge && !getSelection().isCollapsed) return /* somebody marks text */
    click.preventDefault()
    this.open(row.dataset.event, badge?.dataset.delivery ? Number(badge.dataset.delivery) : null)
  }
}
