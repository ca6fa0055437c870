import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { expect, test } from 'vitest'

/*
 * Type tests: in `*.test-d.ts`, everything must compile, except the line below a comment `// error: text`, which must not, with that text
 * in the compiler's message. Several such comments above one line mean several texts.
 */

interface Expected {
  readonly where: string
  readonly text: string
}

function expectedErrors(file: string): Expected[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.flatMap((line, index) => {
    const text = /^\s*\/\/ error: (.+)$/.exec(line)?.[1]
    if (text === undefined) return []
    const below = lines.findIndex((candidate, at) => at > index && !/^\s*\/\//.test(candidate))
    return [{ where: `${file}(${below + 1}`, text }]
  })
}

/** Each diagnostic with its continuation lines, by the place that it names. */
function diagnostics(output: string): { readonly where: string; readonly message: string }[] {
  return output
    .split(/\n(?=\S)/)
    .filter((block) => /^\S+\(\d+,\d+\): error /.test(block))
    .map((block) => ({ where: block.slice(0, block.indexOf(',')), message: block }))
}

function typeTestFiles(): string[] {
  const found = ['packages', 'examples'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
  return found.filter((name) => name.endsWith('.test-d.ts') && !name.includes('node_modules'))
}

test('type tests compile where they must, and fail with the right message where they must not', () => {
  const tsc = resolve('node_modules/.bin/tsc')
  const result = spawnSync(tsc, ['-p', 'tsconfig.type-tests.json', '--pretty', 'false'], { encoding: 'utf8' })
  const found = diagnostics(result.stdout)
  const files = typeTestFiles()
  expect(files.length).toBeGreaterThan(0)
  const expected = files.flatMap(expectedErrors)
  expect(expected.length).toBeGreaterThan(10)
  const missing = expected.filter(
    ({ where, text }) => !found.some((diagnostic) => diagnostic.where === where && diagnostic.message.includes(text)),
  )
  const unexpected = found.filter(({ where }) => !expected.some((error) => error.where === where))
  expect({ missing, unexpected: unexpected.map(({ message }) => message) }).toEqual({ missing: [], unexpected: [] })
})
