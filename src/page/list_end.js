/*
 * list_end: what stands below the list: that more is coming, or can be asked for, that this is all, that there is
 * nothing and why, or that asking failed.
 */
import { button, element } from "./element.js"
import { counted, dayMinute, exact } from "./text.js"

const paragraph = (...content) => element("p", {}, content)

function nothing(filtered, clear) {
  if (filtered) {
    return [element("h3", {}, "Nothing matches these filters"),
      paragraph("No event in the history is like that. New ones appear here by themselves."),
      paragraph(button("Clear the filters", clear))]
  }
  const command = (text) => element("pre", {}, element("code", {}, text))
  return [element("h3", {}, "No events yet"),
    paragraph("As soon as an intent fires, it stands here. In a terminal:"),
    command("intent-webhook chat intents.lua --history history.db"), paragraph("or from Lua:"),
    command('client:message("Book a table for four")')]
}

/* Why the whole list did not come: what is the case, the server's sentence, what can be done. */
const FAILURES = {
  bad_request: ["These filters cannot be used", "The address of this page has a filter that the server does not know."],
  history: ["The history cannot be read", "The page goes on by itself when the file is in order again."],
  unreachable: ["No connection", "The page goes on by itself when the server is back."],
}
const ANY_FAILURE = ["The events could not be loaded", ""]

function failed({ error, size, filtered, retry, clear }) {
  const again = button("Try again", retry)
  if (size) return [paragraph(`${error.message} `, again)]
  const [title, advice] = FAILURES[error.code] ?? ANY_FAILURE
  const wrong = error.code === "bad_request" && filtered
  return [element("h3", {}, title), paragraph(error.message), advice && paragraph(advice),
    paragraph(wrong ? button("Clear the filters", clear) : again)].filter(Boolean)
}

function searching(searchedTo, loading, older) {
  const back = element("span", { title: exact(searchedTo) }, `Searched back to ${dayMinute(searchedTo)}`)
  return paragraph(back, loading ? "\u2026" : [" ", button("Search on", older)])
}

/*
 * The state, for data-state, and the elements. `list` says what it knows of its end: error, searchedTo, loading, next,
 * size, filtered; and what the buttons do: older, retry, clear.
 */
export function endOf(list) {
  const { error, searchedTo, loading, next, size, filtered } = list
  if (error) return ["failed", ...failed(list)]
  if (searchedTo != null) return ["searching", searching(searchedTo, loading, list.older)]
  if (loading) return ["loading", paragraph(size ? "Loading older events\u2026" : "Loading\u2026")]
  if (next !== null) return ["more", paragraph(button("Show older events", list.older))]
  if (size) return ["complete", paragraph(`That is all: ${counted(size, "event")}.`)]
  return ["empty", ...nothing(filtered, list.clear)]
}
