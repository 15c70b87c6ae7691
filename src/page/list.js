/*
 * list: the events that the filters let through, newest first, a page at a time.
 *
 * New events go in at the top, but not under the reader's hands: while the top is out of view, the pointer or the focus
 * is in the list, or an event is open, they are held back behind a button. Far below a list that grows at the top rows
 * are let go, to be asked for again.
 */
import { addressOf } from "./address.js"
import { ask } from "./api.js"
import { icon } from "./element.js"
import { endOf } from "./list_end.js"
import { place, Row } from "./row.js"
import { ago, counted } from "./text.js"

const PAGE = 50
const NEAR = "300px" /* to the end: then older events are asked for */
const MOST_HELD = 200
const KEPT = 500 /* rows, when new ones come in at the top */
const TELL_TIME_MS = 5000

export class List {
  #rows = new Map() /* seq -> Row, newest first */
  #held = [] /* events, newest first */
  #overflow = false /* more have come than are held: only a new list shows them all */
  #next = null /* where older events begin; null: there are none */
  #searchedTo = null /* how far back a search has come that has not found a page yet */
  #loading = null /* AbortController of the request under way */
  #selected = null /* id of the open event */
  #stale = false

  /*
   * `view()` is what the page shows (see address.js); `open(id, delivery)` shows an event; `clear()` takes the filters
   * away; `seen(events)` is told of all that come.
   */
  constructor({ view, open, clear, seen }) {
    this.view = view
    this.open = open
    this.clear = clear
    this.seen = seen
    this.table = document.getElementById("list")
    this.body = document.getElementById("rows")
    this.end = document.getElementById("list-end")
    this.fresh = document.getElementById("fresh")
    this.filters = {}
    this.error = null /* why the last page did not come */
    this.body.addEventListener("click", (click) => this.#clicked(click))
    this.fresh.firstElementChild.addEventListener("click", () => this.showHeld())
    this.nearEnd = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && this.older(),
      { rootMargin: NEAR })
    setInterval(() => this.#tellTime(), TELL_TIME_MS)
  }

  get newest() {
    return this.#held[0]?.seq ?? this.#rows.keys().next().value ?? 0
  }

  get rows() {
    return [...this.#rows.values()]
  }

  /* Whether the rows are not, or not yet, those of the filters. */
  get stale() {
    return this.#stale
  }

  /* How many new events are held back, in a word; "" for none. */
  get held() {
    return this.#overflow ? `${MOST_HELD}+` : String(this.#held.length || "")
  }

  /* ---- pages ---- */

  /* A new list for these filters, which are the API's. `first` is what is known of it; see first.js. */
  async load(filters, first = null) {
    this.filters = filters
    this.#loading?.abort()
    this.#loading = null
    this.#next = null
    this.#searchedTo = null
    this.#stale = true
    this.table.setAttribute("aria-busy", "true")
    await this.#page({ ...filters, limit: PAGE, brief: true }, true, first)
  }

  older() {
    if (this.#loading || this.#next === null) return null
    return this.#page({ ...this.filters, before: this.#next, limit: PAGE, brief: true }, false)
  }

  async #page(question, fresh, first = null) {
    const loading = this.#loading = new AbortController()
    if (first) loading.signal.addEventListener("abort", first.cancel)
    this.error = null
    this.#showEnd()
    try {
      const answer = await first?.answered ?? await ask("events", question, loading.signal)
      loading.signal.throwIfAborted()
      this.#loading = null
      if (fresh && !first?.rows.length) this.#empty()
      this.#take(answer, first?.rows)
    } catch (error) {
      if (loading.signal.aborted) return
      this.#loading = null
      if (fresh) this.#empty()
      this.error = error
      this.table.removeAttribute("aria-busy")
      this.nearEnd.disconnect() /* the button tries again, or the first round that succeeds */
    }
    this.#showEnd()
  }

  #take(answer, drawn = []) {
    this.#stale = false
    this.table.removeAttribute("aria-busy")
    this.#next = answer.next
    this.#searchedTo = answer.searched_to ?? null
    for (const row of drawn) {
      row.select(row.event.id === this.#selected)
      this.#rows.set(row.event.seq, row)
    }
    for (const event of answer.events) if (!this.#rows.has(event.seq)) this.#add(event, null)
    this.seen(answer.events)
    this.nearEnd.unobserve(this.end) /* so that it says again whether the end is near */
    this.nearEnd.observe(this.end)
  }

  #empty() {
    this.#rows.clear()
    this.#drop()
    this.body.replaceChildren()
  }

  #showEnd() {
    const [state, ...content] = endOf({
      error: this.error, searchedTo: this.#searchedTo, loading: this.#loading, next: this.#next, size: this.#rows.size,
      filtered: Object.keys(this.filters).length > 0,
      older: () => this.older(), retry: () => this.retry(), clear: this.clear,
    })
    this.end.dataset.state = state
    this.end.replaceChildren(...content)
  }

  /* Asks again for what did not come. */
  retry() {
    return this.stale ? this.load(this.filters) : this.older()
  }

  /* ---- rows ---- */

  /* A row for an event in front of another row; null: at the end. */
  #add(event, next) {
    const row = new Row(event, addressOf({ ...this.view(), event: event.id }))
    row.select(event.id === this.#selected)
    this.#rows.set(event.seq, row)
    place(row, this.body, next)
    return row
  }

  #remove(seq) {
    const node = this.#rows.get(seq)?.node
    if (!node) return
    const group = node.parentElement
    node.remove()
    if (!group.childElementCount) group.remove()
    this.#rows.delete(seq)
  }

