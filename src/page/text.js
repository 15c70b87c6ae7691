/*
 * text: how things are written: text from outside, times, durations, sizes, counts.
 *
 * Text from outside may hold anything. What nobody would see (control characters, overrides of the direction of
 * writing, characters without a width) is shown as a mark, so that it deceives nobody; each text keeps its direction to
 * itself.
 */
import { element, idle, seen } from "./element.js"

/* ---- text from outside ---- */

const UNSEEN = /([\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}])\1*|\[redacted\]/gu
const REDACTED = "[redacted]"
const CLEAR = /^[ -Z\\-~]*$/ /* nothing of that, as in most texts: so the browser need not know all of Unicode */
const MOST_MARKS = 2000 /* elements, in one text */
const CONTROLS = ("NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM " +
  "SUB ESC FS GS RS US").split(" ")
/* Scripts whose letters are joined, or kept apart, by U+200C and U+200D. */
const JOINING = "Arab Syrc Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mong".split(" ")
let joined = null
const PICTURE = /(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)$/u

function isJoined(text) {
  joined ??= new RegExp(`[${JOINING.map((script) => `\\p{scx=${script}}`).join("")}]$`, "u")
  return joined.test(text)
}

/* Whether an unseen character does honest work where it stands. */
function harmless(found, text, at, block) {
  const before = text.slice(Math.max(0, at - 2), at)
  switch (found) {
    case "\r": return block && text[at + 1] === "\n"
    case "\u200c": return isJoined(before)
    case "\u200d": return isJoined(before) || PICTURE.test(before)
    case "\ufe0e":
    case "\ufe0f": return /\p{Emoji}$/u.test(before)
    default: return block && /^[\n\t]+$/.test(found)
  }
}

function signOf(character) {
  const code = character.codePointAt(0)
  return `\u27e8${CONTROLS[code] ?? `U+${hex(code, 4)}`}\u27e9`
}

function markText(found) {
  if (found === REDACTED) return found
  const character = String.fromCodePoint(found.codePointAt(0))
  const count = found.length / character.length
  const sign = signOf(character)
  return count > 4 ? `${sign}\u00d7${count}` : sign.repeat(count)
}

function asText(text, block) {
  if (CLEAR.test(text)) return text
  return text.replace(UNSEEN, (found, character, at) => (harmless(found, text, at, block) ? found : markText(found)))
}

/* Text, and elements for the marks in it; after many of these, the rest as text alone. */
function asNodes(text, block) {
  if (CLEAR.test(text)) return [text]
  const nodes = []
  let from = 0
  for (const { 0: found, index } of text.matchAll(UNSEEN)) {
    if (nodes.length > MOST_MARKS) break
    if (harmless(found, text, index, block)) continue
    nodes.push(text.slice(from, index), markElement(found))
    from = index + found.length
  }
  return [...nodes, nodes.length > MOST_MARKS ? asText(text.slice(from), block) : text.slice(from)]
}

function markElement(found) {
  if (found === REDACTED) return element("span", { class: "redacted", title: "A secret; it was never stored" }, found)
  return element("span", { class: "unseen", title: `U+${hex(found.codePointAt(0), 4)}` }, markText(found))
}

/* Text from outside, in a line: an element of its own direction. */
export function outside(text, attributes = {}) {
  return element("bdi", attributes, asNodes(String(text), false))
}

/* The same for names in narrow places: they may break behind each "_". */
export function breakable(text) {
  const node = outside(text)
  for (const part of [...node.childNodes]) {
    if (part.nodeType !== Node.TEXT_NODE) continue
    part.replaceWith(...part.data.split(/(?<=_)/).flatMap((piece) => [piece, element("wbr")]).slice(0, -1))
  }
  return node
}

/* The same with its line breaks and tabs, for elements that keep them: an array of nodes and strings. */
export function outsideLines(text) {
  return asNodes(text, true)
}

/* The same where only a string can stand: titles, options. */
export function plain(text) {
  return asText(String(text), false)
}

/* The first characters of a long text, without half a character at the end. */
export function cut(text, length) {
  if (text.length <= length) return text
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, "") + "\u2026"
}

export function hex(number, digits) {
  return number.toString(16).toUpperCase().padStart(digits, "0")
}

/* ---- times: seconds since 1970 ---- */

/* The first thing that Intl makes takes it some 20 ms, so the first rows do without, unless they are a day old. */
function written(form) {
  let format = null
  return (seconds) => {
    format ??= new Intl.DateTimeFormat(undefined, form)
    return format.format(date(seconds))
  }
}

const minutes = { hour: "2-digit", minute: "2-digit" }
const milliseconds = { ...minutes, second: "2-digit", fractionalSecondDigits: 3 }
const day = { month: "short", day: "numeric" }
export const exact = written({ year: "numeric", ...day, ...milliseconds, timeZoneName: "short" })
export const clockTime = written(milliseconds)
export const minute = written(minutes)
export const dayMinute = written({ ...day, ...minutes })

/* Within JavaScript's dates; a clock may have been anywhere. */
function date(seconds) {
  return new Date(Math.min(8.64e15, Math.max(-8.64e15, seconds * 1000)))
}

export function ago(seconds, now = Date.now() / 1000) {
  const past = now - seconds
  if (past < 10) return past < -60 ? dayMinute(seconds) : "now"
  if (past < 60) return `${Math.floor(past / 10) * 10} s ago`
  if (past < 3600) return `${Math.floor(past / 60)} min ago`
  if (past < 86400) return `${Math.floor(past / 3600)} h ago`
  return dayMinute(seconds)
}

/* A time as an element: relative, and exact for the pointer, soon after it is seen, and for programs. */
export function timeElement(seconds) {
  const node = element("time", { datetime: date(seconds).toISOString(), data: { time: seconds } }, ago(seconds))
  if (untitled.push([node, seconds]) === 1) seen().then(idle).then(giveTitles)
  return node
}

let untitled = []
function giveTitles() {
  for (const [node, seconds] of untitled) node.title = exact(seconds)
  untitled = []
}

/* ---- amounts ---- */

let whole = null

/* 1,234 */
export function count(number) {
  if (Number.isInteger(number) && Math.abs(number) < 1000) return String(number)
  whole ??= new Intl.NumberFormat()
  return whole.format(number)
}

/* "1 event", "3,000 events" */
export const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`

export function duration(microseconds) {
  if (microseconds == null) return "\u2013"
  if (microseconds < 1000) return `${microseconds} \u00b5s`
  if (microseconds < 1e6) return `${round(microseconds / 1000)} ms`
  if (microseconds < 6e7) return `${round(microseconds / 1e6)} s`
  const minutes = Math.floor(microseconds / 6e7)
  return `${count(minutes)} min ${Math.floor(microseconds % 6e7 / 1e6)} s`
}

function round(number) {
  return count(Number(number.toPrecision(3)))
}

export function size(bytes) {
  if (bytes < 1024) return counted(bytes, "byte")
  if (bytes < 1048576) return `${round(bytes / 1024)} KiB`
  return `${round(bytes / 1048576)} MiB`
}
