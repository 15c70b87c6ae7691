// What the first view does not need: it comes when the page is at rest, and when it does not come, nobody is shut in.

import assert from "node:assert/strict"
import { test } from "../check.mjs"
import { addressOf, assertAccessible, assertFits, assertListed, awaitList, panel, row, withPage } from "../page.mjs"
import { until } from "../processes.mjs"
import { copyHistory, history, pageToken, protectedServer, serve, server } from "../world.mjs"

const later = /\/(event|dialogs)\.js$|\/later\.css$/
const refused = { allowed: [/ERR_FAILED/, /ERR_CONNECTION/] }

test("Once the page is at rest the rest of it is loaded, so that it is there when the server is away", async () => {
  const made = await history("clinic")
  const { url, stop } = await serve(await copyHistory(made))
  await withPage("about:blank", { allowed: [/./] }, async (page) => {
    const asked = []
    page.on("request", (request) => asked.push(request.url().slice(url.length).replace(/\?.*/, "")))
    await page.goto(url)
    await awaitList(page)
    await until(() => ["event.js", "dialogs.js", "later.css"].every((name) => asked.includes(name)), "the rest")
    const rounds = asked.slice(0, asked.indexOf("event.js")).filter((name) => name === "api/events").length
    assert.ok(rounds >= 3, "after the first rows, those below, and a look for new ones")
    await page.waitForLoadState("networkidle").catch(() => {})
    await until(() => page.evaluate(() => document.styleSheets.length === 2), "the style sheet")
    await stop()
    await row(page, made.events[0].id).locator(".badge").click()
    await panel(page).getByRole("button", { name: "Try again" }).waitFor()
    await panel(page).getByRole("button", { name: "Close" }).click()
    await panel(page).waitFor({ state: "hidden" })
  })
})

// Calls body with a page that shows the first rows; the rest of it comes when `release` is called.
async function withFirstRows(view, body) {
  const { url, events } = await server("clinic")
  await withPage(url, refused, async (page) => {
    let release
    const released = new Promise((done) => { release = done })
    await page.route(/\/app\.js$/, (route) => released.then(() => route.continue()))
    await page.goto(addressOf(url, view), { waitUntil: "commit" })
    await page.locator("#rows [data-event]").first().waitFor()
    await body(page, events, release)
  })
}

test("The first rows are there before the rest of the page, which takes them over as they stand", async () => {
  await withFirstRows({}, async (page, events, release) => {
    await assertListed(page, events.slice(0, 15).map(({ id }) => id))
    assert.equal(await page.locator("#connection").innerText(), "Starting")
    await page.locator("#rows [data-event]").evaluateAll((rows) => rows.forEach((row) => { row.first = true }))
    release()
    await awaitList(page)
    await assertListed(page, events.map(({ id }) => id))
    const same = (rows) => rows.filter((row) => row.first).length
    assert.equal(await page.locator("#rows [data-event]").evaluateAll(same), 15)
  })
})

test("Until the rest is there, a row is a link wherever it is clicked", async () => {
  await withFirstRows({ status: "failed" }, async (page, events, release) => {
    const first = page.locator("#rows [data-event]").first()
    const id = await first.getAttribute("data-event")
    await first.locator(".badge").first().click()
    await page.waitForURL((url) => url.searchParams.get("event") === id && url.searchParams.get("status") === "failed")
    release()
    await panel(page).locator("[data-part=slots]").waitFor()
    assert.equal(await page.locator("#rows .selected").getAttribute("data-event"), id)
  })
})

test("An event has its place before the rest is there, unless somebody goes back", async () => {
  const { events } = await server("clinic")
  await withFirstRows({ event: events[2].id }, async (page, _, release) => {
    const { x, width } = await row(page, events[0].id).boundingBox()
    release()
    await panel(page).locator("[data-part=slots]").waitFor()
    const box = await row(page, events[0].id).boundingBox()
    assert.deepEqual([box.x, box.width], [x, width])
    assert.equal(await page.locator("#rows .selected").getAttribute("data-event"), events[2].id)
  })
  await withFirstRows({ event: events[2].id }, async (page, _, release) => {
    await panel(page).waitFor()
    await page.evaluate(() => history.pushState(null, "", "./"))
    release()
    await panel(page).waitFor({ state: "hidden" })
    await assertListed(page, events.map(({ id }) => id))
  })
})

test("Who goes back before the rest is there gets the list of that address", async () => {
  await withFirstRows({ status: "failed" }, async (page, events, release) => {
    await page.evaluate(() => history.pushState(null, "", "./"))
    release()
    await assertListed(page, events.map(({ id }) => id))
  })
})

test("A filter that is chosen while the first rows are being asked for ends that question", async () => {
  const { url, events } = await server("clinic")
  await withPage(url, {}, async (page) => {
    const ended = []
    page.on("requestfailed", (request) => ended.push(new URL(request.url()).searchParams.get("limit")))
    await page.route(/limit=15/, () => {}) // is never answered
    await page.goto(addressOf(url, { session: "sms-mai" })) // not the question that the server offers: that stays
    await page.locator("#filters:not([inert])").waitFor()
    await page.getByLabel("Status").selectOption("paused")
    await assertListed(page, events.filter(({ session }) => session === "sms-mai").map(({ id }) => id))
    await until(() => ended.includes("15"), "the end of the first question", 2000) // later it ends by itself
  })
})

