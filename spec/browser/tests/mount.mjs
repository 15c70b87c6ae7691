// The page in nginx with OpenResty's Lua module, below a prefix.

import assert from "node:assert/strict"
import { test } from "../check.mjs"
import { addressOf, assertListed, openEvent, panel, withPage } from "../page.mjs"
import { copyHistory, history, serveInNginx } from "../world.mjs"

test("Mounted in nginx below a prefix, the page works as a whole, and asks for nothing outside of it", async () => {
  const made = await history("clinic")
  const ids = made.events.map(({ id }) => id)
  const prefix = "/ops/intents"
  const nginx = await serveInNginx(await copyHistory(made), prefix)
  await withPage(nginx.url, {}, async (page) => {
    const asked = []
    page.on("request", (request) => asked.push(new URL(request.url()).pathname))
    await assertListed(page, ids)
    await openEvent(page, ids[0])
    assert.match(await panel(page).locator("[data-part=response-body]").innerText(), /Bring your insurance card/)
    await page.reload()
    await panel(page).getByRole("heading", { name: "book_appointment" }).waitFor()
    await page.keyboard.press("Escape")
    await page.getByLabel("Session").fill("web-liu")
    await assertListed(page, [made.events.find(({ session }) => session === "web-liu").id])
    await page.locator("#overview svg rect.failed").first().waitFor()
    const [download] = await Promise.all([page.waitForEvent("download"),
      page.getByRole("link", { name: "JSON Lines" }).click()])
    assert.match(download.suggestedFilename(), /\.jsonl$/)
    await page.getByRole("button", { name: "Erase…", exact: true }).click()
    await page.getByLabel("An e-mail address").fill("2026-03-12")
    await page.getByRole("button", { name: "Count" }).click()
    await page.getByLabel("Type").fill("erase")
    await page.getByRole("button", { name: "Erase 1 event" }).click()
    await page.getByText("1 event erased.").waitFor()
    assert.deepEqual(asked.filter((path) => !path.startsWith(`${prefix}/`)), [])
  })
  await nginx.stop()
})

test("The prefix without a slash at its end leads to the page, with what the address says", async () => {
  const made = await history("clinic")
  const nginx = await serveInNginx(await copyHistory(made), "/history")
  const address = addressOf(nginx.url.replace(/\/$/, ""), { status: "paused" })
  await withPage(address, {}, async (page) => {
    assert.equal(page.url(), addressOf(nginx.url, { status: "paused" }))
    await assertListed(page, [made.events.find(({ session }) => session === "sms-mai").id])
  })
  await nginx.stop()
})
