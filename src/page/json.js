/*
 * json: reads JSON and keeps what JSON.parse loses: the digits of numbers, the order of keys, keys that come twice.
 *
 * Nodes: { type: "object", entries: [[key, node] ...] }, { type: "array", items: [node ...] },
 * { type: "string", value }, { type: "number", source }, { type: "literal", value }.
 */

const MAX_DEPTH = 300 /* deeper than any honest answer, and far from where the engine's stack ends */

const SPACE = /[ \t\n\r]*/y
const STRING = /"[^"\\\u0000-\u001f]*(?:\\.[^"\\\u0000-\u001f]*)*"/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const LITERAL = /true|false|null/y
const LITERALS = { true: true, false: false, null: null }

class Reader {
  constructor(text) {
    this.text = text
    this.at = 0
  }

  take(pattern) {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (!found) return null
    this.at = pattern.lastIndex
    return found[0]
  }

  fail(what) {
    throw new SyntaxError(`${what} at character ${this.at + 1}`)
  }

  space() {
    if (this.text.charCodeAt(this.at) <= 32) this.take(SPACE)
  }

  /* Whether the next character but space is this one; takes it. */
  skip(character) {
    this.space()
    if (this.text[this.at] !== character) return false
    this.at++
    return true
  }

  string() {
    const source = this.text[this.at] === '"' ? this.take(STRING) : null
    if (!source?.includes("\\")) return source && source.slice(1, -1)
    return JSON.parse(source) /* throws for an unknown escape */
  }

  value(depth) {
    if (depth > MAX_DEPTH) this.fail(`more than ${MAX_DEPTH} levels`)
    if (this.skip("{")) return { type: "object", entries: this.list("}", () => this.entry(depth)) }
    if (this.skip("[")) return { type: "array", items: this.list("]", () => this.value(depth + 1)) }
    const value = this.string()
    if (value !== null) return { type: "string", value }
    const source = this.take(NUMBER)
    if (source !== null) return { type: "number", source }
    const literal = this.take(LITERAL)
    if (literal !== null) return { type: "literal", value: LITERALS[literal] }
    return this.fail("no value")
  }

  entry(depth) {
    this.space()
    const key = this.string() ?? this.fail("no key")
    if (!this.skip(":")) this.fail("no colon")
    return [key, this.value(depth + 1)]
  }

  list(end, one) {
    const list = []
    if (this.skip(end)) return list
    do list.push(one()); while (this.skip(","))
    if (!this.skip(end)) this.fail(`no "${end}"`)
    return list
  }
}

/* The text as a node. Throws a SyntaxError for what is no JSON, or too deep. */
export function parse(text) {
  const reader = new Reader(text)
  const node = reader.value(0)
  reader.space()
  if (reader.at !== text.length) reader.fail("more than one value")
  return node
}

function plainValue(node) {
  switch (node.type) {
    case "object":
      return Object.fromEntries(node.entries.map(([key, value]) =>
        [key, key === "slots" && value.type === "object" ? value : plainValue(value)]))
    case "array": return node.items.map(plainValue)
    case "number": return Number(node.source)
    default: return node.value
  }
}

/* An answer of the API as a value of JavaScript; slots stay nodes, since their numbers are somebody's. */
export function readAnswer(text) {
  return plainValue(parse(text))
}
