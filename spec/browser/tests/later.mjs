// What the first view does not need: it comes when the page is at rest, and when it does not come, nobody is shut in.

import assert from "node:assert/strict"
import { test } from "../check.mjs"
import { assertAccessible, assertFits, assertListed, awaitList, panel, row, withPage } from "../page.mjs"
import { until } from "../processes.mjs"
import { copyHistory, history, serve, server } from "../world.mjs"

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
    assert.ok(rounds >= 2, "after the first view")
    await page.waitForLoadState("networkidle").catch(() => {})
    await until(() => page.evaluate(() => document.styleSheets.length === 2), "the style sheet")
    await stop()
    await row(page, made.events[0].id).locator(".badge").click()
    await panel(page).getByRole("button", { name: "Try again" }).waitFor()
    await panel(page).getByRole("button", { name: "Close" }).click()
    await panel(page).waitFor({ state: "hidden" })
  })
})

for (const width of [1280, 360]) {
  test(`At ${width} pixels an event whose code does not come can be closed, and be asked for again`, async () => {
    const { url, events } = await server("clinic")
    await withPage(url, { ...refused, viewport: { width, height: 800 } }, async (page) => {
      await page.route(later, (route) => route.abort())
      await page.reload()
      await assertListed(page, events.map(({ id }) => id))
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
