// axe-core finds nothing, whatever is shown: in both themes, on a wide and on a small screen.

import { test } from "../check.mjs"
import { addressOf, assertAccessible, awaitList, openEvent, panel, withPage } from "../page.mjs"
import { emptyServer, protectedServer, server } from "../world.mjs"

const states = [
  ["the list", server, {}, awaitList],
  ["an event that was delivered", server, {}, async (page, { events }) => openEvent(page, events[0].id)],
  ["an event that failed, with an error", server, {}, async (page, { events }) =>
    openEvent(page, events.find(({ intent }) => intent === "ask_raises").id)],
  ["filters in use", server, { status: "failed", search: "about", since: "1700000000" }, awaitList],
  ["filters that nothing matches", server, { session: "nobody" }, awaitList],
  ["the dialog that erases", server, {}, async (page, { events }) => {
    await openEvent(page, events[0].id)
    await panel(page).getByRole("button", { name: "Erase its session…" }).click()
    await page.getByRole("dialog").getByLabel("Type").waitFor()
  }],
  ["the dialog of keys", server, {}, async (page) => {
    await page.keyboard.press("?")
    await page.getByRole("dialog", { name: "Keys" }).waitFor()
  }],
  ["the overview as a table", server, {}, async (page) => {
    await page.getByText("As a table").click()
    await page.locator("#overview").getByRole("table").first().waitFor()
  }],
  ["an empty history", emptyServer, {}, awaitList],
  ["the login", protectedServer, {}, async (page) => page.getByRole("dialog", { name: "Log in" }).waitFor()],
]

for (const [state, serverOf, view, show] of states) {
  test(`axe finds no violation in ${state}, in both themes and on a small screen`, async () => {
    const shown = await serverOf("clinic")
    const options = { allowed: [/status of 401/], reducedMotion: "reduce" }
    await withPage(addressOf(shown.url, view), options, async (page) => {
      await show(page, shown)
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 800 })
        await page.emulateMedia({ colorScheme: "light" })
        await assertAccessible(page, `${state}, light, ${width} pixels`)
        await page.emulateMedia({ colorScheme: "dark" })
        await assertAccessible(page, `${state}, dark, ${width} pixels`, true)
      }
    })
  })
}
