// scenes: what happens in the histories of the tests. "clinic" is what an ordinary day looks like, with a failure of
// nearly every kind; "hostile" is what strangers send.

import { broken, deep, longest, numbers, texts } from "./hostile.mjs"

export const token = "the-clinics-own-token-4711"
export const phone = "+84901234567"

const hex = (bytes) => `hex:${Buffer.from(bytes).toString("hex")}`

// url: of the receiver; closed: an address at which nothing listens.
function clinic(url, closed) {
  const failing = (name, path, more = {}) => ({ name, slots: ["detail"], actions: [{ webhook: url + path, ...more }] })
  const intents = [
    {
      name: "book_appointment",
      slots: ["customer_name", "appointment_date", { name: "phone", sensitive: true }],
      actions: [{ webhook: `${url}/booking`, token, headers: { "X-Room": "front-desk" } }],
    },
    {
      name: "request_callback",
      slots: [{ name: "customer_name", optional: true }, { name: "phone", sensitive: true }],
      actions: [{ webhook: `${url}/text` }, { webhook: `${url}/refuses/chat-room` }],
    },
    { name: "cancel_appointment", slots: ["appointment_date"], actions: [{ webhook: `${url}/refuses` }] },
    { name: "book_table", slots: ["customer_name", "party_size"], actions: [{ webhook: `${url}/ok/tables` }] },
    { name: "said_hello", slots: ["words"] },
    failing("ask_secret", "/secret", { token }),
    failing("ask_long", "/long"),
    failing("ask_endless", "/endless"),
    failing("ask_nothing", "/nothing"),
    failing("ask_unwell", "/unwell"),
    failing("ask_moved", "/moved"),
    failing("ask_empty", "/empty"),
    failing("ask_reset", "/reset"),
    failing("ask_hang", "/hang", { timeout: 0.2 }),
    failing("ask_no_http", "/no-http"),
    failing("ask_cut", "/cut"),
    failing("ask_disabled", "/ok", { disabled: true }),
    failing("ask_raises", "/ok", { raises: "the room has no number" }),
    { name: "ask_closed", slots: ["detail"], actions: [{ webhook: `${closed}/hook` }] },
    { name: "ask_tls", slots: ["detail"], actions: [{ webhook: `${url.replace("http:", "https:")}/ok` }] },
  ]
  const events = intents.filter(({ name }) => name.startsWith("ask_"))
    .map(({ name }) => ({ intent: name, session: "checks", slots: { detail: `about ${name.slice(4)}` } }))
  events.push(
    { intent: "said_hello", session: "web-olga", slots: { words: "Добрый день" } },
    { intent: "cancel_appointment", session: "web-liu", slots: { appointment_date: "2026-03-12" } },
    { intent: "book_table", session: "web-aisha", slots: { customer_name: "Aisha Khan", party_size: 4 } },
    { intent: "book_table", session: "web-pedro", slots: { customer_name: "Pedro Núñez", party_size: 2 } },
    { intent: "book_table", session: "sms-mai", slots: { customer_name: "Trần Mai", party_size: 7 } },
    { intent: "book_table", session: "web-sam", slots: { customer_name: 'Sam "the cook" Hill', party_size: 3 } },
    { intent: "request_callback", session: "web-aisha", slots: { customer_name: "Aisha Khan", phone } },
    {
      intent: "book_appointment",
      session: "web-john",
      slots: { customer_name: "John Doe", appointment_date: "2026-03-15", phone },
    },
  )
  // What today's core does not write; the page has to show it all the same.
  const later = ["web-aisha", "web-pedro", "sms-mai", "web-sam"]
  const sql = ["pending", "retrying", "paused", "unknown"].map((status, index) => `UPDATE deliveries SET
    status = "${status}", finished = CASE "${status}" WHEN "unknown" THEN finished END
    WHERE event = (SELECT seq FROM events WHERE intent = "book_table" AND session = "${later[index]}");`).join("\n")
  return { intents, events, sql }
}

function hostile(url) {
  const names = ["<img src=x onerror=window.__pwned=30>", `very_long_${"i".repeat(190)}`, "javascript:alert(1)"]
  const paths = ["html", "json", "deep", "numbers", "unbroken", "binary", "zero", "ansi", "headers", "refusal"]
  const intents = paths.map((path) => ({
    name: `receives_${path}`,
    slots: ["detail"],
    actions: [{ webhook: `${url}/hostile/${path}` }],
  }))
  const all = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, hex(text)]))
  intents.push(...names.map((name, index) => ({
    name,
    slots: [texts.script, "detail"],
    actions: [{ webhook: `${url}/ok/names/${index}` }],
  })))
  intents.push({ name: "says_all", slots: Object.keys(all), actions: [{ webhook: `${url}/ok/all?<script>` }] })
  intents.push({ name: "says_shell", slots: ["shell"], actions: [{
    webhook: `${url}/ok/a'b?$(touch\${IFS}pwned)&\`touch\${IFS}pwned\`;touch\${IFS}pwned&[1-3]{a,b}/../c`,
    headers: { "X-Shell": texts.shell },
  }] })
  const much = ["much", "broken", "deep", "numbers"]
  intents.push({ name: "says_much", slots: much, actions: [{ webhook: `${url}/ok/much` }] })
  intents.push({ name: "raises", slots: ["detail"], actions: [{ webhook: `${url}/ok`, raises: texts.script }] })
  const events = paths.map((path) => ({ intent: `receives_${path}`, session: path, slots: { detail: path } }))
  const slots = { [texts.script]: texts.handler, detail: "x" }
  events.push(...names.map((intent) => ({ intent, session: texts.image, slots })))
  events.push({ intent: "says_shell", session: "shell", slots: { shell: texts.shell } })
  events.push({ intent: "says_all", session: texts.override, slots: all })
  events.push({ intent: "raises", session: hex(broken.filter((byte) => byte !== 0)), slots: { detail: texts.closing } })
  events.push({
    intent: "says_much",
    session: "S".repeat(200),
    slots: { much: longest, broken: hex(broken), deep: deep(500), numbers },
  })
  return { intents, events, sql: "" }
}

export const scenes = { clinic, hostile }
