// What strangers send is only ever text: nothing of it runs, is loaded, or breaks the layout. withPage fails for a
// dialog, an error, a violation of the Content-Security-Policy, window.__pwned, and a request to another origin.

import assert from "node:assert/strict"
import { test } from "../check.mjs"
import { texts } from "../hostile.mjs"
import { addressOf, assertFits, assertListed, awaitList, openEvent, panel, row, withPage } from "../page.mjs"
import { until } from "../processes.mjs"
import { server } from "../world.mjs"

// No element is there that could only come from text that was taken for HTML.
async function assertOnlyText(page) {
  const strange = await page.evaluate(() => {
    const bad = "script:not([src]), iframe, img, object, embed, base, meta[http-equiv], style, title + title,"
      + "a[href^='javascript:' i], a[href^='data:' i]"
    const handlers = [...document.querySelectorAll("*")].filter((node) =>
      node.getAttributeNames().some((name) => name.startsWith("on")))
    return [...document.querySelectorAll(bad), ...handlers].map((node) => node.outerHTML.slice(0, 200))
  })
  assert.deepEqual(strange, [])
  assert.equal(await page.evaluate(() => ({}).polluted), undefined)
}

// Unfolds and presses whatever shows more of an event.
async function showEverything(page) {
  const shown = panel(page)
  for (const kind of ["JSON", "Bytes", "Text"]) {
    const buttons = shown.getByRole("button", { name: kind, exact: true })
    for (const button of await buttons.all()) await button.click()
    for (let more = true, rounds = 0; more && rounds < 30; rounds++) {
      more = await shown.evaluate((node) => {
        const closed = [...node.querySelectorAll("details:not([open])")]
        for (const details of closed) details.open = true
        const rest = [...node.querySelectorAll("button")]
          .filter((button) => /^Show (all|more)/.test(button.textContent))
        for (const button of rest) button.click()
        return closed.length + rest.length > 0
      })
    }
    await assertOnlyText(page)
  }
}

test("The list shows hostile names, sessions and slots as text, and keeps its layout", async () => {
  const { url, events } = await server("hostile")
  await withPage(url, {}, async (page) => {
    await awaitList(page)
    await assertListed(page, events.map(({ id }) => id))
    await assertOnlyText(page)
    await assertFits(page, "the list")
    const { id } = events.find(({ intent }) => intent.startsWith("<img"))
    assert.equal(await row(page, id).locator(".intent").innerText(), "<img src=x onerror=window.__pwned=30>")
    assert.equal(await row(page, id).locator(".session").innerText(), texts.image)
    const heights = await page.locator("#rows [data-event]").evaluateAll((rows) =>
      rows.map((node) => node.getBoundingClientRect().height))
    assert.ok(Math.max(...heights) < 150, `the highest row has ${Math.max(...heights)} pixels`)
    await page.setViewportSize({ width: 360, height: 640 })
    await assertFits(page, "the list at 360 pixels")
  })
})

const groups = ["receives_html", "receives_json", "receives_deep", "receives_numbers", "receives_unbroken",
  "receives_binary", "receives_zero", "receives_ansi", "receives_headers", "receives_refusal", "<img", "very_long",
  "javascript:", "says_all", "says_much", "raises"]

for (const name of groups) {
  test(`Nothing of a hostile event runs, and it keeps its layout, however it is shown: ${name}`, async () => {
    const { url, events } = await server("hostile")
    const { id } = events.find(({ intent }) => intent.startsWith(name))
    await withPage(url, {}, async (page) => {
      await openEvent(page, id)
      await assertOnlyText(page)
      await assertFits(page, name)
      await showEverything(page)
      await assertFits(page, `${name}, unfolded`)
      await page.setViewportSize({ width: 360, height: 640 })
      await assertFits(page, `${name}, at 360 pixels`)
    })
  })
}

