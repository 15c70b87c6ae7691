/*
 * overview: how the deliveries of the last hour, day or week went: how many a minute and how they ended, how long each
 * endpoint took, and why deliveries failed.
 *
 * The chart is a picture; the same numbers stand in a table that can be unfolded, from which they can be chosen, too.
 */
import { ask } from "./api.js"
import { button, drawing, element } from "./element.js"
import { ago, count, dayMinute, duration, minute, outside, plain } from "./text.js"

const STEPS = { hour: "a minute", day: "10 minutes", week: "an hour" }
const WORDS = { hour: "last hour", day: "last day", week: "last week" }
const ROWS = 5 /* endpoints, and one more of the causes, which have no head */
const URL_END = 18 /* characters of an endpoint that stay when its beginning is cut */
const HEIGHT = 100 /* of the chart, in its own units; a column is 10 wide */

export class Overview {
  #span = "hour"
  #shown = "" /* the answer that is on the page, as text */
  #all = { endpoints: false, causes: false }

  /* `change(view)` changes what the page shows. */
  constructor(change) {
    this.change = change
    this.root = document.getElementById("overview")
    for (const part of ["period", "totals", "unfiltered", "segments", "chart", "numbers", "scroll", "endpoints",
      "causes"]) {
      this[part] = this.root.querySelector(`.${part}`)
    }
    for (const node of this.segments.children) {
      const { span } = node.dataset
      node.addEventListener("click", () => this.change({ span: span === "hour" ? "" : span }))
    }
    this.numbers.addEventListener("toggle", () => this.#drawTable())
  }

  async show(span = "hour") {
    this.#span = WORDS[span] ? span : "hour"
    if (!this.answer) this.#showPeriod()
    for (const node of this.segments.children) {
      node.setAttribute("aria-pressed", String(node.dataset.span === this.#span))
    }
    await this.refresh()
  }

  /* Says whether the list shows less than what is counted here. */
  showFiltered(filtered) {
    this.unfiltered.hidden = !filtered
  }

  async refresh() {
    const span = this.#span
    const answer = await ask("overview", { span }).catch((error) => {
      this.root.hidden = !this.answer /* empty, it would be there for nothing */
      throw error
    })
    this.root.hidden = false
    const text = JSON.stringify(answer)
    if (span !== this.#span) return
    this.answer = answer
    this.#showPeriod()
    this.#drawTotals() /* with a time that passes */
    if (text === this.#shown) return
    this.#shown = text
    this.#drawChart()
    this.#drawTable()
    this.#drawEndpoints()
    this.#drawCauses()
  }

  #showPeriod() {
    this.period.textContent = WORDS[this.#span]
  }

  #drawTotals() {
    const { delivered, failed, pending, oldest_pending: oldest } = this.answer
    const [good, bad] = [delivered, failed].map((numbers) => numbers.reduce((sum, number) => sum + number, 0))
    const since = oldest && ago(oldest)
    this.words = `${count(good)} delivered, ${count(bad)} failed`
    this.totals.replaceChildren(
      element("span", {}, element("b", {}, count(good)), " delivered"),
      element("span", { class: bad ? "bad" : null }, element("b", {}, count(bad)), " failed",
        bad ? ` (${percent(bad, good + bad)})` : ""),
      element("span", {}, element("b", {}, count(pending)), " pending",
        since && since !== "now" ? `, the oldest from ${since}` : ""))
  }

  /* ---- the chart ---- */

  #time(step) {
    const time = this.answer.from + step * this.answer.step
    return this.#span === "hour" ? minute(time) : dayMinute(time)
  }

  #stepWords(step) {
    const { delivered, failed } = this.answer
    const span = `${this.#time(step)} \u2013 ${this.#time(step + 1)}`
    return `${span}: ${count(delivered[step])} delivered, ${count(failed[step])} failed`
  }

  #choose(step) {
    const from = this.answer.from + step * this.answer.step
    this.change({ since: String(from), until: String(from + this.answer.step) })
  }

  #drawChart() {
    const { delivered, failed } = this.answer
    const highest = Math.max(...delivered.map((number, step) => number + failed[step]))
    const still = highest ? `up to ${count(highest)} in ${STEPS[this.#span]}` : `none in the ${WORDS[this.#span]}`
    const svg = drawing("svg", { viewBox: `0 0 ${delivered.length * 10} ${HEIGHT}`, preserveAspectRatio: "none",
      role: "img", "aria-label": `Deliveries in the ${WORDS[this.#span]}: ${this.words}; ${still}` })
    svg.append(pattern(), ...delivered.map((good, step) => column(step, good, failed[step], highest)))
    const reading = element("span", {}, still)
    const stepOf = (event) => event.target.closest?.("[data-step]")?.dataset.step
    svg.addEventListener("pointermove", (event) => {
      const step = stepOf(event)
      reading.textContent = step === undefined ? still : this.#stepWords(Number(step))
    })
    svg.addEventListener("pointerleave", () => { reading.textContent = still })
    svg.addEventListener("click", (event) => stepOf(event) !== undefined && this.#choose(Number(stepOf(event))))
    this.chart.replaceChildren(
      element("figcaption", {}, element("span", { class: "legend" }, element("i", { class: "delivered" }), "delivered ",
        element("i", { class: "failed" }), "failed"), reading),
      svg, element("p", { class: "axis", "aria-hidden": "true" }, element("span", {}, this.#time(0)),
        element("span", {}, this.#time(delivered.length >> 1)), element("span", {}, "now")))
  }

  #drawTable() {
    if (!this.numbers.open || !this.answer) return
    const { delivered, failed } = this.answer
    const rows = delivered.map((good, step) => good + failed[step] > 0 && element("tr", {},
      element("th", { scope: "row" }, button(this.#time(step), () => this.#choose(step), { class: "link",
        title: "Show the events of that time" })),
      element("td", {}, count(good)), element("td", {}, count(failed[step])))).filter(Boolean).reverse()
    const content = rows.length ? numbers("Deliveries by time", ["From", "Delivered", "Failed"], rows)
      : element("p", {}, "No delivery was finished in this time.")
    keepPlace(this.scroll, () => this.scroll.replaceChildren(content))
  }

  /* ---- endpoints and causes ---- */

  #drawEndpoints() {
    const { endpoints } = this.answer
    const rows = endpoints.slice(0, this.#all.endpoints ? Infinity : ROWS).map((endpoint) => element("tr", {},
      element("th", { scope: "row" }, button(urlParts(endpoint.url), () => this.change({ url: endpoint.url }),
        { class: "link", title: `Only events for ${plain(endpoint.url)}` })),
      element("td", {}, count(endpoint.delivered + endpoint.failed)),
      element("td", { class: endpoint.failed ? "bad" : null }, endpoint.failed
        ? percent(endpoint.failed, endpoint.delivered + endpoint.failed) : "0"),
      [endpoint.p50_us, endpoint.p95_us, endpoint.p99_us].map((us) => element("td", {}, duration(us)))))
    const table = rows.length ? numbers("Endpoints", [hidden("Endpoint"), "Sent", "Failed", "p50", "p95", "p99"], rows)
      : element("p", {}, `No delivery was finished in the ${WORDS[this.#span]}.`)
    const more = endpoints.length > ROWS ? [this.#moreButton("endpoints", endpoints.length)] : []
    keepPlace(this.endpoints, () => this.endpoints.replaceChildren(element("h3", {}, "Endpoints"), table, ...more))
  }

  /* `part` is "endpoints" or "causes". */
  #moreButton(part, number) {
    return button(this.#all[part] ? "Show fewer" : `Show all ${number}`, () => {
      this.#all[part] = !this.#all[part]
      if (part === "causes") this.#drawCauses()
      else this.#drawEndpoints()
      this[part].lastElementChild.focus()
    }, { class: "link" })
  }

