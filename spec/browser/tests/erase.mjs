// Erasing: one event, a session, a person. Each test has a history of its own.

import assert from "node:assert/strict"
import { test } from "../check.mjs"
import { assertListed, openEvent, panel, row, withPage } from "../page.mjs"
import { copyHistory, history, serve, sqlite } from "../world.mjs"

async function withCopy(body) {
  const made = await history("clinic")
  const path = await copyHistory(made)
  const server = await serve(path)
  try {
    await withPage(server.url, {}, async (page) => {
      await assertListed(page, made.events.map(({ id }) => id))
      await body(page, made.events, path)
    })
  } finally {
    await server.stop()
  }
}

const idsOf = (events) => events.map(({ id }) => id)

test("One event is erased with all that was sent and received, and leaves the list", async () => {
  await withCopy(async (page, events, path) => {
    await openEvent(page, events[0].id)
    await panel(page).getByRole("button", { name: "Erase this event…" }).click()
    const dialog = page.getByRole("dialog", { name: "Erase this event" })
    await dialog.getByRole("button", { name: "Erase 1 event" }).click()
    await dialog.getByText("1 event erased.").waitFor()
    await page.keyboard.press("Escape")
    await assertListed(page, idsOf(events.slice(1)))
    assert.equal(await sqlite(path, "SELECT count(*) FROM attempts WHERE request_body LIKE '%John Doe%'"), "0")
  })
})

test("A session is erased after its count was seen and the word was typed", async () => {
  await withCopy(async (page, events) => {
    const { id } = events.find(({ session }) => session === "web-aisha")
    await openEvent(page, id)
    await panel(page).getByRole("button", { name: "Erase its session…" }).click()
    const dialog = page.getByRole("dialog", { name: "Erase a session" })
    const button = dialog.getByRole("button", { name: "Erase 2 events" })
    await button.waitFor()
    assert.ok(await button.isDisabled())
    await dialog.getByLabel("Type").fill("erase")
    await button.click()
    await dialog.getByText("2 events erased.").waitFor()
    await dialog.getByRole("button", { name: "Close" }).click()
    await assertListed(page, idsOf(events.filter(({ session }) => session !== "web-aisha")))
  })
})

test("A person is erased by what is known of them, and only with a confirmation", async () => {
  await withCopy(async (page, events) => {
    const dialog = page.getByRole("dialog", { name: "Erase a person" })
    const find = async () => {
      await page.getByRole("button", { name: "Erase…", exact: true }).click()
      await dialog.getByLabel("An e-mail address").fill("Núñez")
      await dialog.getByRole("button", { name: "Count" }).click()
      await dialog.getByRole("button", { name: "Erase 1 event" }).waitFor()
    }
    await find()
    await dialog.getByRole("button", { name: "Cancel" }).click()
    await page.reload()
    await assertListed(page, idsOf(events))
    await find()
    await dialog.getByLabel("Type").fill("erase")
    await page.keyboard.press("Enter")
    await dialog.getByText("1 event erased.").waitFor()
    await page.keyboard.press("Escape")
    await assertListed(page, idsOf(events.filter(({ session }) => session !== "web-pedro")))
    assert.equal(await row(page, events.find(({ session }) => session === "web-pedro").id).count(), 0)
  })
})

test("When nothing has what is to be erased, the page says so, and something else can be tried", async () => {
  await withCopy(async (page) => {
    await page.getByRole("button", { name: "Erase…", exact: true }).click()
    const dialog = page.getByRole("dialog", { name: "Erase a person" })
    await dialog.getByLabel("An e-mail address").fill("nobody@example.org")
    await dialog.getByRole("button", { name: "Count" }).click()
    await dialog.getByText("Nothing in the history is like that.").waitFor()
    await dialog.getByText("redacted: they cannot be found").waitFor()
    const field = dialog.getByLabel("An e-mail address")
    assert.equal(await field.inputValue(), "nobody@example.org")
    await field.fill("Núñez")
    await dialog.getByRole("button", { name: "Count" }).click()
    await dialog.getByRole("button", { name: "Erase 1 event" }).waitFor()
  })
})
