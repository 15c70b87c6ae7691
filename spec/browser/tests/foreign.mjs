// What the page of another web site can do with the history while a person has both open: nothing. Another name is
// another site to a browser, another port of the same address is the same site.

import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer } from "node:http"
import { test } from "../check.mjs"
import { browser, copyHistory, history, pageToken, serve, sqlite } from "../world.mjs"

const targets = {} // by token: a server that all tests attack

function targetOf(token) {
  const start = async (path) => ({ path, ...await serve(path, { token }) })
  targets[token] ??= history("clinic").then(copyHistory).then(start)
  return targets[token]
}

async function logIn(page, url, token) {
  await page.goto(url)
  await page.getByLabel("Token").fill(token)
  await page.getByRole("button", { name: "Log in" }).click()
  await page.locator("#rows [data-event]").first().waitFor()
}

// Calls body(page, url, path) for strangers' pages on both hosts, in a browser that has logged in, if there is a token.
async function withStrangers(token, body) {
  const { url, path } = await targetOf(token)
  const stranger = createServer((_, response) => {
    response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><title>a stranger</title>")
  }).listen(0, "127.0.0.1")
  await once(stranger, "listening")
  const context = await browser().newContext()
  try {
    const page = await context.newPage()
    if (token) await logIn(page, url, token)
    for (const host of ["localhost", "127.0.0.1"]) {
      await page.goto(`http://${host}:${stranger.address().port}/`)
      await body(page, url, path)
    }
  } finally {
    await context.close()
    stranger.closeAllConnections()
    stranger.close()
  }
}

for (const token of [undefined, pageToken]) {
  const how = token ? "though a person has logged in" : "without a token"

  test(`Pages of other origins cannot read the history, ${how}`, async () => {
    await withStrangers(token, async (page, url) => {
      const got = await page.evaluate(async (address) => {
        const found = []
        for (const [path, options] of [["api/events", {}], ["api/events", { credentials: "include" }],
          ["metrics", {}], ["api/export?format=csv", { credentials: "include" }]]) {
          found.push(await fetch(address + path, options).then((response) => response.text(), () => "refused"))
        }
        const loads = { script: "api/events", link: "page.css", img: "icon.svg" }
        for (const [tag, path] of Object.entries(loads)) {
          found.push(await new Promise((done) => {
            const node = document.createElement(tag)
            node.onload = () => done(`${tag} was loaded`)
            node.onerror = () => done("refused")
            if (tag === "link") node.rel = "stylesheet"
            node[tag === "link" ? "href" : "src"] = address + path
            document.head.append(node)
          }))
        }
        return found
      }, url)
      assert.deepEqual([...new Set(got)], ["refused"])
    })
  })

  test(`Pages of other origins cannot erase, ${how}`, async () => {
    await withStrangers(token, async (page, url, path) => {
      const count = await sqlite(path, "SELECT count(*) FROM events")
      await page.evaluate(async (address) => {
        const body = new URLSearchParams({ session: "web-aisha" })
        const attack = { method: "POST", mode: "no-cors", credentials: "include", body }
        await fetch(`${address}api/erase`, attack).catch(() => {})
        navigator.sendBeacon(`${address}api/erase`, body)
        const form = document.createElement("form")
        form.method = "POST"
        form.action = `${address}api/erase`
        form.append(Object.assign(document.createElement("input"), { name: "session", value: "web-aisha" }))
        document.body.append(form)
        form.submit()
      }, url)
      await page.waitForURL(`${url}api/erase`)
      assert.match(await page.locator("body").innerText(), /forbidden|unauthorised/)
      assert.equal(await sqlite(path, "SELECT count(*) FROM events"), count)
    })
  })

  test(`Pages of other origins cannot frame the page, nor hold its window, ${how}`, async () => {
    await withStrangers(token, async (page, url) => {
      await page.evaluate((address) => new Promise((done) => {
        const frame = document.createElement("iframe")
        frame.onload = done
        frame.src = address
        document.body.append(frame)
      }), url)
      for (const frame of page.frames().slice(1)) {
        assert.equal(await frame.locator("#page").count(), 0, "the frame has nothing of the page")
      }
      const [popup] = await Promise.all([page.waitForEvent("popup"), page.evaluate((address) => {
        window.opened = window.open(address)
      }, url)])
      await popup.locator("#page").waitFor()
      assert.equal(await page.evaluate(() => window.opened.closed), true, "its window is cut off")
      assert.equal(await popup.evaluate(() => window.opener), null)
      await popup.close()
    })
  })
}
