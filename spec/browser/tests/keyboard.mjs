// The page with the keyboard alone.

import assert from "node:assert/strict"
import { test } from "../check.mjs"
import { assertListed, awaitList, panel, row, withPage } from "../page.mjs"
import { until } from "../processes.mjs"
import { server } from "../world.mjs"

// What has the focus: its accessible name, or its text, in short.
const focused = (page) => page.evaluate(() => {
  const node = document.activeElement
  const name = node.getAttribute("aria-label") ?? node.labels?.[0]?.firstElementChild?.textContent ?? node.textContent
  return name.replace(/\s+/g, " ").trim()
})

const isFocused = (locator) => locator.evaluate((node) => node === document.activeElement)

test("Tab goes through the whole page in the order in which it is seen, and shows where it is", async () => {
  const { url, events } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await assertListed(page, events.map(({ id }) => id))
    const places = []
    const unseen = []
    for (let count = 0; count < 60; count++) {
      await page.keyboard.press("Tab")
      const place = await page.evaluate(() => {
        const node = document.activeElement
        if (node === document.body) return null
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(node)
        const box = node.getBoundingClientRect()
        const inOverview = Boolean(node.closest("#overview"))
        return {
          name: (node.getAttribute("aria-label") ?? node.textContent).replace(/\s+/g, " ").trim(),
          row: node.closest("#rows .row")?.dataset.event,
          y: box.top + scrollY,
          x: box.left,
          height: box.height,
          inOverview,
          shown: (outlineStyle !== "none" && parseFloat(outlineWidth) >= 1) || boxShadow !== "none",
        }
      })
      if (!place) break
      places.push(place)
      if (!place.shown) unseen.push(place)
      if (place.row === events[2].id) break
    }
    assert.deepEqual(unseen, [])
    assert.equal(places[0].name, "Skip to the events")
    assert.equal(places.at(-1).row, events[2].id, "the focus got as far as the third row")
    const down = places.slice(1).filter(({ inOverview }) => !inOverview)
    for (const [index, place] of down.entries()) {
      const last = down[index - 1]
      if (!last) continue
      const below = place.y >= last.y + last.height / 2
      const beside = place.x >= last.x && Math.abs(place.y - last.y) < 40
      assert.ok(below || beside, `${place.name} comes after ${last.name}`)
    }
  })
})

test("The first Tab offers to skip to the events", async () => {
  const { url } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await awaitList(page)
    await page.keyboard.press("Tab")
    assert.equal(await focused(page), "Skip to the events")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert.ok(await page.evaluate(() => document.querySelector("main").contains(document.activeElement)))
  })
})

test("j and k go through the list, Enter opens an event, Escape closes it and the focus is where it was", async () => {
  const { url, events } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await assertListed(page, events.map(({ id }) => id))
    const link = (index) => row(page, events[index].id).locator("a").first()
    await page.keyboard.press("j")
    assert.ok(await isFocused(link(0)))
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    assert.ok(await isFocused(link(2)))
    await page.keyboard.press("k")
    assert.ok(await isFocused(link(1)))
    await page.keyboard.press("ArrowDown")
    assert.ok(await isFocused(link(2)))
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await panel(page).locator("[data-part=slots]").waitFor()
    await until(() => panel(page).evaluate((node) => node.contains(document.activeElement)), "the focus in the event")
    await page.keyboard.press("Escape")
    await panel(page).waitFor({ state: "hidden" })
    assert.ok(await isFocused(link(1)))
    assert.equal(new URL(page.url()).search, "")
  })
})

test("A badge opens its delivery with Enter", async () => {
  const { url, events } = await server("clinic")
  const { id } = events.find(({ intent }) => intent === "request_callback")
  await withPage(url, {}, async (page) => {
    await row(page, id).locator(".badge").nth(1).focus()
    await page.keyboard.press("Enter")
    await until(() => panel(page).locator("[data-part=delivery][data-delivery='2'] h3")
      .evaluateAll((nodes) => nodes[0] === document.activeElement), "the focus on the second delivery")
  })
})

test("After an event that j and k led to is closed, the focus is on its row", async () => {
  const { url, events } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await assertListed(page, events.map(({ id }) => id))
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await panel(page).getByText(events[0].id).waitFor()
    await page.keyboard.press("j")
    await panel(page).getByText(events[1].id).waitFor()
    await page.keyboard.press("Escape")
    assert.ok(await isFocused(row(page, events[1].id).locator("a").first()))
  })
})

test("/ goes to the search, and letters typed there are no commands", async () => {
  const { url } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await awaitList(page)
    await page.keyboard.press("/")
    const search = page.getByLabel("Search in slots")
    assert.ok(await isFocused(search))
    await page.keyboard.type("jk?n/")
    assert.equal(await search.inputValue(), "jk?n/")
    assert.equal(await page.getByRole("dialog").count(), 0)
  })
})

test("? lists the keys in a dialog, which Escape closes and which gives the focus back", async () => {
  const { url } = await server("clinic")
  await withPage(url, {}, async (page) => {
    await awaitList(page)
    const button = page.getByRole("button", { name: "Shortcuts" })
    await button.focus()
    await page.keyboard.press("?")
    await page.getByRole("dialog", { name: "Keys" }).waitFor()
    await page.keyboard.press("j")
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    assert.ok(await isFocused(button))
  })
})

test("JSON is folded with the keyboard", async () => {
  const { url, events } = await server("clinic")
  await withPage(`${url}?event=${events[0].id}`, {}, async (page) => {
    const summary = panel(page).locator("[data-part=response-body] .json summary").first()
    await summary.focus()
    await page.keyboard.press("Enter")
    assert.ok(!await panel(page).getByText('"Dr. Weber"').isVisible())
    await page.keyboard.press("Space")
    assert.ok(await panel(page).getByText('"Dr. Weber"').isVisible())
  })
})
