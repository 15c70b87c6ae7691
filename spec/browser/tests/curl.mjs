// A request copied as curl, and run in a shell: it sends the same again and does nothing else, whoever chose its words.

import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import { test } from "../check.mjs"
import { clipboardPermissions, copied, openEvent, panel, withPage } from "../page.mjs"
import { folder, run } from "../processes.mjs"
import { phone, token } from "../scenes.mjs"
import { receiver, server } from "../world.mjs"

// Copies the request of an event, runs it, and gives what the receiver got at first and then.
async function runAgain(scene, intent, shell) {
  const { url, events } = await server(scene)
  const { id } = events.find((event) => event.intent.startsWith(intent))
  const place = folder()
  let pair
  await withPage(url, clipboardPermissions, async (page) => {
    await openEvent(page, id)
    const command = await copied(page, panel(page).getByRole("button", { name: "Copy as curl" }).first())
    assert.doesNotMatch(command, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
    const { attempts: [attempt] } = (await (await fetch(`${url}api/events/${id}`)).json()).deliveries[0]
    const path = attempt.request_headers.split(" ")[1]
    const original = receiver().requests.find((request) => request.url === path)
    const count = receiver().requests.length
    await run([...shell, command], { cwd: place, env: { TOKEN: token } })
    pair = [original, receiver().requests.slice(count).find((request) => request.url === path)]
  })
  assert.deepEqual(readdirSync(place), [], "nothing else was run")
  return pair
}

const seen = ({ method, url, headers }) => {
  const { "content-length": length, ...rest } = headers
  return { method, url, headers: rest }
}

test("Copied as curl and run in a shell, a request is sent again as it was", async () => {
  const [original, again] = await runAgain("clinic", "book_appointment", ["sh", "-c"])
  assert.deepEqual(seen(again), seen(original))
  assert.equal(again.headers.authorization, `Bearer ${token}`)
  assert.equal(again.body, original.body.replace(phone, "[redacted]"))
})

for (const intent of ["says_shell", "says_all", "says_much", "<img", "receives_binary"]) {
  for (const shell of ["sh", "bash"]) {
    test(`Copied as curl, a hostile request is sent again, and ${shell} runs nothing else: ${intent}`, async () => {
      const [original, again] = await runAgain("hostile", intent, [shell, "-c"])
      assert.deepEqual(seen(again), seen(original))
      assert.equal(again.body, original.body)
    })
  }
}
