// Themes, motion, small screens and large letters.

import assert from "node:assert/strict"
import { test } from "../check.mjs"
import { addressOf, assertFits, assertStill, awaitList, openEvent, panel, withPage } from "../page.mjs"
import { emptyServer, server } from "../world.mjs"

// Of the page behind everything: 0 is black, 1 is white.
const brightness = (page) => page.evaluate(() => {
  const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).map(Number)
  return (red + green + blue) / 3 / 255
})

test("The page is light or dark as the system is, and changes with it", async () => {
  const { url } = await server("clinic")
  await withPage(url, { colorScheme: "light" }, async (page) => {
    await awaitList(page)
    assert.ok(await brightness(page) > 0.8)
    await page.emulateMedia({ colorScheme: "dark" })
    assert.ok(await brightness(page) < 0.3)
    assert.equal(await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches), true)
  })
})

test("Nothing moves for people who want less motion", async () => {
  const { url, events } = await server("clinic")
  await withPage(addressOf(url, { event: events[0].id }), { reducedMotion: "reduce" }, async (page) => {
    await awaitList(page)
    await panel(page).locator("[data-part=slots]").waitFor()
    await assertStill(page)
  })
})

const screens = {
  "at 360 pixels": { viewport: { width: 360, height: 640 } },
  "at 200 % zoom": { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
}

for (const [name, settings] of Object.entries(screens)) {
  test(`List, event and dialogs fit ${name}, without scrolling sideways`, async () => {
    const { url, events } = await server("clinic")
    await withPage(url, settings, async (page) => {
      await awaitList(page)
      await assertFits(page, "the list")
      await page.getByRole("combobox", { name: "Time" }).selectOption("custom")
      await assertFits(page, "a range of time")
      await page.getByRole("combobox", { name: "Time" }).selectOption("")
      await page.getByRole("button", { name: "Erase…" }).first().click()
      await page.getByRole("dialog").waitFor()
      await assertFits(page, "a dialog")
      await page.keyboard.press("Escape")
      await openEvent(page, events[0].id)
      await assertFits(page, "an event")
      const heading = await panel(page).getByRole("heading", { level: 2 }).boundingBox()
      assert.ok(heading.x >= 0 && heading.x < settings.viewport.width && heading.y >= 0 && heading.y < 200)
      await panel(page).getByRole("button", { name: "Close" }).click()
      await panel(page).waitFor({ state: "hidden" })
    })
  })
}

test("At 360 pixels an event's name breaks at its words, and its headers' values have room", async () => {
  const { url, events } = await server("clinic")
  await withPage(url, { viewport: { width: 360, height: 640 } }, async (page) => {
    await awaitList(page)
    await openEvent(page, events[0].id)
    assert.match(await panel(page).locator("h2").innerHTML(), /book_<wbr>appointment/)
    const value = await panel(page).locator("[data-part=headers] dd").first().boundingBox()
    assert.ok(value.width >= 250, `${value.width} pixels`)
  })
})

test("Where there is no keyboard, none is explained, and the head of the page is one line less", async () => {
  const { url } = await server("clinic")
  await withPage(url, { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true }, async (page) => {
    await awaitList(page)
    await page.locator("#connection[data-state=live]").waitFor()
    assert.ok(await page.locator("#help").isHidden())
    const [title, erase] = [await page.locator("h1").boundingBox(), await page.locator("#erase").boundingBox()]
    assert.ok(erase.y < title.y + title.height, "they stand in one line")
  })
})

test("An empty history fits at 360 pixels, without a line for a list that is not there", async () => {
  const { url } = await emptyServer()
  await withPage(url, { viewport: { width: 360, height: 640 } }, async (page) => {
    await page.getByRole("heading", { name: "No events yet" }).waitFor()
    await assertFits(page, "the empty history")
    assert.equal((await page.locator("#list").boundingBox())?.height ?? 0, 0)
  })
})
