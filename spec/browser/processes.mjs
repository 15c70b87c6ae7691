// processes: what the tests start, and stop by its pid: at the end, after a failure, and when the run itself is killed.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../../", import.meta.url))

const running = new Set()
const folders = new Set()

// Lua as spec/run calls it; BUILD is another folder than build/ for those who build elsewhere.
const build = process.env.BUILD ?? "build"
const version = process.env.LUA_VERSION ?? "5.4"
export const lua = process.env.LUA ?? `lua${version}`
const luaEnvironment = {
  LUA_PATH: "./lua/?.lua;./?.lua;;",
  LUA_CPATH: `${build}/${version}/?.so;;`,
}
export const nginxModules = join(build.startsWith("/") ? build : join(root, build), "5.1/?.so")

export function delay(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

// Waits until condition() gives something true, which it returns.
export async function until(condition, what, milliseconds = 10000) {
  const deadline = Date.now() + milliseconds
  for (;;) {
    const value = await condition()
    if (value) return value
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds} ms in vain for ${what}`)
    await delay(10)
  }
}

class Process {
  constructor(command, options) {
    this.name = command[0]
    // the kernel ends it when this process dies without a chance to
    const words = ["--pdeathsig", "TERM", "--", ...command]
    this.child = spawn("setpriv", words, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...luaEnvironment, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    })
    this.output = ""
    this.errors = ""
    this.child.stdout.setEncoding("utf8").on("data", (text) => { this.output += text })
    this.child.stderr.setEncoding("utf8").on("data", (text) => { this.errors += text })
    this.child.stdin.on("error", () => {}) // it may have ended: its status tells
    this.ended = once(this.child, "close").then(([status, signal]) => {
      running.delete(this)
      this.status = status ?? signal
      return this.status
    })
    running.add(this)
  }

  // Its line of that number, from 0 on, waited for.
  async line(number) {
    const found = await until(() => {
      const lines = this.output.split("\n")
      return (lines.length > number + 1 && lines) || this.status !== undefined
    }, `line ${number + 1} of ${this.name}`, 20000)
    if (found === true) throw new Error(`${this.name} ended with ${this.status}: ${this.output}${this.errors}`)
    return found[number]
  }

  // Asks it to end, and insists after two seconds.
  async stop() {
    if (this.status !== undefined) return
    this.child.kill("SIGTERM")
    const insist = setTimeout(() => this.child.kill("SIGKILL"), 2000)
    await this.ended
    clearTimeout(insist)
  }
}

export function start(command, options = {}) {
  return new Process(command, options)
}

// Runs a command to its end; its output. Another status than 0 is an error.
export async function run(command, options = {}) {
  const process = start(command, options)
  process.child.stdin.end(options.input ?? "")
  const status = await process.ended
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}: ${process.output}${process.errors}`)
  return process.output
}

export function folder() {
  const path = mkdtempSync(join(tmpdir(), "intent-webhook-browser."))
  folders.add(path)
  return path
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address()
  server.close()
  await once(server, "close")
  return port
}

export async function stopAll() {
  await Promise.all([...running].map((process) => process.stop()))
}

// The last thing that happens, since a browser that ends still writes.
process.on("exit", () => {
  for (const path of folders) rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
})
