// One event: what was sent, what came back, how long it took, and why it failed.

import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { test } from "../check.mjs"
import { addressOf, awaitList, clipboardPermissions, copied, openEvent, panel, row, withPage } from "../page.mjs"
import { until } from "../processes.mjs"
import { phone, token } from "../scenes.mjs"
import { receiver, server } from "../world.mjs"

// Opens the event of an intent of the clinic by its address.
async function withEvent(intent, options, body) {
  const { url, events } = await server("clinic")
  const { id } = events.find((event) => event.intent === intent)
  await withPage(addressOf(url, { event: id }), options, async (page, context) => {
    await panel(page).locator("[data-part=slots]").waitFor()
    await body(panel(page), { page, context, id, url })
  })
}

const words = async (locator) => (await locator.innerText()).replace(/\s+/g, " ").trim()

// The headers of a half, as [name, value] pairs.
function headersOf(half) {
  return half.locator("[data-part=headers] dl > div").evaluateAll((lines) => lines.map((line) =>
    [line.querySelector("dt").innerText, line.querySelector("dd").innerText]))
}

test("A click on the badge shows the request with URL, method, headers and body", async () => {
  const { url, events } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await openEvent(page, events[0].id)
    const request = panel(page).locator("[data-part=request]")
    assert.equal(await words(request.locator(".first-line")), `POST ${receiver().url}/booking HTTP/1.1`)
    const headers = new Map(await headersOf(request))
    assert.equal(headers.get("Content-Type"), "application/json")
    assert.equal(headers.get("X-Room"), "front-desk")
    assert.equal(headers.get("Authorization"), "[redacted]")
    const body = await words(request.locator("[data-part=request-body] .json"))
    assert.equal(body, '{ "customer_name": "John Doe", "appointment_date": "2026-03-15", "phone": "[redacted]" }')
  })
})

test("A click on the badge shows the response with HTTP status, headers and body", async () => {
  const { url, events } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await openEvent(page, events[0].id)
    const response = panel(page).locator("[data-part=response]")
    assert.equal(await response.locator("[data-part=status]").innerText(), "200")
    assert.equal(new Map(await headersOf(response)).get("Content-Type"), "application/json")
    const body = await response.locator("[data-part=response-body] .json").innerText()
    assert.match(body, /"state": "confirmed"/)
    assert.match(body, /"room": null/)
  })
})

test("The badge of a delivery shows that delivery", async () => {
  const { url, events } = await server("clinic")
  const { id } = events.find(({ intent }) => intent === "request_callback")
  await withPage(url, {}, async (page) => {
    await openEvent(page, id, 2)
    const second = panel(page).locator("[data-part=delivery][data-delivery='2']")
    await until(() => second.evaluate((node) => node.contains(document.activeElement)), "the focus on the second one")
    const { y, height } = await second.locator("h3").boundingBox()
    assert.ok(y >= 0 && y + height <= 800, "it is in view")
    assert.match(await words(second), /failed 422/)
  })
})

test("JSON folds and unfolds", async () => {
  await withEvent("book_appointment", {}, async (shown) => {
    const doctor = shown.locator("[data-part=response-body] .json details", { hasText: '"doctor"' }).last()
    const name = doctor.getByText('"Dr. Weber"')
    assert.ok(await name.isVisible())
    await doctor.locator("summary").first().click()
    assert.ok(!await name.isVisible())
    assert.match(await words(doctor.locator("summary").first()), /"doctor": \{ 4 keys \}/)
    await doctor.locator("summary").first().click()
    assert.ok(await name.isVisible())
  })
})

