/*
 * curl: an attempt as a command for a POSIX shell that sends the same again.
 *
 * Quoted text holds nothing that a terminal acts on: a pasted ESC could end the paste and run what follows. Text with
 * control characters, and bytes that are no text, go through printf as octal. What was redacted becomes a variable,
 * $TOKEN for Authorization, to be set before.
 */
import { fromBase64 } from "./body.js"
import { readHead } from "./head.js"

const LONGEST_ARGUMENT = 100000 /* bytes; Linux takes 128 KiB */
const REDACTED = "[redacted]"
/* These follow from the address, the body and the connection. */
const OF_CURL = new Set(["host", "content-length", "connection", "transfer-encoding", "expect", "upgrade"])
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/ /* "@name" would be a file to curl */
/* Everything but visible characters, spaces and line breaks. */
const UNQUOTABLE = /[^\n\P{Cc}]|[\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`

const PRINTED = new Map([["\\", "\\\\"], ["%", "%%"], ["'", "'\\''"]])

/*
 * The operand of printf, in quotes, that prints these bytes. A "!" within double quotes means something to bash, a "-"
 * at the beginning to printf.
 */
function octal(bytes) {
  let text = ""
  for (const byte of bytes) {
    const character = String.fromCharCode(byte)
    if (/[\n "-~]/.test(character) && (text || character !== "-")) text += PRINTED.get(character) ?? character
    else text += `\\${byte.toString(8).padStart(3, "0")}`
  }
  return `'${text}'`
}

const encode = (text) => new TextEncoder().encode(text)

/* One argument that is that text. */
function argument(text) {
  return UNQUOTABLE.test(text) ? `"$(printf ${octal(encode(text))})"` : quote(text)
}

/* A header whose value, or a part of it, was redacted: the shell puts a variable there. */
function secretHeader(name, value) {
  if (/^(proxy-)?authorization$/i.test(name) && value === REDACTED) return `"${name}: Bearer $TOKEN"`
  const variable = `$${name.toUpperCase().replace(/[^A-Z0-9]/g, "_").replace(/^(?=\d)/, "_")}`
  return value.split(REDACTED).map((piece, index) => (index ? piece && argument(piece) : argument(`${name}: ${piece}`)))
    .join(`"${variable}"`)
}

function headerOption([name, value]) {
  if (value.includes(REDACTED)) return `-H ${secretHeader(name, value)}`
  return `-H ${argument(value === "" ? `${name};` : `${name}: ${value}`)}`
}

/* curl adds these by itself where the request did not have them. */
function withoutAdditions(headers) {
  const there = new Set(headers.map(([name]) => name.toLowerCase()))
  const missing = ["Accept", "Content-Type", "User-Agent"].filter((name) => !there.has(name.toLowerCase()))
  return missing.map((name) => `-H '${name}:'`)
}

/* [what stands before curl, curl's option] for the body. */
function bodyOf(attempt) {
  const { request_body: text, request_body_base64: base64 } = attempt
  if (text == null && base64 == null) return ["", null]
  const bytes = text == null ? fromBase64(base64) : encode(text)
  if (text == null || UNQUOTABLE.test(text)) return [`printf ${octal(bytes)} | `, "--data-binary @-"]
  if (bytes.length > LONGEST_ARGUMENT) return [`printf %s ${quote(text)} | `, "--data-binary @-"]
  return ["", `--data-raw ${quote(text)}`]
}

export function curlCommand(attempt) {
  const headers = readHead(attempt.request_headers).headers
    .filter(([name]) => HEADER_NAME.test(name) && !OF_CURL.has(name.toLowerCase()))
  if (!attempt.request_headers) headers.push(["Content-Type", "application/json"])
  const [before, body] = bodyOf(attempt)
  const options = [
    attempt.method !== "POST" || body === null ? `-X ${argument(attempt.method)}` : null,
    /[[\]{}]/.test(attempt.url) ? "--globoff" : null,
    /\/\.\.?(\/|$|\?|#)/.test(attempt.url) ? "--path-as-is" : null,
    ...headers.map(headerOption), ...withoutAdditions(headers), body,
  ]
  return `${before}curl ${[`--url ${argument(attempt.url)}`, ...options.filter(Boolean)].join(" \\\n  ")}\n`
}