  #drawCauses() {
    const { causes } = this.answer
    const most = causes[0]?.count ?? 1
    const shown = causes.slice(0, this.#all.causes || causes.length === ROWS + 1 ? Infinity : ROWS)
    const rows = shown.map(({ cause, sentence, count: number }) => {
      const bar = element("span", { class: "bar", "aria-hidden": "true" })
      bar.style.width = `${100 * number / most}%`
      return element("li", { title: sentence }, element("span", { class: "amount" }, count(number)),
        element("span", { class: "share" }, bar, element("code", {}, cause), hidden(`: ${sentence}`)))
    })
    const more = causes.length > ROWS + 1 ? [this.#moreButton("causes", causes.length)] : []
    keepPlace(this.causes, () => this.causes.replaceChildren(element("h3", {}, "Why deliveries failed"), rows.length
      ? element("ol", {}, rows) : element("p", {}, `Nothing failed in the ${WORDS[this.#span]}.`), ...more))
  }
}

const hidden = (words) => element("span", { class: "hidden" }, words)

/* A URL without its scheme, in two parts: where there is no room the first gives way, so that the ends can be told. */
function urlParts(url) {
  const text = url.replace(/^https?:\/\//, "")
  const path = text.indexOf("/")
  const at = Math.max(path < 0 ? text.length : path, text.length - URL_END)
  const end = /^[\udc00-\udfff]/.test(text.slice(at)) ? at + 1 : at
  return [outside(text.slice(0, end), { class: "start" }), outside(text.slice(end))]
}

/* Draws anew what somebody may be reading: the focus and the scrolling stay. */
function keepPlace(container, draw) {
  const focused = container.contains(document.activeElement) ? document.activeElement.textContent : null
  const { scrollTop } = container
  draw()
  container.scrollTop = scrollTop
  if (focused === null) return
  const same = [...container.querySelectorAll("button")].find((node) => node.textContent === focused)
  same?.focus({ preventScroll: true })
}

function percent(part, whole) {
  const share = 100 * part / whole
  return share > 0 && share < 0.1 ? "<0.1\u202f%" : `${share.toFixed(share < 10 ? 1 : 0)}\u202f%`
}

/* A table of numbers. */
function numbers(caption, heads, rows) {
  return element("table", {}, element("caption", { class: "hidden" }, caption),
    element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, rows))
}

/* ---- drawing ---- */

function pattern() {
  return drawing("defs", {}, drawing("pattern", { id: "hatch", width: 4, height: 4, patternUnits: "userSpaceOnUse" },
    drawing("rect", { width: 4, height: 4, class: "hatch-ground" }),
    drawing("path", { d: "M0 4 4 0", class: "hatch-line" })))
}

/* A column stands on its failures, so that they can be compared; one failure among thousands is still seen. */
function column(step, good, bad, highest) {
  const badHeight = bad ? Math.max(3, HEIGHT * bad / highest) : 0
  const goodHeight = good ? Math.max(1.5, Math.min(HEIGHT - badHeight, HEIGHT * good / highest)) : 0
  const bar = (name, height, y) => drawing("rect", { class: name, x: step * 10 + 1, width: 8, height, y })
  const ground = drawing("rect", { class: "column", x: step * 10, width: 10, height: HEIGHT })
  const group = drawing("g", { "data-step": step }, ground)
  if (good) group.append(bar("delivered", goodHeight, HEIGHT - badHeight - goodHeight))
  if (bad) group.append(bar("failed", badHeight, HEIGHT - badHeight))
  return group
}
