/*
 * first: draws the first rows, and then lets everything else come, which is app.js. The rows wait for nothing that they
 * can do without, so that they are there as soon as can be; until the rest is there, they are links.
 */
import { addressOf, filtersOf, queryOf, readAddress } from "./address.js"
import { seen } from "./element.js"
import { readAnswer } from "./json.js"
import { place, Row } from "./row.js"

const ROWS = 15 /* about as many as are in view. page.c lets the browser ask for them ahead */
const PATIENCE_MS = 100 /* for the rows; then the rest is asked for even so */
const TIMEOUT_MS = 6000 /* a server gives up after 5 s; then the list asks again */
const REST = ["app", "api", "filters", "list", "list_end", "live", "overview"]

const view = readAddress()
const filters = filtersOf(view)
const asking = new AbortController()

/*
 * What the rest is told: the view; its filters as the API takes them; a promise of the answer of api/events, which is
 * null when it is of no use, and what ends the question; the rows that are drawn; whether a token is asked for.
 */
export const first = {
  view, filters, answered: ask().catch(() => null), cancel: () => asking.abort(), rows: [], refused: false,
}

async function ask() {
  const timer = setTimeout(() => asking.abort(), TIMEOUT_MS)
  try {
    const address = `api/events${queryOf({ ...filters, limit: ROWS, brief: true })}`
    const response = await fetch(address, { credentials: "same-origin", signal: asking.signal })
    first.refused = response.status === 401
    return response.ok ? readAnswer(await response.text()) : null
  } finally {
    clearTimeout(timer)
  }
}

function draw(answer) {
  if (!answer || asking.signal.aborted) return null /* somebody else has asked for another list */
  const rows = answer.events.map((event) => new Row(event, addressOf({ ...view, event: event.id })))
  for (const row of rows) place(row, document.getElementById("rows"), null)
  first.rows = rows
  return seen()
}

/* A row is a link, wherever somebody clicks, until it is more. */
function follow({ target, ctrlKey, metaKey, shiftKey, altKey }) {
  if (target.closest("a") || ctrlKey || metaKey || shiftKey || altKey || !getSelection().isCollapsed) return
  target.closest(".row")?.querySelector("a").click()
}

function parsed() {
  if (document.readyState !== "loading") return null
  return new Promise((done) => document.addEventListener("DOMContentLoaded", done))
}

/*
 * As it is going to be, so that the rows stay where they are: there is room for the overview, or it is folded; what
 * goes with filters is there; an event has its place.
 */
function lay() {
  const overview = document.querySelector("#overview > details")
  overview.open = matchMedia("(min-width: 700px) and (min-height: 560px)").matches
  overview.dataset.laid = ""
  for (const node of document.querySelectorAll(".unfiltered, #clear")) node.hidden = !Object.keys(filters).length
  showPanel(Boolean(view.event))
}

function showPanel(shown) {
  document.body.classList.toggle("has-panel", shown)
  document.getElementById("panel").hidden = !shown
}

function sayIncomplete(error) {
  console.error(error)
  const state = document.getElementById("connection")
  state.dataset.state = "lost"
  state.lastElementChild.textContent = "Not complete: load the page again"
  showPanel(false)
  document.getElementById("list").removeAttribute("aria-busy")
  const end = document.getElementById("list-end")
  end.dataset.state = "failed"
  end.replaceChildren()
}

async function begin() {
  await parsed()
  lay()
  const list = document.getElementById("rows")
  list.addEventListener("click", follow)
  const drawn = first.answered.then(draw).catch(console.error) /* then the list tries it again, and says why not */
  await Promise.race([drawn, new Promise((done) => setTimeout(done, PATIENCE_MS))])
  await Promise.all(REST.map((name) => import(`./${name}.js`)))
  list.removeEventListener("click", follow)
}

begin().catch(sayIncomplete)
