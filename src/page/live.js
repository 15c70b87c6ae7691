/*
 * live: keeps the page up to date by asking every other second while it is in view, less often when that fails. Its
 * light says "Live" only once the list has come, and after every success; what else is the case stands there otherwise.
 *
 * What is asked for depends on the filters. Whether an event has a given intent, session, URL or time is settled when
 * it is recorded, so that those after the newest will do; while more of them come than one answer holds, the newest. A
 * status changes, so that the first page is asked for. A search looks into answers that come later, so that it looks
 * again at what was recorded in the last half minute.
 */
import { ask } from "./api.js"
import { isOpen } from "./row.js"

const EVERY_MS = 2000
const LONGEST_MS = 30000
const PAGE = 50
const MOST = 200 /* of the API, in one answer */
const RECENT_S = 300 /* what is open for longer is looked at every 15th time */
const SEARCH_AGAIN_MS = 30000

const isRefusal = (error) => error?.status >= 400 && error.status < 500

export class Live {
  #timer = null
  #failures = 0
  #turn = 0
  #busy = false
  #flooded = false /* the last round found more new events than one answer holds */
  #heads = [] /* [when, newest seq of all] of the last half minute, for searches */

  /* `tick(turn)` is called with each round, for what else the page keeps up to date. */
  constructor({ list, tick }) {
    this.list = list
    this.tick = tick
    this.state = document.getElementById("connection")
    document.addEventListener("visibilitychange", () => this.#visible())
    addEventListener("online", () => this.now())
  }

  start() {
    this.#later(EVERY_MS)
  }

  /* Says what the list's last answer means; nothing, while there is none. */
  tell() {
    const { error } = this.list
    if (error) this.#failed(error)
    else if (!this.list.stale) this.#say("live", "Live")
  }

  /* Nothing can be asked until somebody has logged in. */
  locked() {
    this.#say("locked", "Not logged in")
  }

  /* What the list says is not said again. */
  #failed(error) {
    if (isRefusal(error) && error === this.list.error) this.#say("refused", "Not live")
    else if (!error.status) this.#say("lost", "Connection lost, trying again")
    else this.#say("lost", error === this.list.error ? "Not live, trying again" : `${error.message} Trying again.`)
  }

  /* Forgets what it knew of other filters. */
  restart() {
    this.#heads = []
    this.#flooded = false
  }

  now() {
    clearTimeout(this.#timer)
    if (!this.#busy) this.#round()
  }

  #visible() {
    if (document.visibilityState === "visible") this.now()
    else clearTimeout(this.#timer)
  }

  #later(delay) {
    clearTimeout(this.#timer)
    if (document.visibilityState === "visible") this.#timer = setTimeout(() => this.#round(), delay)
  }

  async #round() {
    this.#busy = true
    let delay = EVERY_MS
    try {
      await this.#look()
      await this.tick(this.#turn++)
      this.#failures = 0
      this.tell()
    } catch (error) {
      delay = Math.min(LONGEST_MS, EVERY_MS * 2 ** this.#failures++)
      this.#failed(error)
      if (!(error.status >= 0)) console.error(error) /* a mistake of ours */
    } finally {
      this.#busy = false
      this.#later(delay)
    }
  }

  async #look() {
    if (isRefusal(this.list.error)) return /* the list says it, and would be refused again */
    if (this.list.error) await this.list.retry()
    if (this.list.error) throw this.list.error
    if (this.list.stale) return
    const filters = this.list.filters
    const answer = await this.#news(filters)
    if (filters !== this.list.filters || this.list.stale) return /* another list by now */
    if (answer.gap && this.#flooded) this.list.renew(answer)
    else this.list.merge(answer)
    this.#flooded = Boolean(answer.gap)
    if (!this.list.stale) await this.#refresh(new Set(answer.events.map(({ seq }) => seq)))
  }

  /* An answer with the new events, in any order; `gap`: there are others between these and those that the list has. */
  async #news(filters) {
    const some = (parameters) => ask("events", { ...filters, brief: true, ...parameters })
    if (filters.until && Number(filters.until) < Date.now() / 1000 - RECENT_S) return { events: [] }
    if (filters.search) return this.#searchAgain(some)
    const newest = this.list.newest
    if (filters.status || !newest) return some({ limit: PAGE })
    if (this.#flooded) {
      const answer = await some({ limit: PAGE })
      return { ...answer, gap: answer.next !== null && answer.events.every(({ seq }) => seq > newest) }
    }
    const answer = await some({ after: newest, limit: MOST })
    return { events: answer.events, gap: answer.next !== null && answer.events.length === MOST }
  }

  async #searchAgain(some) {
    const head = (await ask("events", { limit: 1, brief: true })).events[0]?.seq ?? 0
    const now = Date.now()
    this.#heads.push([now, head])
    while (this.#heads.length > 1 && this.#heads[1][0] < now - SEARCH_AGAIN_MS) this.#heads.shift()
    const after = this.#heads[0][1]
    if (after === head || !after) return { events: [] }
    return some({ after, limit: MOST })
  }

  /* What of the list's deliveries is still on its way, but for events that have just come. */
  async #refresh(come) {
    const all = this.#turn % 15 === 0
    const recent = Date.now() / 1000 - RECENT_S
    const seqs = this.list.rows
      .filter(({ event }) => isOpen(event) && !come.has(event.seq) && (all || event.time > recent))
      .slice(0, MOST).map(({ event }) => event.seq)
    if (!seqs.length) return
    this.list.refresh(seqs, (await ask("events", { seqs: seqs.join(","), brief: true })).events)
  }

  #say(state, words) {
    if (this.state.dataset.state === state && this.state.lastElementChild.textContent === words) return
    this.state.dataset.state = state
    this.state.lastElementChild.textContent = words
  }
}
