// page: what the tests look for in the page.

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { until } from "./processes.mjs"

export { withPage } from "./visit.mjs"

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8")

// No violation of accessibility, as far as axe knows; colours: of the rules for these only, in another theme.
export async function assertAccessible(page, where, colours = false) {
  await settle(page)
  if (!await page.evaluate(() => Boolean(window.axe))) await page.evaluate(axe)
  const violations = await page.evaluate(async (onlyColours) => {
    const runOnly = onlyColours ? ["color-contrast", "link-in-text-block"] : undefined
    const rules = onlyColours ? {} : { "target-size": { enabled: true } }
    const result = await window.axe.run(document, { resultTypes: ["violations"], runOnly, rules })
    return result.violations.map(({ id, help, nodes }) => ({
      id, help, nodes: nodes.slice(0, 4).map(({ html, failureSummary }) => `${html.slice(0, 300)} ${failureSummary}`),
    }))
  }, colours)
  assert.deepEqual(violations, [], `axe, ${where}`)
}

// Waits until the page has taken notice of another size or theme.
export function settle(page) {
  return page.evaluate(() => new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))
  }))
}

// The page does not scroll sideways, nor does a part of it but code and tables, and nothing visible sticks out of it to
// the right.
export async function assertFits(page, where) {
  const found = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    const wide = []
    const isClipped = (element) => {
      for (let parent = element.parentElement; parent && parent !== document.body; parent = parent.parentElement) {
        if (getComputedStyle(parent).overflowX !== "visible") return true
      }
      return false
    }
    for (const element of document.body.querySelectorAll("*")) {
      const scrolls = /auto|scroll/.test(getComputedStyle(element).overflowX) && !element.matches("pre, .json, .scroll")
      if (scrolls && element.scrollWidth > element.clientWidth + 1) {
        wide.push(`${element.tagName} ${element.className} scrolls`)
      }
      const box = element.getBoundingClientRect()
      if (box.width > 0 && box.height > 0 && box.right > clientWidth + 1 && !isClipped(element)) {
        wide.push(`${element.tagName} ${element.className} ${element.textContent.slice(0, 60)} to ${box.right}`)
      }
    }
    return { scrollWidth, clientWidth, wide: wide.slice(0, 5) }
  })
  assert.deepEqual(found.wide, [], where)
  assert.ok(found.scrollWidth <= found.clientWidth, `${where}: ${found.scrollWidth} of ${found.clientWidth}`)
}

// Nothing is animated, and nothing would be when it changes.
export async function assertStill(page) {
  const moving = await page.evaluate(() => {
    const seconds = (text) => Math.max(...text.split(",").map(parseFloat))
    return [...document.querySelectorAll("*")].filter((node) => {
      const { animationName, animationDuration, transitionDuration, scrollBehavior } = getComputedStyle(node)
      return (animationName !== "none" && seconds(animationDuration) > 0.02) || seconds(transitionDuration) > 0.02
        || scrollBehavior === "smooth"
    }).map((node) => node.outerHTML.slice(0, 100))
  })
  assert.deepEqual(moving, [])
}

// ---- what the page shows ----

export function row(page, id) {
  return page.locator(`#rows [data-event="${id}"]`)
}

export const panel = (page) => page.locator("#panel")

// Waits until the list has come, and nothing more is being loaded.
export async function awaitList(page) {
  await page.locator("#list-end:not([data-state=loading]):not([data-state=searching])").waitFor()
  await page.locator("#list[aria-busy]").waitFor({ state: "detached" })
}

// The ids of the events in the list, from the top.
export function listed(page) {
  return page.locator("#rows [data-event]").evaluateAll((rows) => rows.map((node) => node.dataset.event))
}

// Waits until the list has these events, in this order.
export async function assertListed(page, ids) {
  let found
  await until(async () => {
    found = await listed(page)
    return found.join() === ids.join()
  }, "the list").catch(() => assert.deepEqual(found, ids))
}

// Opens an event by its badge, as a person does.
export async function openEvent(page, id, delivery = 1) {
  const badge = row(page, id).locator(`.badge[data-delivery="${delivery}"], .badge[data-status=recorded]`)
  await badge.click()
  await panel(page).locator("[data-part=slots]").waitFor()
}

let clipboard = Promise.resolve() // of the whole browser: one test at a time

// What a button puts into the clipboard. The context needs clipboardPermissions.
export function copied(page, button) {
  const copy = async () => {
    await button.click()
    await panel(page).getByRole("button", { name: "Copied" }).waitFor()
    return page.evaluate(() => navigator.clipboard.readText())
  }
  const text = clipboard.then(copy)
  clipboard = text.catch(() => {})
  return text
}

export const clipboardPermissions = { permissions: ["clipboard-read", "clipboard-write"] }

// The address of the page with an event, or with filters.
export function addressOf(url, view) {
  return `${url}?${new URLSearchParams(view)}`
}
