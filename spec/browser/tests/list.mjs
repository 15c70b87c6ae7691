// The list: rows, badges, and what stands there when there is nothing.

import assert from "node:assert/strict"
import { test } from "../check.mjs"
import { addressOf, assertListed, awaitList, row, withPage } from "../page.mjs"
import { emptyServer, server } from "../world.mjs"

test("The list has a row for each event, newest first, with time, intent, session, slots and a badge", async () => {
  const { url, events } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await assertListed(page, events.map(({ id }) => id))
    const newest = row(page, events[0].id)
    assert.equal(await newest.locator(".intent").innerText(), "book_appointment")
    assert.equal(await newest.locator(".session").innerText(), "web-john")
    const slots = await newest.locator(".slots").innerText()
    assert.match(slots, /customer_name\s+John Doe/)
    assert.match(slots, /phone\s+\[redacted\]/)
    assert.equal((await newest.locator(".badge").innerText()).replace(/\s+/g, " "), "delivered 200")
    const time = newest.locator("time[title]") // it gets that soon after it is seen
    const fired = (await (await fetch(`${url}api/events/${events[0].id}`)).json()).time
    assert.equal(Date.parse(await time.getAttribute("datetime")), Math.floor(fired * 1000))
    assert.match(await time.getAttribute("title"), /\d:\d\d:\d\d\.\d\d\d/)
    assert.match(await time.innerText(), /^(now|\d+ ?(s|sec|min)[a-z. ]*ago)$/)
  })
})

test("The first rows are asked for once, by what is there first, whatever the address says", async () => {
  const { url } = await server("clinic")
  await withPage(url, {}, async (page) => {
    for (const view of [{}, { status: "failed", search: "a b" }, { since: "1000", span: "day" }]) {
      const asked = []
      const note = (request) => {
        const { pathname, searchParams } = new URL(request.url())
        if (pathname === "/api/events" && !searchParams.has("before")) asked.push(searchParams.get("limit"))
      }
      page.on("request", note)
      await page.goto(addressOf(url, view))
      await awaitList(page)
      page.off("request", note)
      assert.deepEqual(asked, ["15"], JSON.stringify(view))
    }
  })
})

test("Every state has a badge with its word and a shape of its own", async () => {
  const { url } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await awaitList(page)
    const shapes = new Map()
    for (const status of ["delivered", "failed", "pending", "retrying", "paused", "unknown", "recorded"]) {
      const badge = page.locator(`#rows .badge[data-status=${status}]`).first()
      assert.match(await badge.innerText(), new RegExp(`^${status}`))
      shapes.set(await badge.locator("svg path").getAttribute("d"), status)
    }
    assert.equal(shapes.size, 7)
  })
})

test("An event with several deliveries has a badge for each", async () => {
  const { url, events } = await server("clinic")
  const { id } = events.find(({ intent }) => intent === "request_callback")
  await withPage(url, {}, async (page) => {
    const badges = row(page, id).locator(".badge")
    await badges.first().waitFor()
    const words = (await badges.allInnerTexts()).map((text) => text.replace(/\s+/g, " "))
    assert.deepEqual(words, ["delivered 200", "failed 422"])
  })
})

test("An empty history says that there are no events yet, and what makes the first one", async () => {
  const { url } = await emptyServer()
  await withPage(url, {}, async (page) => {
    await page.getByRole("heading", { name: "No events yet" }).waitFor()
    assert.equal(await page.locator("#rows [data-event]").count(), 0)
    assert.match(await page.locator("#list-end").innerText(), /As soon as an intent fires/)
  })
})

test("A failure without an HTTP status has its cause in the badge, and the sentence in its title", async () => {
  const { url, events } = await server("clinic")
  const causes = await (await fetch(`${url}api/causes`)).json()
  await withPage(url, {}, async (page) => {
    const badge = row(page, events.find(({ intent }) => intent === "ask_closed").id).locator(".badge")
    await badge.waitFor()
    assert.equal((await badge.innerText()).replace(/\s+/g, " "), "failed connect_refused")
    assert.ok((await badge.getAttribute("title")).includes(causes.connect_refused))
  })
})
