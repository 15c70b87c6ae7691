// What the page of another web site can do with the history while a person has both open: nothing.

import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer } from "node:http"
import { test } from "../check.mjs"
import { browser, copyHistory, history, pageToken, serve, sql } from "../world.mjs"

// Calls body with a page of that host, of which a person's browser has logged in to the history, if that has a token.
async function withStranger(host, token, body) {
  const path = await copyHistory(await history("clinic"))
  const server = await serve(path, { token })
  const stranger = createServer((_, response) => {
    response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><title>a stranger</title>")
  }).listen(0, "127.0.0.1")
  await once(stranger, "listening")
  const context = await browser().newContext()
  try {
    const page = await context.newPage()
    if (token) {
      await page.goto(server.url)
      await page.getByLabel("Token").fill(token)
      await page.getByRole("button", { name: "Log in" }).click()
      await page.locator("#rows [data-event]").first().waitFor()
    }
    await page.goto(`http://${host}:${stranger.address().port}/`)
    await body(page, server.url, path)
  } finally {
    await context.close()
    stranger.closeAllConnections()
    stranger.close()
    await server.stop()
  }
}

// Another port of the same address is the same site to a browser, another name is another one.
for (const [host, token] of [["localhost"], ["127.0.0.1"], ["localhost", pageToken], ["127.0.0.1", pageToken]]) {
  const whose = `${host === "localhost" ? "another site" : "the same site"}${token ? ", with a login" : ""}`

  test(`A page of another origin cannot read the history: ${whose}`, async () => {
    await withStranger(host, token, async (page, url) => {
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

  test(`A page of another origin cannot erase: ${whose}`, async () => {
    await withStranger(host, token, async (page, url, path) => {
      const count = await sql(path, "SELECT count(*) FROM events")
      const attack = { method: "POST", mode: "no-cors", credentials: "include" }
      await page.evaluate(async ([address, options]) => {
        const body = new URLSearchParams({ session: "web-aisha" })
        await fetch(`${address}api/erase`, { ...options, body }).catch(() => {})
        navigator.sendBeacon(`${address}api/erase`, body)
      }, [url, attack])
      await page.evaluate((address) => {
        const form = document.createElement("form")
        form.method = "POST"
        form.action = `${address}api/erase`
        form.append(Object.assign(document.createElement("input"), { name: "session", value: "web-aisha" }))
        document.body.append(form)
        form.submit()
      }, url)
      await page.waitForURL(`${url}api/erase`)
      assert.match(await page.locator("body").innerText(), /forbidden|unauthorised/)
      assert.equal(await sql(path, "SELECT count(*) FROM events"), count)
    })
  })

  test(`A page of another origin cannot frame the page, nor hold its window: ${whose}`, async () => {
    await withStranger(host, token, async (page, url) => {
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
    })
  })
}
