// Filters, and the address, in which all of them stand.

import assert from "node:assert/strict"
import { test } from "../check.mjs"
import { addressOf, assertAccessible, assertListed, awaitList, withPage } from "../page.mjs"
import { server } from "../world.mjs"

const search = "Search in slots, bodies, errors and ids"

// [what it filters by, what a person does, what the address says then, which events stay]
const filters = [
  ["intent", (page) => page.getByRole("combobox", { name: "Intent" }).selectOption("book_table"),
    { intent: "book_table" }, ({ intent }) => intent === "book_table"],
  ["status", (page) => page.getByLabel("Status").selectOption("paused"), { status: "paused" },
    ({ intent, session }) => intent === "book_table" && session === "sms-mai"],
  ["events without a delivery", (page) => page.getByLabel("Status").selectOption("recorded"), { status: "recorded" },
    ({ intent }) => intent === "said_hello"],
  ["endpoint", async (page) => {
    const field = page.getByLabel("Endpoint")
    const value = await field.locator("option", { hasText: "/chat-room" }).getAttribute("value")
    await field.selectOption(value)
  }, { url: /\/refuses\/chat-room$/ }, ({ intent }) => intent === "request_callback"],
  ["session", (page) => page.getByLabel("Session").fill("web-aisha"), { session: "web-aisha" },
    ({ session }) => session === "web-aisha"],
  ["a text in slots, in any case", (page) => page.getByLabel(search).fill("núÑez"), { search: "núÑez" },
    ({ session }) => session === "web-pedro"],
  ["a text in slots that JSON escapes", (page) => page.getByLabel(search).fill('"the cook"'), { search: '"the cook"' },
    ({ session }) => session === "web-sam"],
  ["a text in a response", (page) => page.getByLabel(search).fill("insurance card"), { search: "insurance card" },
    ({ intent }) => intent === "book_appointment"],
  ["time", (page) => page.getByRole("combobox", { name: "Time" }).selectOption("1h"), { since: "1h" }, () => true],
]

for (const [name, act, view, stays] of filters) {
  test(`The list can be filtered by ${name}; the address holds it, and reload and back work`, async () => {
    const { url, events } = await server("clinic")
    const expected = events.filter(stays).map(({ id }) => id)
    assert.ok(expected.length > 0, "something has to be left")
    await withPage(url, {}, async (page) => {
      await awaitList(page)
      await act(page)
      await assertListed(page, expected)
      const given = new URL(page.url()).searchParams
      for (const [key, value] of Object.entries(view)) {
        if (value instanceof RegExp) assert.match(given.get(key), value)
        else assert.equal(given.get(key), value)
      }
      await page.reload()
      await assertListed(page, expected)
      await page.goBack()
      await assertListed(page, events.map(({ id }) => id))
    })
  })
}

test("Filters for status and endpoint have to hold for one and the same delivery", async () => {
  const { url, events } = await server("clinic")
  const { id } = events.find(({ intent }) => intent === "request_callback")
  await withPage(url, {}, async (page) => {
    await awaitList(page)
    const address = await page.getByLabel("Endpoint").locator("option", { hasText: "/text" }).getAttribute("value")
    await page.goto(addressOf(url, { url: address, status: "delivered" }))
    await assertListed(page, [id])
    await page.goto(addressOf(url, { url: address, status: "failed" }))
    await page.getByRole("heading", { name: "Nothing matches these filters" }).waitFor()
  })
})

test("A range of time is filtered by, to the microsecond: from its beginning, and before its end", async () => {
  const { url, events } = await server("clinic")
  const { time } = await (await fetch(`${url}api/events/${events[5].id}`)).json()
  await withPage(addressOf(url, { until: String(time) }), {}, async (page) => {
    await assertListed(page, events.slice(6).map(({ id }) => id))
    assert.equal(await page.getByRole("combobox", { name: "Time" }).inputValue(), "custom")
    await page.goto(addressOf(url, { since: String(time) }))
    await assertListed(page, events.slice(0, 6).map(({ id }) => id))
  })
})

test("When nothing matches, the page says so, and one button clears the filters", async () => {
  const { url, events } = await server("clinic")
  await withPage(addressOf(url, { session: "nobody", search: "xyzzy" }), {}, async (page) => {
    await page.getByRole("heading", { name: "Nothing matches these filters" }).waitFor()
    await page.getByRole("button", { name: "Clear the filters" }).click()
    await assertListed(page, events.map(({ id }) => id))
    assert.equal(new URL(page.url()).search, "")
    assert.equal(await page.getByLabel("Session").inputValue(), "")
  })
})

test("A filter in the address that the server does not know is shown, and can be cleared", async () => {
  const { url, events } = await server("clinic")
  await withPage(addressOf(url, { status: "bogus" }), { allowed: [/status of 400/] }, async (page) => {
    await page.getByRole("heading", { name: "These filters cannot be used" }).waitFor()
    const status = page.getByLabel("Status")
    assert.equal(await status.inputValue(), "bogus")
    assert.ok(await status.evaluate((node) => node.classList.contains("active")))
    assert.ok(await page.getByRole("button", { name: "Clear", exact: true }).isVisible())
    assert.equal(await page.locator("#connection").innerText(), "Not live")
    assert.equal(await page.getByRole("button", { name: "Try again" }).count(), 0)
    await assertAccessible(page, "a filter that is not known")
    await page.getByRole("button", { name: "Clear the filters" }).click()
    await assertListed(page, events.map(({ id }) => id))
    await page.locator("#connection[data-state=live]").waitFor()
    assert.equal(await status.locator("option", { hasText: "bogus" }).count(), 0)
  })
})
