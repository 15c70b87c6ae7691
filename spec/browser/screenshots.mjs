// screenshots: the pictures of the README: a clinic and a restaurant that share a history, on a busy evening. Events
// are delivered for real, on loopback; then other addresses and times are put in the place of the receiver's.

import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { addressOf, awaitList, panel, settle, withPage } from "./page.mjs"
import { smallPicture } from "./picture.mjs"
import { delay, until } from "./processes.mjs"
import { Deliverer, newHistory, receiver, serve, sqlite } from "./world.mjs"

const COUNT = 420
const MINUTES = 58

// The same picture each time, but for ids and the time of day.
let state = 20260315
function random() {
  state = (state * 48271) % 2147483647
  return state / 2147483647
}
const pick = (list) => list[Math.floor(random() * list.length)]

const people = ["John Doe", "Mai Trần", "Aisha Khan", "Pedro Núñez", "Olga Ivanova", "Liu Wei", "Sam Hill", "Ann Lee",
  "Jürgen Müller", "Amara Okafor", "Chloé Martin", "Yuki Tanaka"]
const day = () => `2026-11-${String(27 + Math.floor(random() * 4)).padStart(2, "0")}`
const hour = () => `${18 + Math.floor(random() * 4)}:${pick(["00", "15", "30", "45"])}`
const session = () => `${pick(["web", "web", "sms", "voice"])}-${Math.floor(1000 + random() * 9000)}`

// Where the receiver stands in for whom: [path, host, microseconds that its answers take].
const hosts = [
  ["/clinic", "https://desk.harbour-clinic.example", 84000],
  ["/chat", "https://chat.harbour-clinic.example", 41000],
  ["/bistro", "https://bookings.lemon-tree.example", 128000],
  ["/kitchen", "https://printer.lemon-tree.example", 23000],
]

const full = `HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nServer: lemon-tree/2.4\r\nContent-Length: `
const fullBody = JSON.stringify({ error: "fully booked", requested: { size: 6, at: "2026-11-28T19:30" },
  free: ["2026-11-28T18:00", "2026-11-28T21:15"], waiting_list: true })

const answers = {
  "/clinic": () => [201, { "Content-Type": "application/json", Server: "desk" }, '{"booked":true,"room":"2.14"}'],
  "/clinic/unwell": () => [503, { "Content-Type": "text/plain", Server: "desk" }, "Back in a minute: restarting"],
  "/chat": () => [200, { "Content-Type": "text/plain" }, "ok"],
  "/bistro": () => [200, { "Content-Type": "application/json" }, '{"table":7,"terrace":false}'],
  "/bistro/full": (_, response) => response.socket.end(`${full}${fullBody.length}\r\n\r\n${fullBody}`),
  "/kitchen": () => [202, { "Content-Type": "text/plain" }, "printing"],
  "/kitchen/away": () => undefined,
}

const appointment = ["customer_name", "appointment_date", { name: "phone", sensitive: true }]
const table = ["customer_name", "party_size", "date", "time", { name: "phone", sensitive: true }]

function intents(url) {
  const desk = (path) => ({ webhook: `${url}/clinic${path}`, token: "the-desk-knows-this-token" })
  const bookings = (path) => ({ webhook: `${url}/bistro${path}`, token: "lemon-tree-token" })
  const kitchen = (path, more) => ({ webhook: `${url}/kitchen${path}`, ...more })
  return [
    { name: "book_appointment", slots: appointment, actions: [desk("/appointments")] },
    { name: "cancel_appointment", slots: ["appointment_date"], actions: [desk("/cancellations")] },
    { name: "request_callback", slots: ["customer_name", { name: "phone", sensitive: true }],
      actions: [{ webhook: `${url}/chat/front-desk`, headers: { "X-Room": "front-desk" } }] },
    { name: "book_table", slots: table, actions: [bookings("/tables"), kitchen("/orders")] },
    { name: "opening_hours", slots: [] },
    // the same as far as anybody sees, with other answers
    { name: "book_appointment_unwell", slots: appointment, actions: [desk("/unwell/appointments")] },
    { name: "book_table_full", slots: table, actions: [bookings("/full/tables"), kitchen("/orders")] },
    { name: "book_table_late", slots: table,
      actions: [bookings("/tables"), kitchen("/away/orders", { timeout: 0.15 })] },
  ]
}

function slotsOf(intent) {
  const name = pick(people)
  if (intent.startsWith("book_appointment")) {
    return { customer_name: name, appointment_date: day(), phone: "+84901234567" }
  }
  if (intent.startsWith("book_table")) {
    const party = { party_size: 2 + Math.floor(random() * 6), date: day(), time: hour() }
    return { customer_name: name, ...party, phone: "+44 20 7946 0958" }
  }
  if (intent === "cancel_appointment") return { appointment_date: day() }
  if (intent === "request_callback") return { customer_name: name, phone: "+7 912 345 67 89" }
  return {}
}

const usual = ["book_table", "book_table", "book_table", "book_appointment", "book_appointment", "request_callback",
  "cancel_appointment", "opening_hours"]

