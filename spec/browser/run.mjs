// run: the Intent History page in a real browser: Debian's Chromium, driven by playwright-core.
//
//     node spec/browser/run.mjs                       every test; ends with "N passed, N failed"
//     node spec/browser/run.mjs --only TEXT           those whose name has the text
//     node spec/browser/run.mjs --screenshots DIR     makes the pictures of the README instead
//
// It needs the module for LUA_VERSION (5.4) and, for nginx, 5.1, below BUILD (build), and what `make browser`
// installs. Nothing leaves loopback.

import { readdirSync } from "node:fs"
import { parseArgs } from "node:util"
import { runTests } from "./check.mjs"
import { stopAll } from "./processes.mjs"
import { startWorld, stopWorld } from "./world.mjs"

const LANES = 2 // tests beside each other: they wait a good part of their time

const { values } = parseArgs({ options: { only: { type: "string" }, screenshots: { type: "string" } } })

// Its status when a signal ends the run.
const ended = new Promise((resolve) => {
  for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]]) {
    process.on(signal, () => resolve(status))
  }
})

async function main() {
  await startWorld()
  if (values.screenshots) {
    const { takeScreenshots } = await import("./screenshots.mjs")
    await takeScreenshots(values.screenshots)
    return 0
  }
  const folder = new URL("tests/", import.meta.url)
  for (const name of readdirSync(folder).sort()) await import(new URL(name, folder))
  return await runTests(values.only, LANES) > 0 ? 1 : 0
}

let status = 1
try {
  status = await Promise.race([main(), ended])
} catch (error) {
  console.log(error.stack)
}
process.exitCode = status
await stopWorld().catch(() => {})
await stopAll()
process.exit()
