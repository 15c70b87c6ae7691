/*
 * copy: buttons that put something into the clipboard.
 */
import { button, element } from "./element.js"

const SAID_MS = 1500

/* A button that copies what `text()` gives, and says so for a moment. */
export function copyButton(label, text, attributes = {}) {
  const node = button(label, async () => {
    node.textContent = await copy(text()) ? "Copied" : "Not allowed to copy"
    setTimeout(() => { node.textContent = label }, SAID_MS)
  }, { class: "quiet", ...attributes })
  return node
}

/* The clipboard is there on secure origins and on loopback only; elsewhere a selection has to do. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = element("textarea", { class: "hidden", readonly: true })
    area.value = text
    const holder = document.querySelector("dialog[open]") ?? document.body
    const focused = document.activeElement
    holder.append(area)
    area.select()
    const done = document.execCommand("copy")
    area.remove()
    focused?.focus()
    return done
  }
}
