// The overview: charts that can be read by eye, by ear and by keyboard.

import assert from "node:assert/strict"
import { test } from "../check.mjs"
import { awaitList, withPage } from "../page.mjs"
import { until } from "../processes.mjs"
import { server } from "../world.mjs"

test("The chart of deliveries has a name that says what it shows, and a table with the same numbers", async () => {
  const { url } = await server("clinic")
  const overview = await (await fetch(`${url}api/overview?span=hour`)).json()
  const sum = (list) => list.reduce((total, one) => total + one, 0)
  await withPage(url, {}, async (page) => {
    const chart = page.locator("#overview").getByRole("img").first()
    await chart.waitFor()
    const name = await chart.getAttribute("aria-label") ?? await chart.locator("title").first().textContent()
    assert.match(name, /deliver/i)
    assert.match(name, new RegExp(`\\b${sum(overview.delivered)}\\b`))
    assert.match(name, new RegExp(`\\b${sum(overview.failed)}\\b`))
    await page.getByText("As a table").click()
    const cells = await page.getByRole("table", { name: "Deliveries by time" }).locator("tbody tr")
      .evaluateAll((rows) => rows.map((line) => [...line.querySelectorAll("td")].map((cell) => Number(cell.innerText))))
    assert.equal(sum(cells.map(([delivered]) => delivered)), sum(overview.delivered))
    assert.equal(sum(cells.map(([, failed]) => failed)), sum(overview.failed))
  })
})

test("Every step with deliveries has a column, and the failed ones are not told by colour alone", async () => {
  const { url } = await server("clinic")
  const { delivered, failed } = await (await fetch(`${url}api/overview?span=hour`)).json()
  const used = delivered.map((count, step) => (count + failed[step] > 0 ? String(step) : null)).filter(Boolean)
  await withPage(url, {}, async (page) => {
    await page.locator("#overview svg rect.delivered").first().waitFor()
    const steps = await page.locator("#overview svg g[data-step]").evaluateAll((columns) => columns
      .filter((column) => column.querySelector(".delivered, .failed")).map((column) => column.dataset.step))
    assert.equal(steps.length, used.length)
    const fill = await page.locator("#overview svg rect.failed").first().evaluate((node) => getComputedStyle(node).fill)
    assert.match(fill, /url\(/) // hatched
  })
})

test("Hour, day and week can be chosen; the address holds the choice", async () => {
  const { url } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await awaitList(page)
    const day = page.getByRole("button", { name: "Day", exact: true })
    await day.click()
    await page.locator("#overview").getByText("last day").first().waitFor()
    assert.equal(new URL(page.url()).searchParams.get("span"), "day")
    assert.equal(await day.getAttribute("aria-pressed"), "true")
    await page.reload()
    await page.locator("#overview").getByText("last day").first().waitFor()
    await page.goBack()
    await until(async () => (await day.getAttribute("aria-pressed")) === "false", "the hour")
  })
})

test("A column of the chart, and a row of its table, filter the list by that time", async () => {
  const { url } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await awaitList(page)
    await page.getByText("As a table").click()
    await page.getByRole("table", { name: "Deliveries by time" }).getByRole("button").first().click()
    const given = () => new URL(page.url()).searchParams
    await until(() => given().get("since"), "the time in the address")
    const { from, step } = await (await fetch(`${url}api/overview?span=hour`)).json()
    assert.equal((Number(given().get("since")) - from) % step, 0)
    await page.getByRole("button", { name: "Clear", exact: true }).click()
    await until(() => !given().get("since"), "the address to be clear")
    const column = page.locator("#overview svg g[data-step]:has(rect.delivered)").last()
    await column.locator("rect.column").click({ force: true })
    await until(() => given().get("since"), "the time in the address")
  })
})

test("Endpoints stand with their latencies, and one of them filters the list", async () => {
  const { url } = await server("clinic")
  const { endpoints } = await (await fetch(`${url}api/overview?span=hour`)).json()
  await withPage(url, {}, async (page) => {
    const table = page.getByRole("table", { name: "Endpoints" })
    await table.locator("tbody tr").first().waitFor()
    const heads = await table.getByRole("columnheader").allInnerTexts()
    assert.deepEqual(heads, ["Endpoint", "Sent", "Failed", "p50", "p95", "p99"])
    const first = table.locator("tbody tr").first()
    assert.equal(await first.locator("td").first().innerText(), String(endpoints[0].delivered + endpoints[0].failed))
    assert.match(await first.locator("td").nth(2).innerText(), /^\d[\d.]* (µs|ms|s)$|^–$/)
    await first.getByRole("button").click()
    await until(() => new URL(page.url()).searchParams.get("url") === endpoints[0].url, "the URL in the address")
    await awaitList(page)
  })
})

test("Causes of failures are ranked, with their sentences", async () => {
  const { url } = await server("clinic")
  const { causes } = await (await fetch(`${url}api/overview?span=hour`)).json()
  await withPage(url, {}, async (page) => {
    const list = page.locator("#overview ol li")
    await list.first().waitFor()
    const words = await list.evaluateAll((items) => items.map((item) => item.textContent))
    for (const [index, text] of words.entries()) {
      const { cause, sentence, count } = causes[index]
      assert.ok(text.includes(cause) && text.includes(sentence) && text.includes(String(count)), text)
    }
    assert.ok(words.length >= 5)
  })
})
