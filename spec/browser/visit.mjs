// visit: opens the page, and looks for anything that must never happen while a test uses it: a script that runs, a
// dialog, an error, a violation of the Content-Security-Policy, a request to another origin.
//
// A tab is used again by later tests, without cookies and permissions, since a new one costs more than most tests do.
// One in which a test failed is not, nor one that was made with options that cannot be changed.

import assert from "node:assert/strict"
import { browser } from "./world.mjs"

const usual = { viewport: { width: 1280, height: 800 }, colorScheme: "light", reducedMotion: "no-preference" }

const free = [] // pages that no test uses

// Calls note with whatever must not happen; what it returns ends that.
function watch(page, origin, note) {
  const context = page.context()
  const listeners = [
    [page, "dialog", (dialog) => {
      note(`a dialog: ${dialog.message()}`)
      dialog.dismiss().catch(() => {})
    }],
    [page, "pageerror", (error) => note(`an error: ${error.name}: ${error.message} ${error.stack}`)],
    [page, "console", (message) => {
      if (["error", "warning"].includes(message.type())) note(`the console: ${message.text()}`)
    }],
    [page, "crash", () => note("a crash")],
    [context, "page", (other) => note(`another window: ${other.url()}`)],
    [context, "request", (request) => {
      if (!request.url().startsWith(`${origin}/`)) note(`a request to elsewhere: ${request.url()}`)
    }],
  ]
  for (const [owner, event, listener] of listeners) owner.on(event, listener)
  return () => listeners.forEach(([owner, event, listener]) => owner.off(event, listener))
}

// In the page, ahead of its own scripts.
function guard() {
  Object.defineProperty(window, "__pwned", {
    set(value) { console.error(`__pwned was set: ${value}`) },
    get() { return undefined },
  })
  window.addEventListener("securitypolicyviolation", (event) => {
    console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`)
  })
}

async function newPage(options) {
  const context = await browser().newContext({ locale: "en-GB", ...options })
  context.setDefaultTimeout(10000)
  await context.addInitScript(guard)
  return context.newPage()
}

async function pageWith({ viewport, colorScheme, reducedMotion, permissions, ...others }) {
  if (Object.keys(others).length > 0) return newPage({ viewport, colorScheme, reducedMotion, permissions, ...others })
  const page = free.pop() ?? await newPage({})
  await page.setViewportSize(viewport)
  await page.emulateMedia({ colorScheme, reducedMotion })
  if (permissions) await page.context().grantPermissions(permissions)
  return page
}

// The first rows are there before what people do has an effect.
function ready(page) {
  return page.waitForFunction(() => document.getElementById("connection")?.dataset.state !== "starting")
}

async function giveBack(page, options) {
  const context = page.context()
  if (Object.keys(options).some((name) => !(name in usual) && name !== "permissions")) return context.close()
  await page.unrouteAll({ behavior: "ignoreErrors" })
  await page.goto("about:blank")
  await context.clearCookies()
  await context.clearPermissions()
  free.push(page)
}

// Calls body(page, context) with the page at that address. Options: viewport, colorScheme, reducedMotion, permissions
// and others of a context; allowed: patterns of what may be seen.
export async function withPage(url, { allowed = [], ...options }, body) {
  const page = await pageWith({ ...usual, ...options })
  const seen = []
  const unwatch = watch(page, new URL(url).origin, (what) => {
    if (!allowed.some((pattern) => pattern.test(what))) seen.push(what)
  })
  try {
    await page.goto(url)
    await ready(page)
    await body(page, page.context())
    assert.deepEqual(seen, [])
  } catch (error) {
    if (seen.length > 0) error.stack += `\nThere was ${seen.join("\n")}`
    await page.context().close()
    throw error
  } finally {
    unwatch()
  }
  await giveBack(page, options)
}