// Event `index` of COUNT, the newest last. The newest ones are what the picture of the list shows.
function eventOf(index, now) {
  const newest = ["book_table", "book_appointment", "request_callback", "book_table_full", "opening_hours",
    "book_table", "book_appointment", "cancel_appointment", "book_table"]
  let intent = newest[COUNT - 1 - index]
  if (!intent) {
    const share = (index / COUNT) * MINUTES
    const trouble = share > 24 && share < 29
    if (random() < (trouble ? 0.5 : 0.03)) intent = "book_appointment_unwell"
    else if (random() < 0.03) intent = pick(["book_table_full", "book_table_late"])
    else intent = pick(usual)
  }
  const wave = MINUTES * 60 * (1 - index / COUNT) ** 1.25
  const slots = slotsOf(intent)
  if (index === COUNT - 4) Object.assign(slots, { party_size: 6, date: "2026-11-28", time: "19:30" }) // see fullBody
  return { intent, slots, session: session(), time: now - 2 - Math.max(0, wave - 2), wait: false }
}

// Puts hosts, names and times in the place of the receiver's, and has everything counted again.
function disguise(url) {
  const lines = ["PRAGMA foreign_keys = OFF;", "BEGIN;"]
  for (const [path, host, us] of hosts) {
    const from = url + path
    const mine = `WHERE url LIKE '${from}%'`
    const spread = "(0.6 + abs(random() % 1000) / 1200.0 + (abs(random() % 40) = 0) * 5)"
    const late = "cause = 'response_timeout'"
    lines.push(`UPDATE attempts SET total_us = CASE WHEN ${late} THEN 5000000 ELSE ${us} * ${spread} END,
      remote_address = '203.0.113.${us % 90}:443', tls_version = 'TLSv1.3',
      request_headers = replace(replace(request_headers, '${new URL(url).host}', '${new URL(host).host}'),
        'POST ${path}', 'POST ') ${mine};`)
    lines.push(`UPDATE attempts SET name_lookup_us = total_us * 0.02, connect_us = total_us * 0.19,
      tls_us = total_us * 0.46, first_byte_us = CASE WHEN ${late} THEN NULL ELSE total_us * 0.97 END ${mine};`)
    for (const name of ["attempts", "deliveries"]) {
      lines.push(`UPDATE ${name} SET url = replace(url, '${from}', '${host}') ${mine};`)
    }
  }
  for (const word of ["/unwell", "/full", "/away"]) {
    lines.push(`UPDATE deliveries SET url = replace(url, '${word}', '');`,
      `UPDATE attempts SET url = replace(url, '${word}', ''),
        request_headers = replace(request_headers, '${word}', '');`)
  }
  lines.push(
    "UPDATE events SET intent = replace(replace(replace(intent, '_unwell', ''), '_full', ''), '_late', '');",
    "UPDATE deliveries SET intent = (SELECT intent FROM events WHERE seq = event);",
    "UPDATE attempts SET started = (SELECT time FROM events WHERE seq = event) + 900;",
    "UPDATE deliveries SET finished = (SELECT max(started + total_us) FROM attempts"
      + " WHERE attempts.event = deliveries.event AND attempts.number = deliveries.number);",
    // as it was before there were counts, so that they are made again
    ...["delivery_minutes", "attempt_minutes", "erased_events"].map((name) => `DROP TABLE ${name};`),
    "PRAGMA user_version = 2;", "COMMIT;")
  return lines.join("\n")
}

async function makeHistory() {
  Object.assign(receiver().answers, answers)
  const path = newHistory()
  const deliverer = new Deliverer(path, intents(receiver().url))
  const now = Date.now() / 1000
  for (let index = 0; index < COUNT; index++) await deliverer.fire(eventOf(index, now))
  await deliverer.close()
  await sqlite(path, disguise(receiver().url))
  await new Deliverer(path, []).close() // counts again
  return path
}

// A zone in which it is half past seven in the evening or so.
function evening() {
  const hours = (19 - new Date().getUTCHours() + 36) % 24 - 12
  return `Etc/GMT${hours > 0 ? "-" : "+"}${Math.abs(hours)}` // their signs are the other way round
}

// The failed delivery with its request and response, beside its row.
async function showFailure(page) {
  const delivery = panel(page).locator("[data-part=delivery][data-status=failed]")
  await delivery.locator("[data-part=response-body]").waitFor()
  for (const summary of await delivery.locator("[data-part=headers] summary").all()) await summary.click()
  await delivery.evaluate((node) => node.scrollIntoView())
  await until(async () => { // the page keeps the open event's row in its place while things come in above it
    await page.locator("#filters").evaluate((node) => scrollBy(0, node.getBoundingClientRect().top - 4))
    await delay(300)
    return Math.abs((await page.locator("#filters").boundingBox()).y - 4) < 1
  }, "the page to stay where it was scrolled to")
}

export async function takeScreenshots(folder) {
  mkdirSync(folder, { recursive: true })
  const path = await makeHistory()
  const failed = await sqlite(path, `SELECT id FROM events JOIN deliveries ON event = seq
    WHERE cause = 'status_4xx' ORDER BY seq DESC LIMIT 1`)
  const server = await serve(path)
  for (const colorScheme of ["light", "dark"]) {
    const options = { colorScheme, reducedMotion: "reduce", timezoneId: evening() }
    const shoot = async (page, name) => {
      await page.mouse.move(0, 0)
      await page.evaluate(() => document.activeElement.blur())
      await settle(page)
      writeFileSync(join(folder, `${name}-${colorScheme}.png`), smallPicture(await page.screenshot()))
    }
    const ready = async (page) => {
      await awaitList(page)
      await page.locator("#overview svg rect.delivered").first().waitFor()
    }
    await withPage(server.url, options, async (page) => {
      await ready(page)
      await shoot(page, "list")
    })
    await withPage(addressOf(server.url, { event: failed }), options, async (page) => {
      await ready(page)
      await showFailure(page)
      await shoot(page, "event")
    })
  }
}
