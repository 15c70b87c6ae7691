/*
 * attempt: one HTTP request that was made for a delivery: what was sent, what came back, how long each part took.
 */
import { bodyAddress } from "./api.js"
import { bodyView } from "./body.js"
import { copyButton } from "./copy.js"
import { curlCommand } from "./curl.js"
import { element, remark } from "./element.js"
import { readHead } from "./head.js"
import { clockTime, duration, exact, outside, size } from "./text.js"

/* ---- timings ---- */

const PHASES = [
  ["name_lookup_us", "name lookup"],
  ["connect_us", "connect"],
  ["tls_us", "TLS"],
  ["first_byte_us", "first byte"],
  ["total_us", "rest"],
]

/*
 * The phases of an attempt: [name, microseconds, whether it came to its end]. The times are from the start, null where
 * the attempt did not come; what is left of the whole belongs to the phase in which it broke off.
 */
function phases(attempt) {
  const found = []
  let from = 0
  const last = PHASES.findLastIndex(([key]) => key !== "total_us" && attempt[key] != null)
  for (const [key, name] of PHASES) {
    const to = attempt[key]
    if (to == null) continue
    if (key !== "total_us") found.push([name, Math.max(0, to - from), true])
    else if (attempt.first_byte_us != null) found.push([name, Math.max(0, to - from), true])
    else found.push([unfinished(attempt, last), Math.max(0, to - from), false])
    from = Math.max(from, to)
  }
  return found.filter(([, us, finished]) => us > 0 || !finished)
}

/* In which phase an attempt without an answer was when it ended. */
function unfinished(attempt, last) {
  const tls = attempt.url.startsWith("https:")
  return ["name lookup", "connect", tls ? "TLS" : "first byte", "first byte"][last + 1] ?? "first byte"
}

function timings(attempt) {
  const found = phases(attempt)
  if (!found.length) return null
  const bar = element("div", { class: "timing", "aria-hidden": "true" })
  const list = element("ul", { class: "phases", "aria-label": "Timings" })
  for (const [name, us, finished] of found) {
    const data = { phase: name, finished: String(finished) }
    const part = element("span", { data })
    part.style.flexGrow = String(us)
    bar.append(part)
    list.append(element("li", { data }, `${name} `, element("b", {}, duration(us)), !finished && " and not finished"))
  }
  list.append(element("li", {}, "total ", element("b", {}, duration(attempt.total_us))))
  return element("div", {}, bar, list)
}

/* ---- heads ---- */

function headersView(headers, open) {
  return element("details", { class: "headers", open, data: { part: "headers" } },
    element("summary", {}, `Headers (${headers.length})`),
    element("dl", {}, headers.map(([name, value]) => element("div", {}, element("dt", {}, outside(name)),
      element("dd", {}, outside(value))))))
}

/* ---- the two halves ---- */

function requestView({ event, delivery, attempt, number }) {
  const { first, headers } = readHead(attempt.request_headers)
  const version = first.split(" ").at(-1)
  return element("section", { class: "half", data: { part: "request" } },
    element("div", { class: "half-head" }, element("h5", {}, "Request"),
      copyButton("Copy as curl", () => curlCommand(attempt))),
    element("p", { class: "first-line" }, element("b", {}, outside(attempt.method)), " ", outside(attempt.url),
      version.startsWith("HTTP/") && [" ", element("span", { class: "dim" }, outside(version))]),
    headers.length ? headersView(headers, true) : remark("No headers were sent."),
    bodyView({
      title: "Request body", text: attempt.request_body, base64: attempt.request_body_base64,
      raw: bodyAddress(event.id, delivery.number, number, "request_body"), part: "request-body",
    }))
}

function responseView({ event, delivery, attempt, number }) {
  const { first, headers } = readHead(attempt.response_headers)
  if (!first && attempt.http_status == null) {
    return element("section", { class: "half", data: { part: "response" } }, element("h5", {}, "Response"),
      remark("No response came."))
  }
  return element("section", { class: "half", data: { part: "response" } },
    element("div", { class: "half-head" }, element("h5", {}, "Response")),
    element("p", { class: "first-line" }, attempt.http_status != null
      ? [element("b", { class: "http-status", data: { part: "status" } }, String(attempt.http_status)), " ",
        element("span", { class: "dim" }, outside(first))]
      : ["The response head broke off: ", outside(first)]),
    headers.length > 0 && headersView(headers, true),
    attempt.http_status != null && bodyView({
      title: "Response body", text: attempt.response_body, base64: attempt.response_body_base64,
      raw: bodyAddress(event.id, delivery.number, number, "response_body"), part: "response-body",
      note: truncated(attempt),
    }))
}

function truncated(attempt) {
  if (!attempt.truncated) return null
  const whole = attempt.response_length
  return whole == null ? "Truncated: the first 64 KiB are stored; how long it was is not known."
    : `Truncated: the first 64 KiB of ${size(whole)} are stored.`
}

/* ---- the attempt ---- */

function causeWords(code, causes) {
  return [outside(causes[code] ?? code), " ", element("code", {}, code)]
}

/* What went wrong, as far as the delivery has not said it. */
function troubles({ delivery, attempt, causes }) {
  const { cause, message, body_cause: bodyCause, resent } = attempt
  const said = delivery.attempts.length === 1 && cause === delivery.cause
  return [
    cause && !said && element("p", { class: "cause" }, causeWords(cause, causes)),
    message && message !== causes[cause] && remark(outside(message)),
    bodyCause && remark(causeWords(bodyCause, causes)),
    resent && remark("The idle connection was closed under the request, which was then sent again on a fresh one."),
  ]
}

function headingOf({ delivery, attempt, number }) {
  const { remote_address: address, http_version: version, tls_version: tls, http_status: status } = attempt
  const many = delivery.attempts.length > 1
  const connection = [address && `to ${address}`, version && `HTTP/${version}`, tls].filter(Boolean).join(" \u00b7 ")
  return element("h4", {}, many ? `Attempt ${number} of ${delivery.attempts.length}` : "Attempt",
    element("span", { class: "dim", title: exact(attempt.started) }, ` ${clockTime(attempt.started)}`),
    many && status != null && ` \u2013 ${status}`,
    connection && element("span", { class: "dim" }, " ", outside(connection)))
}

/*
 * An attempt of a delivery of an event. `number` is its own, from 1; `causes` are the sentences of causes. Where there
 * are several, all but the last are folded.
 */
export function attemptView(place) {
  const { delivery, attempt, number } = place
  const attributes = { class: "attempt", data: { part: "attempt", attempt: number } }
  const content = [troubles(place), timings(attempt), requestView(place), responseView(place)]
  if (delivery.attempts.length === 1) return element("section", attributes, headingOf(place), content)
  return element("details", { ...attributes, open: number === delivery.attempts.length },
    element("summary", {}, headingOf(place)), content)
}
