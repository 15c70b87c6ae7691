// The filtered list as a file.

import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { test } from "../check.mjs"
import { addressOf, awaitList, withPage } from "../page.mjs"
import { server } from "../world.mjs"

async function saved(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).click()])
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") }
}

test("JSON Lines has the events of the filtered list, with their attempts", async () => {
  const { url, events } = await server("clinic")
  await withPage(addressOf(url, { session: "web-aisha" }), {}, async (page) => {
    await awaitList(page)
    const { name, text } = await saved(page, "JSON Lines")
    assert.match(name, /\.jsonl$/)
    const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line))
    const expected = events.filter(({ session }) => session === "web-aisha")
    assert.deepEqual(lines.map(({ id }) => id), expected.map(({ id }) => id))
    assert.equal(lines[0].deliveries[0].attempts[0].method, "POST")
  })
})

test("CSV has a row for each delivery of the filtered list", async () => {
  const { url } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await awaitList(page)
    await page.getByLabel("Status").selectOption("failed")
    await awaitList(page)
    const { name, text } = await saved(page, "CSV")
    assert.match(name, /\.csv$/)
    const [head, ...rows] = text.trimEnd().split("\r\n")
    assert.match(head, /^time,id,intent,/)
    const failed = await page.locator("#rows .badge[data-status=failed]").count()
    assert.equal(rows.filter((line) => line.includes(",failed,")).length, failed)
  })
})
