// What happens while the page is open: new events, deliveries that get on, a server that is away.

import assert from "node:assert/strict"
import { test } from "../check.mjs"
import {
  assertAccessible, assertListed, assertStill, awaitList, listed, openEvent, panel, row, withPage,
} from "../page.mjs"
import { freePort, until } from "../processes.mjs"
import { Deliverer, newHistory, receiver, serve, sqlite } from "../world.mjs"

const intents = (key) => [
  { name: "said", slots: ["text"] },
  { name: "asked", slots: ["text"], actions: [{ webhook: `${receiver().url}/ok` }] },
  { name: "waits", slots: ["text"], actions: [{ webhook: `${receiver().url}/held?${key}` }] },
]

// Calls body with the page of a history that another process writes, that process, and what has the endpoint of
// "waits" answer. ids: its events, newest first.
// options: withPage's.
async function withLive(count, body, options = {}) {
  const path = newHistory()
  const release = () => receiver().release(path)
  const deliverer = new Deliverer(path, intents(path))
  const ids = []
  for (let number = 1; number <= count; number++) {
    ids.unshift(await deliverer.fire({ intent: "said", slots: { text: `number ${number}` } }))
  }
  await deliverer.flush()
  const server = await serve(deliverer.path)
  try {
    await withPage(server.url, options, async (page) => {
      await awaitList(page)
      await assertListed(page, ids)
      await body(page, deliverer, ids, release)
    })
  } finally {
    release()
    await server.stop()
    await deliverer.close()
  }
}

const topOf = async (page, id) => Math.round((await row(page, id).boundingBox()).y)

test("An event that another process fires appears at the top without a reload", async () => {
  await withLive(2, async (page, deliverer, ids) => {
    await page.mouse.move(5, 5)
    await page.emulateMedia({ reducedMotion: "reduce" })
    const id = await deliverer.fire({ intent: "asked", slots: { text: "new" }, session: "s" })
    await assertListed(page, [id, ...ids])
    await assertStill(page)
    await row(page, id).locator(".badge[data-status=delivered]").waitFor()
  })
})

test("The row that is being read does not move when events come in, and a button shows them", async () => {
  await withLive(30, async (page, deliverer, ids) => {
    const read = ids[4]
    await row(page, read).hover()
    const before = await topOf(page, read)
    const news = [await deliverer.fire({ intent: "said", slots: { text: "new 1" } })]
    news.unshift(await deliverer.fire({ intent: "asked", slots: { text: "new 2" } }))
    const button = page.getByRole("button", { name: "2 new events" })
    await button.waitFor()
    assert.equal(await topOf(page, read), before)
    assert.deepEqual(await listed(page), ids)
    await button.click()
    await assertListed(page, [...news, ...ids])
    await button.waitFor({ state: "hidden" })
  })
})

test("Rows do not move either when the list was scrolled, or while an event is open", async () => {
  await withLive(50, async (page, deliverer, ids) => {
    await page.mouse.move(5, 5)
    await page.locator("#list-end").scrollIntoViewIfNeeded()
    await row(page, ids[40]).scrollIntoViewIfNeeded()
    let before = await topOf(page, ids[40])
    await deliverer.fire({ intent: "said", slots: { text: "new 1" } })
    await page.locator("#fresh").getByText("1 new event").waitFor({ state: "attached" })
    assert.equal(await topOf(page, ids[40]), before)
    await page.evaluate(() => scrollTo(0, 0))
    await openEvent(page, ids[3])
    before = await topOf(page, ids[3])
    await deliverer.fire({ intent: "said", slots: { text: "new 2" } })
    await page.locator("#fresh").getByText("2 new events").waitFor({ state: "attached" })
    assert.equal(await topOf(page, ids[3]), before)
  })
})

test("A delivery that is finished later changes its badge, and the open event, where they stand", async () => {
  await withLive(1, async (page, deliverer, ids, release) => {
    await page.mouse.move(5, 5)
    const id = await deliverer.fire({ intent: "waits", slots: { text: "soon" }, wait: false })
    await row(page, id).locator(".badge[data-status=pending]").waitFor()
    await openEvent(page, id)
    await panel(page).locator("[data-part=delivery][data-status=pending]").waitFor()
    release()
    await panel(page).locator("[data-part=delivery][data-status=delivered]").waitFor()
    await row(page, id).locator(".badge[data-status=delivered]").waitFor()
    assert.match(await panel(page).locator("[data-part=response-body]").innerText(), /at last/)
  })
})

test("An open event that somebody erases while its webhook is on its way is not shown any longer", async () => {
  await withLive(1, async (page, deliverer) => {
    await page.mouse.move(5, 5)
    const id = await deliverer.fire({ intent: "waits", slots: { text: "never mind" }, wait: false })
    await openEvent(page, id)
    await panel(page).locator("[data-part=delivery][data-status=pending]").waitFor()
    const { origin } = new URL(page.url())
    const erased = await fetch(`${origin}/api/erase`, { method: "POST", headers: { Origin: origin }, body: `id=${id}` })
    assert.equal((await erased.json()).events, 1)
    await panel(page).getByRole("heading", { name: "No such event" }).waitFor()
    await row(page, id).waitFor({ state: "detached" })
    assert.doesNotMatch(await panel(page).innerText(), /never mind/)
  }, { allowed: [/404 \(Not Found\)/] })
})

// Every request for events waits until next() lets it go, which resolves with its parameters.
async function holdBack(page) {
  const waiting = []
  await page.route(/\/api\/events\?/, (route) => waiting.push(route))
  return async () => {
    await until(() => waiting.length > 0, "a request for events")
    const route = waiting.shift()
    const { searchParams } = new URL(route.request().url())
    await route.continue()
    return searchParams
  }
}

