/*
 * element: makes DOM nodes. Neither here nor anywhere else on this page does a string become markup: strings are text.
 */

/* What a status looks like besides its word and colour, and the page's other signs: paths in a square of 16. */
const SHAPES = {
  delivered: "M3 8.6 6.4 12 13 4.5",
  failed: "M4 4l8 8M12 4l-8 8",
  pending: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2ZM8 5v3.2l2.2 1.3",
  retrying: "M13 8a5 5 0 1 1-1.6-3.7M13.2 1.8v3h-3",
  paused: "M5.5 3.5v9M10.5 3.5v9",
  unknown: "M5.5 5.9a2.5 2.5 0 1 1 3.6 2.2C8.3 8.5 8 9 8 9.8M8 12.8v.1",
  recorded: "M4 8h8",
  close: "M4 4l8 8M12 4l-8 8",
  newer: "M4 10l4-4 4 4",
  older: "M4 6l4 4 4-4",
  up: "M8 13V3M4 7l4-4 4 4",
}

const REST_MS = 200 /* for browsers that do not say when they are idle */

/*
 * An element with attributes and children. An attribute that is false, null or undefined is left out, true is an empty
 * one; `on` is a table of listeners and `data` one of data- attributes. Children are nodes, strings, or arrays of them;
 * null and false are left out.
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener)
    else if (name === "data") Object.assign(node.dataset, value)
    else set(node, name, value)
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false))
  return node
}

/* The same for SVG. */
export function drawing(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) set(node, name, value)
  node.append(...children)
  return node
}

export function set(node, name, value) {
  if (value == null || value === false) node.removeAttribute(name)
  else node.setAttribute(name, value === true ? "" : value)
}

/* A small picture beside a word that says the same. */
export function icon(name) {
  return drawing("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" },
    drawing("path", { d: SHAPES[name] ?? SHAPES.unknown }))
}

/* A sentence in the background. */
export function remark(...content) {
  return element("p", { class: "remark" }, content)
}

export function button(label, listener, attributes = {}) {
  return element("button", { type: "button", ...attributes, on: { click: listener } }, label)
}

/* A delivery's status: its shape, its word, and the HTTP status or, of a failure without one, the cause. */
export function statusOf({ status, http_status: code, cause }) {
  const why = code || (status === "failed" && cause)
  return [icon(status), element("span", {}, status), why && element("span", { class: "code" }, String(why))]
}

/* What gives the promise of act(), which is called once; again, when that failed. */
export function once(act) {
  let promise = null
  return () => {
    promise ??= act().catch((error) => {
      promise = null
      throw error
    })
    return promise
  }
}

/* Fulfilled when what is in the document now has been painted, or will not be, since the page is in the background. */
export function seen() {
  return new Promise((done) => {
    const frame = document.visibilityState === "visible" ? requestAnimationFrame : setTimeout
    frame(() => frame(() => setTimeout(done)))
  })
}

/* Fulfilled when the browser has nothing better to do. */
export function idle() {
  return new Promise((done) => {
    if (window.requestIdleCallback) requestIdleCallback(done)
    else setTimeout(done, REST_MS)
  })
}