test("Characters that nobody sees, or that turn text around, are shown as signs", async () => {
  const { url, events } = await server("hostile")
  const expected = {
    says_all: ["U+009B", "U+202E", "U+2066", "U+2069", "U+200F", "U+2028", "U+0085"],
    receives_ansi: ["U+001B", "U+0007"],
  }
  await withPage(url, {}, async (page) => {
    for (const [name, codes] of Object.entries(expected)) {
      const { id } = events.find(({ intent }) => intent === name)
      await openEvent(page, id)
      const signs = await page.locator("#panel .unseen").evaluateAll((nodes) => nodes.map((node) => node.title))
      for (const code of codes) assert.ok(signs.includes(code), `${code} has a sign`)
      const shown = await page.locator("body").innerText()
      assert.doesNotMatch(shown, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
      await page.keyboard.press("Escape")
    }
  })
})

test("Hostile text can be filtered by, from the form and from the address", async () => {
  const { url, events } = await server("hostile")
  const expected = events.filter(({ session }) => session === texts.image)
  await withPage(url, {}, async (page) => {
    await awaitList(page)
    await page.getByLabel("Session").fill(texts.image)
    await until(async () => (await page.locator("#rows [data-event]").count()) === expected.length, "the filtered list")
    await assertOnlyText(page)
    await page.getByRole("combobox", { name: "Intent" }).selectOption("<img src=x onerror=window.__pwned=30>")
    await until(async () => (await page.locator("#rows [data-event]").count()) === 1, "one event")
    await page.goto(addressOf(url, { intent: texts.image, search: texts.closing }))
    await page.getByRole("heading", { name: "Nothing matches these filters" }).waitFor()
    await assertOnlyText(page)
  })
})

test("An address with nonsense for every filter shows what is wrong, and nothing runs", async () => {
  const { url } = await server("clinic")
  const view = { intent: texts.script, status: texts.image, session: texts.handler, url: "javascript:alert(1)",
    since: texts.link, until: "NaN", search: texts.closing, event: `../../${texts.script}`, span: texts.braces }
  await withPage(addressOf(url, view), { allowed: [/status of 40[04]/] }, async (page) => {
    await page.locator("#list-end[data-state=failed]").waitFor()
    await panel(page).getByText("It is not in the history").waitFor()
    await assertOnlyText(page)
    await assertFits(page, "nonsense")
  })
})

test("The overview shows hostile addresses of endpoints as text", async () => {
  const { url } = await server("hostile")
  await withPage(url, {}, async (page) => {
    const overview = page.locator("#overview")
    await overview.getByRole("table", { name: "Endpoints" }).getByRole("row").nth(1).waitFor()
    await overview.getByRole("button", { name: /^Show all/ }).click()
    await overview.getByRole("button", { name: "/ok/all?<script>" }).waitFor()
    await assertOnlyText(page)
    await assertFits(page, "the overview")
  })
})

test("A hostile body is saved under a harmless type and name, and is never opened", async () => {
  const { url, events } = await server("hostile")
  const { id } = events.find(({ intent }) => intent === "receives_html")
  await withPage(addressOf(url, { event: id }), {}, async (page) => {
    const link = panel(page).locator("[data-part=response-body]").getByRole("link", { name: "Raw" })
    const address = new URL(await link.getAttribute("href"), url)
    const response = await fetch(address)
    assert.equal(response.headers.get("content-type"), "application/octet-stream")
    assert.match(response.headers.get("content-disposition"), /^attachment/)
    assert.equal(response.headers.get("x-content-type-options"), "nosniff")
    assert.match(await response.text(), /<script>/)
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()])
    assert.match(download.suggestedFilename(), /^[\w.-]+$/)
    assert.equal(page.url(), addressOf(url, { event: id }))
  })
})

test("The guard of these tests notices a script that runs, and a request to elsewhere", async () => {
  const { url } = await server("clinic")
  const broken = withPage(url, {}, async (page) => {
    await awaitList(page)
    await page.evaluate(() => {
      window.__pwned = 1
      return fetch("http://127.0.0.1:9/").catch(() => {})
    })
  })
  await assert.rejects(broken, ({ message }) =>
    /__pwned was set/.test(message) && /Content Security Policy/.test(message))
})
