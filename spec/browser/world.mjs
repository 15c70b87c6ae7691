// world: what the tests look at: receivers, histories made by real deliveries, the servers of the page, and a browser.

import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { chromium } from "playwright-core"
import { folder, freePort, lua, nginxModules, root, run, start, until } from "./processes.mjs"
import { startReceiver } from "./receiver.mjs"
import { scenes } from "./scenes.mjs"

let shared // { folder, receiver, browser }: what startWorld made
let copies = 0

// A process that fires events when it is told to.
export class Deliverer {
  constructor(path, intents) {
    this.path = path
    this.process = start([lua, "spec/browser/deliver.lua", path])
    this.lines = 0
    this.say(intents)
  }

  say(value) {
    this.process.child.stdin.write(`${JSON.stringify(value)}\n`)
  }

  // The event's id, once its deliveries are finished; with wait false at once.
  async fire(event) {
    this.say(event)
    this.lines += 1
    return this.process.line(this.lines - 1)
  }

  // Waits until everything is in the file.
  async flush() {
    this.process.child.stdin.write("\n")
    this.lines += 1
    await this.process.line(this.lines - 1)
  }

  // The same, and ends it.
  async close() {
    this.process.child.stdin.end()
    const status = await this.process.ended
    if (status !== 0) throw new Error(`deliver.lua ended with ${status}: ${this.process.errors}`)
  }
}

// A path for a history that does not exist yet.
export function newHistory() {
  copies += 1
  return join(shared.folder, `history-${copies}.db`)
}

// A history that the intents and events of a scene have made. events are its events with their ids, newest first.
async function makeHistory({ intents, events, sql }) {
  const path = newHistory()
  const deliverer = new Deliverer(path, intents)
  const made = []
  for (const event of events) made.unshift({ ...event, id: await deliverer.fire(event) })
  await deliverer.close()
  await sqlite(path, sql)
  return { path, events: made }
}

// A copy of a history, to be changed by one test.
export async function copyHistory({ path }) {
  const copy = newHistory()
  await sqlite(path, `.backup "${copy}"`)
  return copy
}

// What statements on a file print. Waits for whoever has it locked.
export async function sqlite(path, statements) {
  const output = await run(["sqlite3", "-bail", "-cmd", ".timeout 10000", path], { input: `${statements}\n` })
  return output.trimEnd()
}

// The page as the command serves it: its address, with a slash at the end. Options: token, port.
export async function serve(path, options = {}) {
  const words = options.token ? ["--token-env", "PAGE_TOKEN"] : []
  const command = [lua, "bin/intent-webhook", "serve", "--history", path, "--port", `${options.port ?? 0}`, ...words]
  const server = start(command, { env: options.token ? { PAGE_TOKEN: options.token } : {} })
  const line = await server.line(0)
  const url = /http:\/\/[^\s,]+/.exec(line)?.[0]
  if (!url) throw new Error(`serve did not say where: ${line}`)
  return { url: url.endsWith("/") ? url : `${url}/`, stop: () => server.stop() }
}

const nginxConfiguration = ({ place, port, path, prefix }) => `
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
${process.getuid() === 0 ? "user root;" : ""}
daemon off;
master_process off;
pid ${place}/nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${place}/body;
  proxy_temp_path ${place}/proxy;
  fastcgi_temp_path ${place}/fastcgi;
  uwsgi_temp_path ${place}/uwsgi;
  scgi_temp_path ${place}/scgi;
  lua_package_path "${root}lua/?.lua;;";
  lua_package_cpath "${nginxModules};;";
  init_by_lua_block {
    page = assert(require("intent_webhook.openresty").history { history = "${path}", prefix = "${prefix}" })
  }
  server {
    listen 127.0.0.1:${port};
    location / { return 404; }
    location ${prefix} { content_by_lua_block { page() } }
  }
}
`

// The page in nginx, below a prefix.
export async function serveInNginx(path, prefix) {
  const place = folder()
  const port = await freePort()
  writeFileSync(join(place, "nginx.conf"), nginxConfiguration({ place, port, path, prefix }))
  const nginx = start(["nginx", "-p", place, "-e", join(place, "error.log"), "-c", join(place, "nginx.conf")],
    { env: { PATH: `${process.env.PATH}:/usr/sbin` } })
  const origin = `http://127.0.0.1:${port}`
  await until(async () => {
    if (nginx.status !== undefined) throw new Error(`nginx ended: ${nginx.errors}`)
    return fetch(origin).then(() => true, () => false)
  }, "nginx to listen")
  return { url: `${origin}${prefix}/`, stop: () => nginx.stop() }
}

// Each scene's history and server are made when the first test asks for them, and are only looked at.
const histories = {}
const servers = {}

export function history(name) {
  histories[name] ??= freePort().then((closed) =>
    makeHistory(scenes[name](shared.receiver.url, `http://127.0.0.1:${closed}`)))
  return histories[name]
}

export function server(name) {
  servers[name] ??= history(name).then(async (made) => ({ ...made, ...await serve(made.path) }))
  return servers[name]
}

// One in which nothing has happened yet.
export function emptyServer() {
  servers.empty ??= makeHistory({ intents: [], events: [], sql: "" }).then(({ path }) => serve(path))
  return servers.empty
}

export const pageToken = "a-token-of-the-tests-4711"

// The clinic's, for those who know the token.
export function protectedServer() {
  servers.protected ??= history("clinic").then(async (made) =>
    ({ ...made, ...await serve(made.path, { token: pageToken }) }))
  return servers.protected
}

export function receiver() {
  return shared.receiver
}

export function browser() {
  return shared.browser
}

export async function startWorld() {
  shared = { folder: folder(), receiver: await startReceiver() }
  process.env.TMPDIR = shared.folder // what the browser leaves goes with it
  shared.browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  })
}

export async function stopWorld() {
  await shared?.browser?.close()
  shared?.receiver.stop()
}