  /* Events that have been looked at again; of the seqs that were asked for, those that did not come back are gone. */
  refresh(asked, events) {
    for (const event of events) this.#rows.get(event.seq)?.update(event)
    const there = new Set(events.map((event) => event.seq))
    for (const seq of asked) if (!there.has(seq)) this.#remove(seq)
  }

  #tellTime() {
    if (document.visibilityState !== "visible") return
    const now = Date.now() / 1000
    for (const row of this.#rows.values()) {
      const words = ago(row.event.time, now)
      if (row.time.textContent !== words) row.time.textContent = words
    }
  }

  /* ---- new events ---- */

  /*
   * Events that may be new here, in any order. Those in the list are brought up to date, those within its range go in.
   * `gap` says that there are others between these and the list.
   */
  merge({ events, gap }) {
    const oldest = this.#next === null ? 0 : [...this.#rows.keys()].at(-1) ?? 0
    const known = new Set(this.#held.map((event) => event.seq))
    const news = []
    for (const event of events) {
      if (this.#rows.has(event.seq)) this.#rows.get(event.seq).update(event)
      else if (event.seq > oldest && !known.has(event.seq)) news.push(event)
    }
    this.seen(news)
    this.#held = [...this.#held, ...news].sort((one, other) => other.seq - one.seq)
    if (gap || this.#held.length > MOST_HELD) this.#overflow = true
    this.#held.length = Math.min(this.#held.length, MOST_HELD)
    if (this.#held.length && !this.#isRead()) this.showHeld()
    else this.#showFresh()
  }

  /* The newest events, with such a gap: they take the place of the list, unless somebody reads it. */
  renew(answer) {
    if (this.#isRead()) return this.merge(answer)
    this.#loading?.abort()
    this.#loading = null
    this.#empty()
    this.#take(answer)
    this.#showEnd()
  }

  /* Whether somebody reads the list, or has left its top. */
  #isRead() {
    return this.#topIsOut() || this.#selected !== null || this.body.matches(":hover") ||
      this.body.contains(document.activeElement)
  }

  #topIsOut() {
    return this.body.getBoundingClientRect().top < 0
  }

  #showFresh() {
    const number = this.#held.length
    this.fresh.hidden = number === 0
    if (!number) return
    const words = this.#overflow ? `More than ${counted(MOST_HELD, "new event")}` : counted(number, "new event")
    this.fresh.firstElementChild.replaceChildren(icon("up"), words)
  }

  #drop() {
    this.#held = []
    this.#overflow = false
    this.#showFresh()
  }

  /* Takes the held events in; who asked for it by the button is taken to them. */
  showHeld() {
    const asked = this.fresh.contains(document.activeElement)
    if (this.#overflow) this.load(this.filters)
    else this.#insert(this.#held)
    this.#drop()
    if (!asked) return
    if (this.#topIsOut()) this.body.parentElement.scrollIntoView()
    this.body.querySelector("a")?.focus({ preventScroll: true })
  }

  #insert(events) {
    const old = [...this.#rows]
    const all = []
    for (const event of events) {
      while (old.length && old[0][0] > event.seq) all.push(old.shift())
      const row = this.#add(event, old[0]?.[1] ?? null)
      row.node.classList.add("new")
      all.push([event.seq, row])
    }
    this.#rows = new Map([...all, ...old])
    if (this.#rows.size > KEPT && !this.#topIsOut()) this.#trim()
    this.#showEnd()
  }

  #trim() {
    for (const seq of [...this.#rows.keys()].slice(KEPT)) this.#remove(seq)
    this.#next = [...this.#rows.keys()].at(-1)
  }

  /* ---- moving ---- */

  /* Marks the event that is open, or none (null). */
  select(id) {
    this.#find(this.#selected)?.select(false)
    this.#selected = id
    const row = this.#find(id)
    row?.select(true)
    row?.node.scrollIntoView({ block: "nearest" })
  }

  #find(id) {
    return this.rows.find((row) => row.event.id === id)
  }

  /* The seq of an event in the list; null: it is not there. */
  seqOf(id) {
    return this.#find(id)?.event.seq ?? null
  }

  /* Puts the focus on the event's row, or on the list when it has none. */
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
    const seqs = [...this.#rows.keys()]
    const at = seqs.indexOf(seq)
    const row = at < 0 ? null : this.#rows.get(seqs[at + direction])
    if (row) return row.event.id
    if (at >= 0 && direction > 0) await this.older()
    const position = direction > 0 ? { before: seq } : { after: seq }
    const answer = await ask("events", { ...this.filters, ...position, limit: 1, brief: true })
    return answer.events[0]?.id ?? null
  }

  #clicked(click) {
    const row = click.target.closest("#rows .row")
    if (!row || click.defaultPrevented || click.button !== 0) return
    const link = click.target.closest("a")
    if (link && (click.ctrlKey || click.metaKey || click.shiftKey || click.altKey)) return /* a tab of its own */
    const badge = click.target.closest(".badge")
    if (!link && !badge && !getSelection().isCollapsed) return /* somebody marks text */
    click.preventDefault()
    this.open(row.dataset.event, badge?.dataset.delivery ? Number(badge.dataset.delivery) : null)
  }
}
