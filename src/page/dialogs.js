/*
 * dialogs: what the page asks: the token, what to erase and whether really; and the list of its keys.
 */
import { ApiError, post, tryToken } from "./api.js"
import { button, element } from "./element.js"
import { counted, cut, outside } from "./text.js"

const ERASING_MS = 90000 /* all of a large history may have to be read */

/* A dialog that is on the page while it is open, maybe above another one. `closed` is called when it is gone. */
function dialog(title, content, closed) {
  const node = element("dialog", { "aria-label": title }, element("h2", {}, title), content)
  node.addEventListener("close", () => {
    node.remove()
    closed?.()
  })
  document.body.append(node)
  node.showModal()
  return node
}

const actions = (...buttons) => element("div", { class: "actions" }, buttons)

/* ---- logging in ---- */

/* A promise that is fulfilled when the server has taken a token. The dialog cannot be closed before. */
export function askToken() {
  return new Promise((done) => {
    const field = element("input", { type: "password", name: "token", autocomplete: "current-password", required: true,
      "aria-describedby": "token-error" })
    const error = element("p", { id: "token-error", class: "error", role: "alert" })
    const enter = element("button", { type: "submit", class: "primary" }, "Log in")
    const form = element("form", { class: "stack" },
      element("p", {}, "This history is protected by a token, that of the option ", element("code", {}, "token"), "."),
      element("input", { type: "text", name: "username", value: "intent-history", autocomplete: "username",
        class: "hidden", tabindex: -1, "aria-hidden": "true" }),
      element("label", {}, "Token", field), error, actions(enter))
    const node = dialog("Log in", form, done)
    node.addEventListener("cancel", (event) => event.preventDefault())
    form.addEventListener("submit", async (submit) => {
      submit.preventDefault()
      enter.disabled = true
      error.textContent = ""
      try {
        if (await tryToken(field.value)) return node.close()
        error.textContent = "That is not the token."
      } catch (failure) {
        error.textContent = failure.message
      }
      enter.disabled = false
      field.select()
      field.focus()
    })
    field.focus()
  })
}

/* ---- erasing ---- */

const WAYS = {
  id: { title: "Erase this event", what: "the event" },
  session: { title: "Erase a session", what: "all events of the session" },
  containing: { title: "Erase a person\u2019s data", what: "all events that contain" },
}

/* "3 events and 1 conversation" */
function amount({ events, sessions }) {
  return counted(events, "event") + (sessions ? ` and ${counted(sessions, "conversation")} under way` : "")
}

class Erasure {
  /* `erasure` has one of id, session, containing; none: the person types what to look for. */
  constructor(erasure, erased) {
    const [way = "containing"] = Object.keys(erasure)
    this.way = way
    this.value = erasure[way]
    this.erased = erased
    this.content = element("div", { class: "stack" })
    this.node = dialog(WAYS[way].title, this.content)
    if (this.value === undefined) this.#ask()
    else this.#count()
  }

  #show(...content) {
    this.content.replaceChildren(...content)
  }

  #form(submit, ...content) {
    return element("form", { class: "stack", on: { submit: (event) => {
      event.preventDefault()
      submit()
    } } }, content)
  }

  #close(word = "Cancel") {
    return button(word, () => this.node.close())
  }

  /* Asks what to look for; again, when nothing had it. */
  #ask(...said) {
    const field = element("input", { type: "text", required: true, minlength: 3, autocomplete: "off",
      spellcheck: "false" })
    field.value = this.value ?? ""
    const count = () => {
      this.value = field.value
      this.#count()
    }
    this.#show(this.#form(count, said,
      element("p", {}, "Every event in which this text occurs is looked for: in slots, sessions, ids, errors, ",
        "addresses, and in what was sent and received."),
      element("label", {}, "An e-mail address, phone number, name or other text", field),
      element("p", { class: "remark" }, "Values of sensitive slots, tokens and other secrets are not stored, but ",
        "redacted: they cannot be found. Look for something else of that person then, such as a name."),
      actions(this.#close(), element("button", { type: "submit", class: "primary" }, "Count"))))
    field.select()
    field.focus()
  }

  #post(dryRun) {
    return post("erase", { [this.way]: this.value, ...(dryRun && { dry_run: "true" }) }, ERASING_MS)
  }

  async #try(words, dryRun, then) {
    this.#show(element("p", { role: "status" }, words))
    try {
      then(await this.#post(dryRun))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const again = () => (dryRun ? this.#count() : this.#erase())
      this.#show(element("p", { class: "error", role: "alert" }, error.message),
        actions(this.#close("Close"), button("Try again", again, { class: "primary" })))
    }
  }

  #count() {
    return this.#try("Counting\u2026", true, (found) => {
      if (found.events + (found.sessions ?? 0) === 0) {
        const said = element("p", { role: "status" }, element("strong", {}, "Nothing in the history is like that."))
        if (this.way === "containing") this.#ask(said)
        else this.#show(said, actions(this.#close("Close")))
      } else this.#confirm(found)
    })
  }

  #confirm(found) {
    const { way, value } = this
    const go = element("button", { type: "submit", class: "danger", disabled: way !== "id" }, `Erase ${amount(found)}`)
    const field = element("input", { type: "text", autocomplete: "off", on: {
      input: () => { go.disabled = field.value.trim().toLowerCase() !== "erase" },
    } })
    this.#show(this.#form(() => this.#erase(),
      element("p", {}, `This deletes ${WAYS[way].what} `, element("strong", {}, outside(cut(value, 300))),
        `, with all that was sent and received: ${amount(found)}. It cannot be undone.`),
      way !== "id" && element("label", {}, "Type \u201cerase\u201d to confirm", field),
      actions(this.#close(), go)))
    if (way === "id") this.content.querySelector(".actions button").focus()
    else field.focus()
  }

  #erase() {
    return this.#try("Erasing\u2026", false, (found) => {
      const close = this.#close("Close")
      const note = found.note ? [element("p", {}, found.note)] : []
      this.#show(element("p", { role: "status" }, `${amount(found)} erased.`), ...note, actions(close))
      close.focus()
      this.erased(found)
    })
  }
}

/* Lets the person erase; `erased()` is called when something is gone. */
export function erase(erasure, erased) {
  return new Erasure(erasure, erased)
}

/* ---- keys ---- */

const KEYS = [
  ["j  k", "the next and the previous event"],
  ["\u2193  \u2191", "the same, in the list"],
  ["\u2192  \u2190", "the same, in an open event"],
  ["Enter", "open the event"],
  ["Esc", "close it"],
  ["n", "show new events"],
  ["/", "search"],
  ["?", "these keys"],
]

export function showKeys() {
  const node = dialog("Keys", [element("dl", { class: "keys" }, KEYS.map(([keys, words]) => element("div", {},
    element("dt", {}, keys.split("  ").map((key) => element("kbd", {}, key))), element("dd", {}, words)))),
  actions(button("Close", () => node.close(), { class: "primary" }))])
}
