// A history with a token: who has none sees nothing, and who has it sees everything.

import assert from "node:assert/strict"
import { test } from "../check.mjs"
import { addressOf, assertListed, awaitList, panel, withPage } from "../page.mjs"
import { pageToken, protectedServer } from "../world.mjs"

const refused = { allowed: [/status of 401/] }

async function logIn(page, token) {
  await page.getByLabel("Token").fill(token)
  await page.getByRole("button", { name: "Log in" }).click()
}

test("Without the token the page asks for it, and shows nothing of the history", async () => {
  const { url, events } = await protectedServer()
  await withPage(addressOf(url, { event: events[0].id }), refused, async (page) => {
    await page.getByRole("dialog", { name: "Log in" }).waitFor()
    await page.keyboard.press("Escape")
    assert.ok(await page.getByRole("dialog", { name: "Log in" }).isVisible(), "it stays")
    assert.ok(!(await page.content()).includes("John Doe"))
    for (const path of ["api/events", "api/names", "api/overview", "api/export?format=csv", "metrics"]) {
      assert.equal((await fetch(url + path)).status, 401, path)
    }
  })
})

test("A wrong token is refused, after a moment", async () => {
  const { url } = await protectedServer()
  await withPage(url, refused, async (page) => {
    const start = Date.now()
    await logIn(page, "not-the-token-at-all")
    await page.getByRole("alert").getByText("That is not the token.").waitFor()
    assert.ok(Date.now() - start >= 900, "guessing takes its time")
    assert.ok(await page.getByRole("dialog", { name: "Log in" }).isVisible())
  })
})

test("The right token shows the history; the login outlives a reload and ends with logging out", async () => {
  const { url, events } = await protectedServer()
  const ids = events.map(({ id }) => id)
  await withPage(url, refused, async (page, context) => {
    await logIn(page, pageToken)
    await assertListed(page, ids)
    await page.getByRole("dialog").waitFor({ state: "detached" })
    const [cookie] = await context.cookies(`${url}api/events`)
    assert.ok(cookie.httpOnly && cookie.sameSite === "Strict" && !cookie.value.includes(pageToken))
    await page.reload()
    await assertListed(page, ids)
    await page.getByRole("button", { name: "Log out" }).click()
    await page.getByRole("dialog", { name: "Log in" }).waitFor()
    assert.equal(await page.locator("#rows [data-event]").count(), 0)
    assert.deepEqual(await context.cookies(`${url}api/events`), [])
  })
})

test("A login that is over is renewed above what the page was asking, which then goes on", async () => {
  const { url } = await protectedServer()
  await withPage(url, refused, async (page, context) => {
    await logIn(page, pageToken)
    await awaitList(page)
    await page.getByRole("button", { name: "Erase…", exact: true }).click()
    await context.clearCookies()
    await page.getByLabel("An e-mail address").fill("nobody has this")
    await page.getByRole("button", { name: "Count" }).click()
    await page.getByRole("dialog", { name: "Log in" }).waitFor()
    await logIn(page, pageToken)
    await page.getByRole("dialog", { name: "Erase a person" }).getByText("Nothing in the history").waitFor()
  })
})

test("After logging in, the page shows what its address says", async () => {
  const { url, events } = await protectedServer()
  await withPage(addressOf(url, { event: events[0].id, status: "delivered" }), refused, async (page) => {
    await logIn(page, pageToken)
    await panel(page).getByRole("heading", { name: "book_appointment" }).waitFor()
    await awaitList(page)
    assert.equal(await page.locator("#rows .badge[data-status=pending]").count(), 0)
  })
})

test("Before the login nothing is called live, nobody can log out, and the server is not asked in vain", async () => {
  const { url } = await protectedServer()
  let refusals = 0
  await withPage(url, refused, async (page) => {
    await page.getByRole("dialog", { name: "Log in" }).waitFor()
    page.on("response", (response) => { if (response.status() === 401) refusals += 1 })
    await page.reload()
    await page.getByRole("dialog", { name: "Log in" }).waitFor()
    const light = page.locator("#connection")
    assert.equal(await light.innerText(), "Not logged in")
    await page.waitForTimeout(2500) // a round of questions
    assert.equal(await light.innerText(), "Not logged in")
    assert.ok(await page.locator("#logout").isHidden())
    assert.equal(refusals, 1)
    await logIn(page, pageToken)
    await awaitList(page)
    await page.locator("#connection[data-state=live]").waitFor()
    await page.getByRole("button", { name: "Log out" }).waitFor()
  })
})
