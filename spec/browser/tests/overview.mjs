// The overview: charts that can be read by eye, by ear and by keyboard.

import assert from "node:assert/strict"
import { test } from "../check.mjs"
import { addressOf, assertAccessible, assertFits, awaitList, withPage } from "../page.mjs"
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
    const lines = page.getByRole("table", { name: "Deliveries by time" }).locator("tbody tr")
    await lines.first().waitFor()
    const cells = await lines.evaluateAll((rows) =>
      rows.map((line) => [...line.querySelectorAll("td")].map((cell) => Number(cell.innerText))))
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

// Has the overview say other things: what change(answer) makes of it.
async function withOverview(change, options, body) {
  const { url } = await server("clinic")
  const answer = await (await fetch(`${url}api/overview?span=hour`)).json()
  change(answer)
  await withPage(url, options, async (page) => {
    await page.route(/\/api\/overview/, (route) => route.fulfill({ json: answer }))
    await page.reload()
    await awaitList(page)
    await page.locator("#overview .totals b").first().waitFor({ state: "attached" })
    await body(page, answer)
    await page.unrouteAll({ behavior: "ignoreErrors" })
  })
}

test("At 360 pixels the endpoints stand above their figures, with room to be read", async () => {
  const { url } = await server("clinic")
  await withPage(url, { viewport: { width: 360, height: 800 } }, async (page) => {
    await page.getByRole("heading", { name: "Overview" }).click()
    const line = page.getByRole("table", { name: "Endpoints" }).locator("tbody tr").first()
    const address = await line.getByRole("rowheader").getByRole("button").boundingBox()
    assert.ok(address.width >= 150, `${address.width} pixels`)
    assert.ok((await line.getByRole("rowheader").boundingBox()).width >= 280)
    const boxes = await Promise.all((await line.getByRole("cell").all()).map((cell) => cell.boundingBox()))
    assert.equal(boxes.length, 5)
    for (const box of boxes) {
      assert.ok(box.y >= address.y + address.height - 1 && box.x >= 0 && box.x + box.width <= 360)
    }
    await assertFits(page, "the overview")
    await assertAccessible(page, "the overview, unfolded")
  })
})

test("Endpoints with the same long host are told apart by their ends", async () => {
  const paths = ["/bookings", "/orders/kitchen", "/orders/bar"]
  const long = (answer) => {
    answer.endpoints = paths.map((path) => ({ ...answer.endpoints[0],
      url: `https://webhooks.eu-central-1.customers.example.com/tenants/4711${path}` }))
  }
  await withOverview(long, {}, async (page) => {
    const buttons = page.getByRole("table", { name: "Endpoints" }).getByRole("rowheader").getByRole("button")
    for (const [index, path] of paths.entries()) {
      const button = buttons.nth(index)
      assert.ok((await button.textContent()).endsWith(path))
      const outer = await button.boundingBox()
      const end = await button.locator("bdi").last().boundingBox()
      assert.ok(end.x + end.width <= outer.x + outer.width + 1, `the end of ${path} is in view`)
    }
  })
})

test("All causes can be seen when there are many", async () => {
  const many = (answer) => {
    answer.causes = Array.from({ length: 11 }, (_, index) =>
      ({ cause: `cause_${index}`, sentence: "So.", count: 20 - index }))
  }
  await withOverview(many, {}, async (page) => {
    const lines = page.locator("#overview ol li")
    assert.equal(await lines.count(), 5)
    await page.getByRole("button", { name: "Show all 11" }).click()
    assert.equal(await lines.count(), 11)
    assert.match(await lines.last().innerText(), /10\s+cause_10/)
    await page.getByRole("button", { name: "Show fewer" }).click()
    assert.equal(await lines.count(), 5)
    const again = page.getByRole("button", { name: "Show all 11" })
    assert.ok(await again.evaluate((node) => node === document.activeElement))
  })
})

test("An hour without deliveries is called that, and what is pending since now has no age", async () => {
  const still = (answer) => {
    answer.delivered.fill(0)
    answer.failed.fill(0)
    Object.assign(answer, { endpoints: [], causes: [], pending: 3, oldest_pending: Date.now() / 1000 })
  }
  await withOverview(still, {}, async (page) => {
    assert.match(await page.locator("#overview figcaption").innerText(), /none in the last hour/)
    assert.match(await page.locator("#overview > details > summary").innerText(), /last hour\s.*\s3 pending$/s)
  })
})

test("The overview names the period of the figures that it shows, also while others are asked for", async () => {
  const { url } = await server("clinic")
  await withPage(url, {}, async (page) => {
    const period = page.locator("#overview .period")
    await page.locator("#overview .totals b").first().waitFor()
    let release
    const released = new Promise((done) => { release = done })
    const asked = new Promise((done) => {
      page.route(/span=week/, (route) => {
        done()
        return released.then(() => route.continue())
      })
    })
    await page.getByRole("button", { name: "Week" }).click()
    await asked
    assert.equal(await period.textContent(), "last hour")
    release()
    await until(async () => (await period.textContent()) === "last week", "the week")
    await page.unrouteAll({ behavior: "ignoreErrors" })
  })
})

test("While filters are in use the overview says that it counts all events", async () => {
  const { url } = await server("clinic")
  await withPage(addressOf(url, { status: "failed" }), {}, async (page) => {
    const words = page.locator("#overview").getByText("of all events, without the filters")
    await words.waitFor()
    await page.getByRole("button", { name: "Clear", exact: true }).click()
    await words.waitFor({ state: "hidden" })
  })
})
