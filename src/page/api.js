/*
 * api: questions to the server. Addresses are relative, so that the page works below any prefix.
 *
 * Where a token is needed, a request waits for the person to log in, and is then asked again: nobody else has to know.
 */
import { queryOf } from "./address.js"
import { readAnswer } from "./json.js"

const TIMEOUT_MS = 20000

export class ApiError extends Error {
  constructor(message, status, code) {
    super(message)
    this.status = status /* 0: no answer */
    this.code = code
  }
}

let login = null /* asks the person for the token: a promise that is fulfilled when the server took it */
let loggingIn = null

export function useLogin(ask) {
  login = ask
}

/* All that are refused at a time wait for one login. */
export function logIn() {
  loggingIn ??= login().finally(() => { loggingIn = null })
  return loggingIn
}

async function send(address, { timeout = TIMEOUT_MS, signal, ...options }) {
  const limit = new AbortController()
  const stop = () => limit.abort()
  const timer = setTimeout(stop, timeout)
  signal?.addEventListener("abort", stop)
  try {
    const response = await fetch(address, { ...options, signal: limit.signal, credentials: "same-origin" })
    const text = await response.text()
    signal?.throwIfAborted()
    return { response, text }
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError("The server does not answer.", 0, "unreachable")
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener("abort", stop)
  }
}

/* What the server says in JSON, as values; slots stay nodes (see json.js). */
function understand(response, text) {
  let answer = null
  try {
    answer = text ? readAnswer(text) : null
  } catch {
    if (response.ok) throw new ApiError("The answer is not that of an intent history.", response.status, "answer")
  }
  if (response.ok) return answer
  throw new ApiError(answer?.error ?? `The server answered with status ${response.status}.`, response.status,
    answer?.code ?? "status")
}

async function request(address, options) {
  await loggingIn /* until then it would be refused as well */
  options.signal?.throwIfAborted()
  const { response, text } = await send(address, options)
  if (response.status !== 401) return understand(response, text)
  await logIn()
  return request(address, options)
}

/* GET api/PATH. Throws an ApiError, or what fetch throws when `signal` ended it. */
export function ask(path, parameters = {}, signal = undefined) {
  return request(`api/${path}${queryOf(parameters)}`, { signal })
}

/* POST api/PATH with a form. `timeout` is in milliseconds. */
export function post(path, form = {}, timeout = TIMEOUT_MS) {
  return request(`api/${path}`, { method: "POST", body: new URLSearchParams(form), timeout })
}

/* Whether the server takes the token. Throws an ApiError for anything but yes and no. */
export async function tryToken(token) {
  const { response, text } = await send("api/login", { method: "POST", body: new URLSearchParams({ token }) })
  if (response.status === 401) return false
  understand(response, text)
  return true
}

/* Where the bytes of a body are, as stored. `which` is "request_body" or "response_body". */
export function bodyAddress(event, delivery, attempt, which) {
  return `api/events/${encodeURIComponent(event)}/deliveries/${delivery}/attempts/${attempt}/${which}`
}