test("While more comes than one answer holds, only the newest are asked for, and the reader's row stays", async () => {
  await withLive(2, async (page, deliverer, ids) => {
    const fire = async (count) => {
      const event = { intent: "said", slots: { text: "flood" }, wait: false }
      ids.unshift(...(await Promise.all(Array.from({ length: count }, () => deliverer.fire(event)))).reverse())
      await deliverer.flush()
    }
    await page.mouse.move(5, 5)
    const next = await holdBack(page)
    const round = async () => {
      await page.evaluate(() => dispatchEvent(new Event("online"))) // so that it does not wait for its time
      return next()
    }
    await fire(230)
    assert.ok((await round()).has("after"))
    assert.equal((await next()).get("limit"), "50") // more than 200: a new list
    await assertListed(page, ids.slice(0, 50))
    await fire(230)
    const again = await round()
    assert.deepEqual([again.get("limit"), again.get("after")], ["50", null])
    await assertListed(page, ids.slice(0, 50)) // in its place, without another request
    await fire(1)
    assert.ok(!(await round()).has("after"))
    await assertListed(page, ids.slice(0, 51)) // nothing is between them: it goes in at the top
    await fire(1)
    assert.ok((await round()).has("after"))
    await assertListed(page, ids.slice(0, 52))

    const read = ids.slice(0, 52)
    await row(page, read[4]).hover()
    const before = await topOf(page, read[4])
    const button = page.getByRole("button", { name: "More than 200 new events" })
    await fire(230)
    assert.ok((await round()).has("after"))
    await button.waitFor()
    await fire(230)
    assert.ok(!(await round()).has("after"))
    await fire(1)
    assert.ok(!(await round()).has("after"))
    assert.equal(await topOf(page, read[4]), before)
    assert.deepEqual(await listed(page), read)
    await button.click()
    assert.equal((await next()).get("limit"), "50")
    await assertListed(page, ids.slice(0, 50))
    await page.unrouteAll({ behavior: "ignoreErrors" })
  })
})

test("A page whose server is away says so, and goes on when it is back", async () => {
  const deliverer = new Deliverer(newHistory(), intents())
  const port = await freePort()
  await deliverer.fire({ intent: "said", slots: { text: "first" } })
  await deliverer.flush()
  let server = await serve(deliverer.path, { port })
  await withPage(server.url, { allowed: [/ERR_CONNECTION|ERR_EMPTY_RESPONSE/] }, async (page) => {
    await page.locator("#connection[data-state=live]").waitFor()
    await awaitList(page)
    await server.stop()
    await page.locator("#connection[data-state=lost]").waitFor()
    assert.match(await page.locator("#connection").innerText(), /Connection lost/)
    const id = await deliverer.fire({ intent: "said", slots: { text: "meanwhile" } })
    server = await serve(deliverer.path, { port })
    await page.locator("#connection[data-state=live]").waitFor({ timeout: 15000 })
    await row(page, id).waitFor()
  })
  await server.stop()
  await deliverer.close()
})

test("Paging through 500 events while others come in neither skips nor repeats one", async () => {
  const deliverer = new Deliverer(newHistory(), intents())
  for (let number = 1; number <= 500; number++) {
    await deliverer.fire({ intent: "said", slots: { text: `number ${number}` }, wait: false })
  }
  await deliverer.flush()
  const before = (await sqlite(deliverer.path, "SELECT seq FROM events ORDER BY seq DESC")).split("\n")
  const server = await serve(deliverer.path)
  let inserting = true
  const insert = async () => {
    for (let number = 1; inserting; number++) {
      await deliverer.fire({ intent: "said", slots: { text: `meanwhile ${number}` } })
    }
  }
  const inserts = insert()
  await withPage(server.url, {}, async (page) => {
    await awaitList(page)
    await until(async () => {
      await page.locator("#list-end").scrollIntoViewIfNeeded()
      return page.locator("#list-end[data-state=complete]").isVisible()
    }, "the end of the list", 15000)
    const seqs = await page.locator("#rows [data-seq]").evaluateAll((rows) => rows.map((node) => node.dataset.seq))
    assert.deepEqual(seqs.slice(-500), before)
    assert.ok(seqs.every((seq, index) => index === 0 || Number(seq) < Number(seqs[index - 1])), "they are in order")
  })
  inserting = false
  await inserts
  assert.ok(Number(await sqlite(deliverer.path, "SELECT count(*) FROM events")) > 510, "others came in")
  await server.stop()
  await deliverer.close()
})

test("A history that cannot be read is not called live; the page says why, once, and goes on after it", async () => {
  const sentence = "The file is not an SQLite database (file is not a database)."
  const path = newHistory()
  const deliverer = new Deliverer(path, intents(path))
  const id = await deliverer.fire({ intent: "said", slots: { text: "first" } })
  await deliverer.close()
  const server = await serve(path)
  await withPage(server.url, { allowed: [/status of 503/] }, async (page) => {
    await page.route(/\/api\/(events|overview|names)/, (route) =>
      route.fulfill({ status: 503, json: { error: sentence, code: "history" } }))
    await page.reload()
    await page.getByRole("heading", { name: "The history cannot be read" }).waitFor()
    await page.getByRole("button", { name: "Try again" }).waitFor()
    await page.locator("#overview").waitFor({ state: "hidden" })
    await page.locator("#connection[data-state=lost]").waitFor()
    assert.equal(await page.getByText(sentence).count(), 1)
    assert.doesNotMatch(await page.locator("header").innerText(), /Live/)
    await assertAccessible(page, "a history that cannot be read")
    await page.unrouteAll({ behavior: "ignoreErrors" })
    await row(page, id).waitFor()
    await page.locator("#connection[data-state=live]").waitFor()
    await page.locator("#overview").waitFor()
  })
  await server.stop()
})
