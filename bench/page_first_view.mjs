// page_first_view: how soon the page shows a history, in Debian's Chromium and without a browser.
//
//     node bench/page_first_view.mjs HISTORY
//
// Starts `intent-webhook serve` for that file. Asks the first questions of the page over one connection, and times the
// very first answer of each and the median of 25 more; then opens the page LOADS times with an empty cache, in turn
// with a page that is nothing but one row, and LOADS times with a filled one. Prints "name number" for cold_ms, warm_ms
// and bytes (of all answers of a cold load, with their headers, until the page asks for news), and lines to be read by
// people.
//
// "Seen" is from the start of the navigation, of a browser that is at rest, to when the first row is on the screen
// (Element Timing, renderTime).

import { spawn } from "node:child_process"
import { once } from "node:events"
import http from "node:http"
import { createRequire } from "node:module"
import { setTimeout } from "node:timers/promises"

const LOADS = 10
const ROUNDS = 25
const REST_MS = 500 // before each load, for what a browser does after it has opened or left a page
const SETTLE_MS = 1500 // what the first view needs has come, and the page has not asked for news yet: it does every 2 s
const VIEWPORT = { width: 1280, height: 800 }

const { chromium } = createRequire(new URL("../spec/browser/package.json", import.meta.url))("playwright-core")

const median = (numbers) => {
  const sorted = [...numbers].sort((one, other) => one - other)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

const longest = (numbers) => Math.max(...numbers)

async function startServer(history) {
  const lua = process.env.LUA ?? "lua5.4"
  const child = spawn(lua, ["bin/intent-webhook", "serve", "--history", history, "--port", "0"],
    { stdio: ["ignore", "pipe", "inherit"] })
  let said = ""
  for await (const text of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    said += text
    const address = /http:\/\/[^\s,]+/.exec(said)
    if (address) return { child, url: address[0] }
  }
  throw new Error(`serve did not start: ${said}`)
}

// ---- without a browser ----

function get(agent, url) {
  return new Promise((resolve, reject) => {
    const start = performance.now()
    http.get(url, { agent }, (response) => {
      let bytes = 0
      response.on("data", (piece) => { bytes += piece.length })
      response.on("end", () => {
        if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`))
        resolve({ ms: performance.now() - start, bytes })
      })
    }).on("error", reject)
  })
}

async function timeAnswers(url) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  console.log("answers without a browser, ms: the first ever, then the median and the longest of 25; bytes")
  for (const target of ["", "api/session", "api/events?limit=15&brief=true", "api/overview?span=hour",
    "api/overview?span=day", "api/overview?span=week", "api/names"]) {
    const first = await get(agent, url + target)
    const times = []
    for (let round = 0; round < ROUNDS; round++) times.push((await get(agent, url + target)).ms)
    const figures = [first.ms, median(times), longest(times)].map((ms) => ms.toFixed(2).padStart(8)).join("")
    console.log(`  ${`/${target}`.padEnd(32)}${figures}${String(first.bytes).padStart(8)}`)
  }
  agent.destroy()
}

// ---- in the browser ----

// In the page, ahead of its own scripts.
function mark() {
  new MutationObserver((_, observer) => {
    const row = document.querySelector("#rows [data-event] .intent, #rows p[data-event]") // what has text of its own
    if (!row) return
    observer.disconnect()
    window.rowInserted = performance.now()
    row.setAttribute("elementtiming", "row")
    new PerformanceObserver((list) => {
      window.rowSeen = list.getEntries()[0].renderTime
      console.debug("seen")
    }).observe({ type: "element", buffered: true })
  }).observe(document, { childList: true, subtree: true })
}

async function load(page, url) {
  await setTimeout(REST_MS)
  const seen = page.waitForEvent("console", (message) => message.text() === "seen")
  await Promise.all([page.goto(url, { waitUntil: "commit" }), seen]) // nothing else is asked of the page until then
  return page.evaluate(() => ({
    seen: window.rowSeen,
    inserted: window.rowInserted,
    content: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
  }))
}

// A page of one row: what the browser takes for itself, with a process of its own for it, as this header asks for.
async function startPlain() {
  const server = http.createServer((request, response) => {
    response.setHeader("Content-Type", "text/html; charset=utf-8")
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin")
    response.end('<!doctype html><title>One row</title><div id="rows"><p data-event="1">One row</p></div>')
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  return { server, url: `http://127.0.0.1:${server.address().port}/` }
}

async function newPage(browser) {
  const context = await browser.newContext({ viewport: VIEWPORT })
  await context.addInitScript(mark)
  return { context, page: await context.newPage() }
}

// The bytes of all answers, with their headers, until the page asks for news.
async function countBytes(browser, url) {
  const { context, page } = await newPage(browser)
  const session = await context.newCDPSession(page)
  const types = new Map()
  const sums = {}
  let requests = 0
  await session.send("Network.enable")
  session.on("Network.responseReceived", ({ requestId, response }) => types.set(requestId, response.mimeType))
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const type = types.get(requestId)
    sums[type] = (sums[type] ?? 0) + encodedDataLength
    requests += 1
  })
  await load(page, url)
  await page.locator("#connection[data-state=live]").waitFor()
  await setTimeout(SETTLE_MS)
  await context.close()
  return { bytes: Object.values(sums).reduce((sum, bytes) => sum + bytes, 0), sums, requests }
}

const say = (name, loads, key) => {
  const times = loads.map((one) => one[key])
  return `${name} ${median(times).toFixed(0)} (longest ${longest(times).toFixed(0)})`
}

async function timeLoads(url) {
  const plain = await startPlain()
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  })
  try {
    const first = await countBytes(browser, url) // also warms up the browser itself
    const loadAnew = async (address) => {
      const { context, page } = await newPage(browser)
      const times = await load(page, address)
      await context.close()
      return times
    }
    const cold = []
    const bare = []
    for (let round = 0; round < LOADS; round++) {
      cold.push(await loadAnew(url))
      bare.push(await loadAnew(plain.url))
    }
    const warm = []
    const { context, page } = await newPage(browser)
    await load(page, url)
    for (let round = 0; round < LOADS; round++) {
      await page.goto("about:blank")
      warm.push(await load(page, url))
    }
    await context.close()
    const version = browser.version()
    console.log(`Chromium ${version}, ${LOADS} loads each, medians in ms from the start of the navigation`)
    for (const [name, loads] of [["cold", cold], ["warm", warm], ["a page of one row, cold", bare]]) {
      const words = [say("something painted", loads, "content"), say("first row there", loads, "inserted"),
        say("seen", loads, "seen")]
      console.log(`  ${name}: ${words.join(", ")}`)
    }
    console.log(`  ${first.requests} answers, bytes by type: ${
      Object.entries(first.sums).map(([type, bytes]) => `${type} ${bytes}`).join(", ")}`)
    console.log(`cold_ms ${median(cold.map(({ seen }) => seen)).toFixed(1)}`)
    console.log(`warm_ms ${median(warm.map(({ seen }) => seen)).toFixed(1)}`)
    console.log(`bytes ${first.bytes}`)
  } finally {
    await browser.close()
    plain.server.close()
  }
}

const server = await startServer(process.argv[2])
try {
  await timeAnswers(server.url)
  await timeLoads(server.url)
} finally {
  server.child.kill("SIGTERM")
  await once(server.child, "exit")
}
