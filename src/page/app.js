/*
 * app: the page as a whole. What it shows is the view, which stands in the address: filters, the open event, the span
 * of the overview. Everything that changes the view goes through `go`; everything that shows it, through `show`.
 */
import { FILTERS, filtersOf, queryOf, readAddress, sameFilters, writeAddress } from "./address.js"
import { ApiError, ask, logIn, post, useLogin } from "./api.js"
import { button, element, icon, idle, once } from "./element.js"
import { Filters } from "./filters.js"
import { first } from "./first.js"
import { List } from "./list.js"
import { Live } from "./live.js"
import { Overview } from "./overview.js"

const WIDE = matchMedia("(min-width: 64rem)") /* the event stands beside the list; as in page.css */
const ANNOUNCE_MS = 30000

const page = document.getElementById("page")
let view = {}

/* ---- the parts ---- */

const filters = new Filters((changes, typing) => go(changes, typing && typedBefore()))
const overview = new Overview((changes) => go(changes))
const list = new List({
  view: () => view,
  open: (id, delivery) => openEvent(id, delivery),
  clear: () => filters.clear.click(),
  seen: (events) => filters.seen(events),
})
const live = new Live({ list, tick: (turn) => tick(turn) })

/*
 * What is not needed at first comes after the first round of `live`, when the page is at rest, or as soon as it is
 * asked for, or a pointer or the focus comes near. Throws an ApiError when it does not come.
 */
const styled = once(() => stylesheet("later.css"))
async function later(module) {
  try {
    return (await Promise.all([module, styled()]))[0]
  } catch {
    throw new ApiError("This part of the page could not be loaded: the server does not answer.", 0, "unreachable")
  }
}

const dialogs = () => later(import("./dialogs.js"))

function loadLater() {
  idle().then(() => Promise.all([getPanel(), dialogs()])).catch(ignore)
}

/* A browser may remember that a module did not come; then only another page does. */
async function tryAgain(act) {
  const loaded = await Promise.all([getPanel(), dialogs()]).catch(ignore)
  if (!loaded && await ask("session").catch(ignore)) location.reload()
  else act()
}

let panel = null
const getPanel = once(async () => {
  const { EventPanel } = await later(import("./event.js"))
  panel = new EventPanel({
    move: (direction) => move(direction),
    filter: (changes) => go(changes),
    erase: (erasure) => startErasing(erasure),
    causes: once(() => ask("causes")),
  })
  return panel
})

function stylesheet(href) {
  return new Promise((done, fail) => {
    const failed = (event) => {
      event.target.remove()
      fail(event)
    }
    document.head.append(element("link", { rel: "stylesheet", href, on: { load: done, error: failed } }))
  })
}

for (const near of ["pointerover", "focusin"]) {
  document.getElementById("rows").addEventListener(near, () => getPanel().catch(() => {}), { once: true })
}

/* ---- the view ---- */

/* Typing makes one entry in the browser's history, not one for each letter. */
let typedAt = 0
function typedBefore() {
  const again = Date.now() - typedAt < 5000
  typedAt = Date.now()
  return again
}

function go(changes, replace = false) {
  const next = { ...view, ...changes }
  writeAddress(next, replace)
  show(next)
}

function show(next) {
  const before = view
  view = next
  showFilters()
  if (before.span !== view.span) overview.show(view.span).catch(ignore)
  if (!sameFilters(before, view)) {
    live.restart()
    loadList()
    showExport()
  }
  if (before.event !== view.event) showEvent(before.event)
}

function loadList(known = null) {
  return list.load(known?.filters ?? filtersOf(view), known).then(() => live.tell())
}

function showFilters() {
  filters.show(view)
  overview.showFiltered(FILTERS.some((key) => view[key]))
}

/* Where the list says so, or the next round of `live` does. */
function ignore(error) {
  if (!(error.status >= 0)) throw error
}

function showExport() {
  for (const format of ["jsonl", "csv"]) {
    document.getElementById(`export-${format}`).href = `api/export${queryOf({ format, ...filtersOf(view) })}`
  }
}

/* ---- the open event ---- */

let opening = null /* what the reader chose in the list: { number } of a delivery, or null */

function openEvent(id, number = null) {
  if (view.event === id) return panel?.show(id, number, true)
  opening = { number }
  go({ event: id })
  opening = null
}

function showEvent(before) {
  const { event } = view
  keepInPlace(before || event, () => {
    document.body.classList.toggle("has-panel", Boolean(event))
    document.getElementById("panel").hidden = !event
    if (!event) panel?.hide()
  })
  list.select(event || null)
  page.inert = Boolean(event) && !WIDE.matches
  if (event) showing = showInPanel(event, opening)
  else {
    document.title = "Intent History"
    if (before) list.focus(before)
  }
}

let showing = null /* a promise, until the event is in the panel */
async function showInPanel(event, chosen) {
  if (!panel) sayInPanel("Event")
  try {
    await getPanel()
  } catch (error) {
    ignore(error)
    if (view.event === event) showUnloaded(error, () => { showing = showInPanel(event, chosen) })
    return
  }
  if (view.event !== event) return
  await panel.show(event, chosen?.number ?? null, chosen !== null)
  if (chosen === null && panel.event) announce(panel.title.textContent)
}

/* What the panel says while its module is not there. */
function sayInPanel(title, ...content) {
  document.getElementById("event-title").textContent = title
  document.querySelector("#panel .content").replaceChildren(...content)
}