test("The first question ends when the address is another by the time the rest is there", async () => {
  const { url, events } = await server("clinic")
  await withPage(url, {}, async (page) => {
    const ended = []
    let release
    const released = new Promise((done) => { release = done })
    page.on("requestfailed", (request) => ended.push(new URL(request.url()).searchParams.get("limit")))
    const asked = new Promise((done) => { page.route(/limit=15/, done) })
    await page.route(/\/app\.js$/, (route) => released.then(() => route.continue()))
    await page.goto(addressOf(url, { status: "failed" }), { waitUntil: "commit" })
    await asked
    await page.evaluate(() => history.pushState(null, "", "./"))
    release()
    await assertListed(page, events.map(({ id }) => id))
    await until(() => ended.includes("15"), "the end of the first question", 2000)
  })
})

for (const width of [360, 600, 1280]) {
  test(`At ${width} pixels the list does not move when the overview comes`, async () => {
    const { url } = await server("clinic")
    for (const view of [{}, { status: "failed" }]) {
      await withPage(url, { viewport: { width, height: 800 } }, async (page) => {
        let release
        const released = new Promise((done) => { release = done })
        await page.route(/\/api\/overview/, (route) => released.then(() => route.continue()))
        await page.goto(addressOf(url, view))
        await awaitList(page)
        const top = () => page.locator("#rows").evaluate((rows) => rows.getBoundingClientRect().top)
        const before = await top()
        assert.equal(await page.locator(".totals b").count(), 0)
        release()
        await page.locator(".totals b").first().waitFor()
        assert.ok(Math.abs(await top() - before) <= 1, `${before}, then ${await top()}`)
      })
    }
  })
}

test("What is asked for once is asked for again when it did not come", async () => {
  const { url } = await protectedServer()
  await withPage(url, { allowed: [/status of (401|503)/] }, async (page) => {
    await page.getByLabel("Token").fill(pageToken)
    await page.getByRole("button", { name: "Log in" }).click()
    await awaitList(page)
    const asked = []
    let release
    const released = new Promise((done) => { release = done })
    await page.route(/\/api\/(session|names)$/, (route) => {
      const again = asked.includes(route.request().url())
      asked.push(route.request().url())
      if (again) return released.then(() => route.continue())
      return route.fulfill({ status: 503, contentType: "application/json", body: '{"error":"Busy.","code":"busy"}' })
    })
    await page.reload()
    await awaitList(page)
    await until(() => asked.length === 4, "another question for each")
    assert.ok(await page.getByRole("button", { name: "Log out" }).isHidden())
    release()
    await page.getByRole("button", { name: "Log out" }).waitFor()
  })
})

test("When the rest does not come, rows that take longer are drawn even so, and a row is still a link", async () => {
  const { url, events } = await server("clinic")
  await withPage(url, { allowed: [...refused.allowed, /dynamically imported/] }, async (page) => {
    await page.route(/\/live\.js$/, (route) => route.abort())
    const late = (route) => route.continue().catch(() => {}) // by then the page may have been left
    await page.route(/\/api\/events/, (route) => setTimeout(() => late(route), 1000))
    await page.goto(addressOf(url, { event: events[3].id }))
    await assertListed(page, events.slice(0, 15).map(({ id }) => id))
    await page.locator("#connection").getByText("Not complete").waitFor()
    assert.ok(await panel(page).isHidden())
    await row(page, events[1].id).locator(".slots").click()
    await page.waitForURL((address) => address.searchParams.get("event") === events[1].id)
  })
})

test("When the rest does not come, the page says that it is not complete", async () => {
  const { url } = await server("clinic")
  await withPage(url, { allowed: [...refused.allowed, /dynamically imported/] }, async (page) => {
    await page.route(/\/live\.js$/, (route) => route.abort())
    await page.reload()
    await page.locator("#connection").getByText("Not complete: load the page again").waitFor()
    assert.ok(await page.locator("#rows [data-event]").count() > 0)
    await assertAccessible(page, "a page that is not complete")
  })
})

for (const width of [1280, 360]) {
  test(`At ${width} pixels an event whose code does not come can be closed, and be asked for again`, async () => {
    const { url, events } = await server("clinic")
    await withPage(url, { ...refused, viewport: { width, height: 800 } }, async (page) => {
      await page.route(later, (route) => route.abort())
      await page.reload()
      await awaitList(page)
      await page.route(/\/api\//, (route) => route.abort())
      const open = async () => {
        await row(page, events[0].id).locator(".badge").click()
        await panel(page).getByText("could not be loaded").waitFor()
      }
      await open()
      await assertFits(page, "the event")
      await assertAccessible(page, "an event that did not load")
      await panel(page).getByRole("button", { name: "Close" }).click()
      await panel(page).waitFor({ state: "hidden" })
      await open()
      await panel(page).getByRole("button", { name: "Try again" }).click()
      await until(() => panel(page).locator("h2").evaluate((title) => title === document.activeElement), "the answer")
      await page.unrouteAll({ behavior: "ignoreErrors" })
      await panel(page).getByRole("button", { name: "Try again" }).click()
      await panel(page).locator("[data-part=slots]").waitFor()
      assert.equal(await panel(page).getByRole("heading", { level: 2 }).textContent(), "book_appointment")
      assert.equal(await panel(page).locator(".bar button").count(), 4)
    })
  })
}

test("A dialog whose code does not come says so, and can be asked for again", async () => {
  const { url } = await server("clinic")
  await withPage(url, refused, async (page) => {
    await page.route(later, (route) => route.abort())
    await page.reload()
    await awaitList(page)
    await page.keyboard.press("?")
    const failed = page.getByRole("dialog", { name: "Not loaded" })
    await failed.getByText("could not be loaded").waitFor()
    await assertAccessible(page, "a dialog that did not load")
    await page.unroute(later)
    await failed.getByRole("button", { name: "Try again" }).click()
    await failed.waitFor({ state: "detached" })
    await until(async () => {
      await page.keyboard.press("?")
      return page.getByRole("dialog", { name: "Keys" }).isVisible()
    }, "the keys, maybe of the page loaded anew")
  })
})