test("A body is shown as JSON, as text and as bytes, and its raw bytes are saved as they came", async () => {
  await withEvent("book_appointment", {}, async (shown, { page }) => {
    const body = shown.locator("[data-part=response-body]")
    await body.getByRole("button", { name: "Text" }).click()
    const text = await body.locator("pre.text").innerText()
    assert.deepEqual(JSON.parse(text).notes, ["Bring your insurance card", "Come ten minutes early"])
    await body.getByRole("button", { name: "Bytes" }).click()
    assert.match(await body.locator("pre.bytes").innerText(), /^00000000 {2}7B 22 62 6F .* \{"booking":/)
    assert.equal(await body.getByRole("button", { name: "Bytes" }).getAttribute("aria-pressed"), "true")
    const raw = body.getByRole("link", { name: "Raw" })
    const [download] = await Promise.all([page.waitForEvent("download"), raw.click()])
    assert.equal(await readFile(await download.path(), "utf8"), text)
  })
})

test("Text with any letters is shown as it was sent", async () => {
  await withEvent("request_callback", {}, async (shown) => {
    const first = shown.locator("[data-delivery='1'] [data-part=response-body]")
    assert.equal(await first.locator("pre.text").innerText(), "Danke, bis Montag! Cảm ơn 🙏")
  })
})

test("What was truncated and what was redacted is said", async () => {
  await withEvent("ask_long", {}, async (shown) => {
    assert.match(await words(shown.locator(".truncated")), /Truncated: the first 64 KiB of 80 KiB are stored\./)
  })
  await withEvent("ask_endless", {}, async (shown) => {
    assert.match(await words(shown.locator(".truncated")), /Truncated: .*first 64 KiB/)
  })
  await withEvent("ask_secret", {}, async (shown, { page }) => {
    assert.match(await words(shown), /\[redacted\] stands where a secret was/)
    const response = new Map(await headersOf(shown.locator("[data-part=response]")))
    assert.equal(response.get("Set-Cookie"), "[redacted]")
    assert.equal(response.get("X-Echo"), "Bearer [redacted]")
    assert.ok(!(await page.content()).includes(token))
  })
})

test("No secret is anywhere on the page", async () => {
  await withEvent("book_appointment", {}, async (_, { page }) => {
    const source = await page.content()
    assert.ok(!source.includes(token) && !source.includes(phone))
  })
})

test("The cause of each failure stands there in a sentence", async () => {
  const { url, events } = await server("clinic")
  const causes = await (await fetch(`${url}api/causes`)).json()
  const expected = {
    ask_unwell: "status_5xx", ask_moved: "status_3xx", ask_empty: "response_empty", ask_reset: "response_reset",
    ask_hang: "response_timeout", ask_no_http: "response_malformed", ask_disabled: "endpoint_disabled",
    ask_raises: "map_error", ask_closed: "connect_refused", ask_tls: "tls_handshake", cancel_appointment: "status_4xx",
  }
  await withPage(url, {}, async (page) => {
    for (const [intent, cause] of Object.entries(expected)) {
      const { id } = events.find((event) => event.intent === intent)
      await openEvent(page, id)
      const said = panel(page).locator("[data-part=delivery] > .cause")
      await until(async () => (await words(said)).includes(cause), `${cause} to be said`)
      assert.ok((await words(said)).startsWith(causes[cause]), `${await words(said)} is not ${causes[cause]}`)
      await page.keyboard.press("Escape")
    }
  })
})

test("A response that broke off is said to be so, though it was delivered", async () => {
  await withEvent("ask_cut", {}, async (shown) => {
    assert.match(await words(shown), /The connection ended before the whole response body had come\. body_cut/)
  })
})

test("A delivery that was not sent says so, with the error of the Lua function", async () => {
  await withEvent("ask_raises", {}, async (shown) => {
    assert.match(await words(shown), /Nothing was sent\./)
    assert.match(await shown.locator(".trouble.error").innerText(), /the room has no number[^]*stack traceback/)
  })
  await withEvent("said_hello", {}, async (shown) => {
    assert.match(await words(shown), /no webhook was sent for it/)
  })
})

test("The timings are shown for each phase, and where a request broke off", async () => {
  await withEvent("book_appointment", {}, async (shown) => {
    const names = await shown.locator(".phases li[data-phase]")
      .evaluateAll((list) => list.map((node) => node.dataset.phase))
    assert.deepEqual(names, ["name lookup", "connect", "first byte", "rest"])
    const bar = await shown.locator(".timing").boundingBox()
    assert.ok(bar.width > 200 && bar.height >= 4)
    assert.match(await words(shown.locator(".phases")), /total \d[\d.]* (µs|ms)/)
  })
  await withEvent("ask_hang", {}, async (shown) => {
    const last = shown.locator(".phases li[data-finished=false]")
    assert.match(await words(last), /^first byte [\d.]+ m?s and not finished$/)
  })
})

test("An event has an address of its own, which a link copies", async () => {
  await withEvent("cancel_appointment", clipboardPermissions, async (shown, { page, id, url }) => {
    assert.equal(await shown.getByRole("heading", { level: 2 }).innerText(), "cancel_appointment")
    assert.match(await page.title(), /cancel_appointment/)
    await awaitList(page)
    assert.equal(await row(page, id).locator("a[aria-current=true]").count(), 1)
    const link = await copied(page, shown.getByRole("button", { name: "Copy link" }))
    assert.equal(link, addressOf(url, { event: id }))
  })
})

test("The address of an event that is not there says so", async () => {
  const { url } = await server("clinic")
  const address = addressOf(url, { event: "01a20955-0000-7000-8000-000000000000" })
  await withPage(address, { allowed: [/404/] }, async (page) => {
    await panel(page).getByText("It is not in the history").waitFor()
  })
})

test("Back closes an event that was opened, and forward opens it again", async () => {
  const { url, events } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await openEvent(page, events[0].id)
    await page.goBack()
    await panel(page).waitFor({ state: "hidden" })
    await page.goForward()
    await panel(page).getByRole("heading", { name: "book_appointment" }).waitFor()
  })
})

test("Previous and next go through the list, with buttons and with keys, also in quick succession", async () => {
  const { url, events } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await openEvent(page, events[0].id)
    const arrived = (index) => until(async () => new URL(page.url()).searchParams.get("event") === events[index].id
      && (await panel(page).innerText()).includes(events[index].id), `event ${index}`)
    await panel(page).getByRole("button", { name: "Older event" }).click()
    await arrived(1)
    await page.keyboard.press("ArrowRight")
    await arrived(2)
    for (let count = 0; count < 5; count++) await page.keyboard.press("j")
    await arrived(7)
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("k")
    await arrived(5)
    await panel(page).getByRole("button", { name: "Newer event" }).click()
    await arrived(4)
  })
})

test("The size of a body from which something was redacted is said to be that of what is stored", async () => {
  await withEvent("book_appointment", {}, async (shown) => {
    assert.match(await words(shown.locator("[data-part=request-body] .body-head")), /\d+ bytes as stored/)
    assert.doesNotMatch(await words(shown.locator("[data-part=response-body] .body-head")), /as stored/)
  })
})
