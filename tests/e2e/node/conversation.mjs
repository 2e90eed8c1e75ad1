// Talks with the test that started this program: one JSON value a line.
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

export async function hear() {
  const { value, done } = await lines.next()
  if (done) throw new Error('the test has nothing more to say')
  return JSON.parse(value)
}

export function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

// Runs the program; what goes wrong is told with all that the client library knows of it.
export async function run(program) {
  try {
    await program(await hear())
  } catch (error) {
    console.error(error)
    say({ error: [error.name, error.message, error.code, error.error, error.error_description, error.cause]
      .filter(Boolean).map(describe).join(' | ') })
    process.exitCode = 1
  }
  process.stdin.destroy()
}

function describe(part) {
  if (typeof part === 'string') return part
  if (part instanceof Error) return `${part.name}: ${part.message} ${part.code ?? ''}`
  return JSON.stringify(part)
}
