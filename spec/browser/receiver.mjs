// receiver: what the webhooks of the tests reach, on a free port of loopback. It keeps every request, and answers as
// its path says; also with what no well-behaved server would send.

import { once } from "node:events"
import { createServer } from "node:http"
import { broken, deep, longest, numbers, texts } from "./hostile.mjs"

const json = (value) => [200, { "Content-Type": "application/json" }, JSON.stringify(value)]

const booking = {
  booking: { id: 4711, state: "confirmed", at: "2026-03-15T09:30:00+01:00" },
  doctor: { name: "Dr. Weber", languages: ["de", "en", "vi"], remote: false, room: null },
  notes: ["Bring your insurance card", "Come ten minutes early"],
}

// Answers that Node would not send: as bytes.
const raw = (head, body = "") => Buffer.concat([Buffer.from(`${head}\r\n\r\n`, "latin1"), Buffer.from(body)])

const answers = {
  "/ok": () => json({ queued: true }),
  "/booking": () => json(booking),
  "/text": () => [200, { "Content-Type": "text/plain; charset=utf-8" }, "Danke, bis Montag! Cảm ơn 🙏"],
  "/nothing": () => [204, {}, ""],
  "/unwell": () => [500, { "Content-Type": "text/html" }, "<h1>Internal Server Error</h1>\n<p>Out of memory"],
  "/refuses": () => [422, { "Content-Type": "application/json" }, '{"error":"the date is in the past"}'],
  "/moved": () => [302, { Location: "http://127.0.0.1:9/elsewhere" }, ""],
  "/secret": (request) => [200, { "Set-Cookie": "id=1", "X-Echo": request.headers.authorization ?? "" }, request.body],
  "/long": () => [200, { "Content-Type": "text/plain", "Content-Length": 80 * 1024 }, "abcdefgh".repeat(10 * 1024)],
  "/endless": () => [200, { "Content-Type": "text/plain" }, "abcdefgh".repeat(10 * 1024)],
  "/empty": (_, response) => response.socket.end(),
  "/reset": (_, response) => response.socket.resetAndDestroy(),
  "/hang": () => undefined,
  "/no-http": (_, response) => response.socket.end("220 mail.example.org ESMTP\r\n"),
  "/cut": (_, response) => response.socket.end(raw("HTTP/1.1 200 OK\r\nContent-Length: 100", "the first half")),

  "/hostile/html": () => [200, { "Content-Type": "text/html" }, Object.values(texts).join("\n")],
  "/hostile/json": () => json({ ...texts, [texts.script]: [texts.image, { [texts.handler]: texts.link }] }),
  "/hostile/deep": () => [200, { "Content-Type": "application/json" }, deep(500)],
  "/hostile/numbers": () => [200, { "Content-Type": "application/json" }, numbers],
  "/hostile/unbroken": () => [200, { "Content-Type": "text/plain" }, longest],
  "/hostile/binary": () => [200, { "Content-Type": "application/json" }, broken],
  "/hostile/zero": () => [200, { "Content-Type": "text/plain" }, "zero\u0000zero"],
  "/hostile/ansi": () => [200, { "Content-Type": "text/plain" }, texts.ansi],
  "/hostile/headers": (_, response) => response.socket.end(raw([
    "HTTP/1.1 200 <script>window.__pwned=20</script>", "Content-Length: 2", `X-Script: ${texts.script}`,
    `X-Image: ${texts.image}`, "X-Ansi: \u001b[31mred", `X-Long: ${"h".repeat(20000)}`, "X-Bytes: \xff\xfe\xc3(",
    `<b>${texts.handler.replaceAll(/[: ]/g, "_")}</b>: name`, "Content-Type: text/html; <script>",
  ].join("\r\n"), "ok")),
  "/hostile/refusal": () => [418, { "Content-Type": "text/html" }, texts.script + texts.override],
}

// The longest path of the table that the request's begins with.
function answerOf(path) {
  const names = Object.keys(answers).filter((name) => path === name || /^[/?]/.test(path.slice(name.length))
    && path.startsWith(name))
  return answers[names.sort((one, other) => other.length - one.length)[0]]
}

export async function startReceiver() {
  const requests = []
  const held = new Map() // URL -> responses
  answers["/held"] = ({ url }, response) => { held.set(url, [...held.get(url) ?? [], response]) }
  const server = createServer((request, response) => {
    const pieces = []
    request.on("data", (piece) => pieces.push(piece))
    request.on("end", () => {
      const { method, url, headers, rawHeaders } = request
      const seen = { method, url, headers, rawHeaders, body: Buffer.concat(pieces).toString("latin1") }
      requests.push(seen)
      response.shouldKeepAlive = false // so that each request shows what a connection costs
      const answer = (answerOf(url) ?? answers["/ok"])(seen, response)
      if (!Array.isArray(answer)) return
      const [status, more, body] = answer
      response.writeHead(status, more).end(body)
    })
    request.on("error", () => {})
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const url = `http://127.0.0.1:${server.address().port}`
  return {
    url,
    requests,
    answers,
    // Answers what came to /held?KEY.
    release(key) {
      const responses = held.get(`/held?${key}`) ?? []
      held.delete(`/held?${key}`)
      for (const response of responses) response.writeHead(200).end("at last")
    },
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
