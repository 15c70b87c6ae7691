/*
 * body: a request's or response's body, as text, as JSON that folds, or as bytes. Never as what it says it is: HTML is
 * text here too. Long ones are cut for the eye, with a button for the rest.
 */
import { copyButton } from "./copy.js"
import { button, element, remark } from "./element.js"
import { parse } from "./json.js"
import { jsonView } from "./json_view.js"
import { count, counted, hex, outsideLines, size } from "./text.js"

const MOST_CHARACTERS = 65536
const MOST_LINES = 2000
const MOST_BYTES = 4096 /* as hex, sixteen in a line */
const DOT = 0x2e
const REDACTED = "[redacted]"

/* ---- text ---- */

/* How much of a text is shown at first. */
function firstPart(text) {
  let end = Math.min(text.length, MOST_CHARACTERS)
  for (let at = -1, lines = 0; lines < MOST_LINES; lines++) {
    at = text.indexOf("\n", at + 1)
    if (at < 0 || at >= end) break
    if (lines === MOST_LINES - 1) end = at
  }
  return text.slice(0, end)
}

/* A text of several lines. */
export function bodyText(text) {
  const first = firstPart(text)
  const node = element("pre", { class: "text", tabindex: 0 }, outsideLines(first))
  if (first.length === text.length) return node
  const rest = button(`Show all ${count(text.length)} characters`, () => {
    rest.remove()
    node.replaceChildren(...outsideLines(text))
    node.focus()
  })
  return element("div", {}, node, rest)
}

/* ---- bytes ---- */

export function fromBase64(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

function hexLines(bytes) {
  const lines = []
  for (let at = 0; at < bytes.length; at += 16) {
    const line = [...bytes.subarray(at, at + 16)]
    const digits = line.map((byte) => hex(byte, 2)).join(" ").padEnd(47)
    const characters = String.fromCharCode(...line.map((byte) => (byte > 31 && byte < 127 ? byte : DOT)))
    lines.push(`${hex(at, 8)}  ${digits}  ${characters}`)
  }
  return lines.join("\n")
}

function bytesView(bytes) {
  const node = element("pre", { class: "bytes", tabindex: 0 }, hexLines(bytes.subarray(0, MOST_BYTES)))
  if (bytes.length <= MOST_BYTES) return node
  const rest = button(`Show all ${counted(bytes.length, "byte")}`, () => {
    rest.remove()
    node.textContent = hexLines(bytes)
    node.focus()
  })
  return element("div", {}, node, rest)
}

/* ---- the body ---- */

/* The ways to look at a body: [word, what makes the view], the best one first. */
function viewsOf(text, bytes) {
  if (text === null) return [["Bytes", () => bytesView(bytes)]]
  const views = [["Text", () => bodyText(text)]]
  if (/^[ \t\n\r]*[[{"]/.test(text)) {
    try {
      const node = parse(text)
      views.unshift(["JSON", () => jsonView(node)])
    } catch { /* it is text */ }
  }
  views.push(["Bytes", () => bytesView(new TextEncoder().encode(text))])
  return views
}

function choice(views, place) {
  const buttons = views.map(([word, make], index) => button(word, () => {
    buttons.forEach((node, other) => node.setAttribute("aria-pressed", String(other === index)))
    place.replaceChildren(make())
  }, { "aria-pressed": String(index === 0) }))
  return element("div", { class: "segments", role: "group", "aria-label": "Show the body as" }, buttons)
}

/*
 * `text` or, for what is no text, `base64`; `raw` is the address of the bytes as stored, `part` a name for the element,
 * `note` a sentence to be said with it.
 */
export function bodyView({ title, text, base64, raw, part, note }) {
  const data = { part }
  if (text == null && base64 == null) return element("div", { data }, remark(`${title}: none.`))
  if (text === "") return element("div", { data }, remark(`${title}: empty.`))
  const bytes = text == null ? fromBase64(base64) : null
  const length = bytes ? bytes.length : new TextEncoder().encode(text).length
  const views = viewsOf(text ?? null, bytes)
  const place = element("div", { class: "body-view" }, views[0][1]())
  return element("div", { class: "body", data },
    element("div", { class: "body-head" }, element("h6", {}, title), element("span", { class: "dim" }, size(length),
      text?.includes(REDACTED) && " as stored"), /* it was sent, or came, with what was redacted */
      views.length > 1 && choice(views, place),
      text != null && copyButton("Copy", () => text),
      element("a", { href: raw, download: "", title: "The bytes as they are stored" }, "Raw")),
    note && element("p", { class: "truncated" }, note),
    bytes && remark("It is no UTF-8 text."),
    place)
}