function showUnloaded(error, again) {
  sayInPanel("Not loaded",
    element("p", { class: "notice" }, error.message, " ", button("Try again", () => tryAgain(again))))
  document.getElementById("event-title").focus()
}

/* The list gets narrower or wider beside an event; the row that was chosen stays where it is. */
function keepInPlace(id, change) {
  const row = id && document.querySelector(`[data-event="${CSS.escape(id)}"]`)
  const before = row?.getBoundingClientRect().top
  change()
  if (row?.isConnected) scrollBy(0, row.getBoundingClientRect().top - before)
}

/* Steps wait for each other, so that three quick ones go three events on. */
let moving = Promise.resolve()
function move(direction) {
  moving = moving.then(() => moveOnce(direction)).catch(ignore)
}

async function moveOnce(direction) {
  if (list.seqOf(view.event) === null) await showing
  const seq = list.seqOf(view.event) ?? panel?.event?.seq
  if (!view.event || seq === undefined) return
  const id = await list.neighbour(seq, direction)
  if (id) go({ event: id }, true)
  else announce(direction > 0 ? "This is the oldest event" : "This is the newest event")
}

WIDE.addEventListener("change", () => { page.inert = Boolean(view.event) && !WIDE.matches })

/* ---- keeping up to date ---- */

async function tick(turn) {
  if (turn === 0) loadLater()
  if (turn % 15 === 0) askOnce()
  await panel?.refresh()
  if (turn % (view.span ? 15 : 5) === 0) await overview.refresh()
  const { held } = list
  if (!view.event) document.title = held ? `(${held}) Intent History` : "Intent History"
  if (held) announceHeld(held)
}

let announcedAt = 0
function announceHeld(held) {
  if (Date.now() - announcedAt < ANNOUNCE_MS) return
  announcedAt = Date.now()
  announce(`New events: ${held}`)
}

function announce(words) {
  document.getElementById("announcer").textContent = words
}

/* ---- erasing, logging in and out ---- */

/* Calls act(dialogs), or says why it cannot, in a dialog that needs nothing more. */
async function withDialogs(act) {
  try {
    const loaded = await dialogs()
    if (!document.querySelector("dialog[open]")) act(loaded)
  } catch (error) {
    ignore(error)
    const node = element("dialog", { "aria-label": "Not loaded", on: { close: () => node.remove() } },
      element("p", { class: "notice" }, error.message),
      button("Close", () => node.close()), " ", button("Try again", () => {
        node.close()
        tryAgain(() => withDialogs(act))
      }))
    document.body.append(node)
    node.showModal()
  }
}

function startErasing(erasure = {}) {
  return withDialogs(({ erase }) => erase(erasure, () => {
    if (view.event) go({ event: "" }, true)
    loadList()
    overview.refresh().catch(ignore)
  }))
}

async function logOut() {
  await post("logout")
  location.reload()
}

const logout = document.getElementById("logout")

const session = once(async () => {
  const { token, authorised } = await ask("session")
  if (token && !authorised) await logIn()
  else logout.hidden = !token
})

const names = once(() => filters.load())

function askOnce() {
  session().catch(ignore)
  names().catch(ignore)
}

async function askLogin() {
  logout.hidden = true
  live.locked()
  await (await dialogs()).askToken()
  logout.hidden = false
}

/* ---- keys ---- */

const actions = {
  j: () => step(1),
  k: () => step(-1),
  n: () => list.showHeld(),
  "/": () => filters.search.focus(),
  "?": () => showKeys(),
  Escape: () => view.event && go({ event: "" }),
  ArrowRight: () => view.event && move(1),
  ArrowLeft: () => view.event && move(-1),
  ArrowDown: () => inList() && step(1),
  ArrowUp: () => inList() && step(-1),
}

function step(direction) {
  if (view.event) move(direction)
  else list.moveFocus(direction)
  return true
}

function showKeys() {
  return withDialogs((loaded) => loaded.showKeys())
}

const inList = () => Boolean(document.activeElement.closest("#rows"))

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
  if (document.querySelector("dialog[open]")) return
  const typing = event.target.closest("input, select, textarea")
  if (typing && event.key !== "Escape") return
  if (typing && event.key === "Escape") return typing.blur()
  const sideways = event.key.startsWith("Arrow") && event.target.closest("pre")
  const action = !sideways && actions[event.key]
  if (action && action() !== false) event.preventDefault()
})

/* ---- the beginning ---- */

useLogin(askLogin)
document.getElementById("erase").addEventListener("click", () => startErasing())
document.getElementById("help").addEventListener("click", showKeys)
document.getElementById("close").append(icon("close"))
document.getElementById("close").addEventListener("click", () => go({ event: "" }))
logout.addEventListener("click", () => logOut().catch(ignore))
document.querySelector(".export").addEventListener("pointerdown", showExport)
addEventListener("popstate", () => show(readAddress()))

view = readAddress()
showFilters()
showExport()
if (first.refused) logIn().catch(ignore) /* all that is asked waits for it */
/* Somebody may have gone back since the first rows were asked for. */
const stays = sameFilters(view, first.view)
if (!stays) first.cancel()
loadList(stays ? first : null)
if (view.event || first.view.event) showEvent()
live.start()
askOnce()
overview.show(view.span).catch(ignore)
