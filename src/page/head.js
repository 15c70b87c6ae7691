/*
 * head: an HTTP head as it was sent or received.
 */

/* An HTTP head as its first line and its headers; a line that is none is taken as it is. */
export function readHead(head) {
  const [first = "", ...lines] = (head ?? "").split(/\r?\n/).filter((line) => line !== "")
  return {
    first,
    headers: lines.map((line) => {
      const colon = line.indexOf(":")
      return colon > 0 ? [line.slice(0, colon), line.slice(colon + 1).trim()] : ["", line]
    }),
  }
}
