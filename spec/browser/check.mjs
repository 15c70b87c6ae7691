// check: tests whose names are sentences, and what became of them. Each test has a time in which it must be done.

const LONGEST = 60000 // milliseconds for one test, on a machine with much else to do
const MOST_SAID = 4000 // characters of one failure

const tests = []

export function test(name, body) {
  tests.push({ name, body })
}

// The error of a test, or undefined.
async function outcome(body) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${LONGEST / 1000} s`)), LONGEST)
  })
  try {
    await Promise.race([body(), late])
    return undefined
  } catch (error) {
    return error
  } finally {
    clearTimeout(timer)
  }
}

function inShort(error) {
  const text = String(error.stack ?? error)
  return (text.length > MOST_SAID ? `${text.slice(0, MOST_SAID)} ...` : text).replace(/^/gm, "    ")
}

// Runs those whose name has the text, as many beside each other as there are lanes; the number that failed.
export async function runTests(only, lanes) {
  const waiting = tests.filter(({ name }) => !only || name.includes(only))
  let passed = 0
  let failed = 0
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const start = Date.now()
      const error = await outcome(next.body)
      if (error) {
        failed += 1
        console.log(`not ok ${next.name}\n${inShort(error)}`)
      } else {
        passed += 1
        console.log(`ok ${next.name} (${Date.now() - start} ms)`)
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  console.log(`${passed} passed, ${failed} failed`)
  return failed
}
