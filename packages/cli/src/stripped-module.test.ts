import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { temporaryFolder } from '../test/temporary-folder.ts'
import { importStripped } from './stripped-module.ts'

async function strip(source: string, files: Readonly<Record<string, string>> = {}): Promise<object | undefined> {
  const folder = await temporaryFolder({ 'image.ts': source, ...files })
  return await importStripped(join(folder, 'image.ts'), join(folder, 'cache'))
}

describe('importStripped()', () => {
  test.each([
    [
      'types',
      `import { join } from 'node:path'\ninterface X { a: string }\nexport default join('a', 'b' satisfies X['a']) as string`,
      'a/b',
    ],
    ['enums', `enum Size { Small = 1, Large }\nexport default Size.Large`, 2],
    ['its own place', `export default import.meta.filename.slice(-9)`, '/image.ts'],
    ['an import of types alone', `import type { X } from './there-is-none.ts'\nexport default 'x' as X`, 'x'],
  ])('takes a file with %s', async (_, source, value) => {
    expect(await strip(source)).toMatchObject({ default: value })
  })

  test.each([
    ['waits', `export default await Promise.resolve(1)`],
    ['imports another TypeScript file', `import { x } from './x.ts'\nexport default x`],
    ['imports what is not there', `import './y.ts'\nexport default 1`],
    ['has a namespace', `namespace A { export const x = 1 }\nexport default A.x`],
    ['is no ES module', `export default __dirname`],
    ['has an error of syntax', `export default {{`],
    ['has syntax that this version of Node does not know', `using x = { [Symbol.dispose]() {} }\nexport default 1`],
  ])('leaves alone what %s', async (_, source) => {
    expect(await strip(source, { 'x.ts': 'export const x = 1' })).toBeUndefined()
  })

  test('throws what the file throws, with the line', async () => {
    const thrown: unknown = await strip(`interface X {\n  a: string\n}\nthrow new TypeError('boom')\nexport {}`).catch(
      (error: unknown) => error,
    )
    expect(thrown).toMatchObject({ message: 'boom', stack: expect.stringMatching(/image\.ts:4:/) as unknown })
  })

  test('keeps what it has made, one file for each', async () => {
    const folder = await temporaryFolder({ 'a.ts': 'export default 1 as number', 'b.ts': 'export default 2 as number' })
    const cache = join(folder, 'cache')
    for (const name of ['a.ts', 'b.ts']) await importStripped(join(folder, name), cache)
    const kept = await Promise.all((await readdir(cache)).map(async (name) => await readFile(join(cache, name), 'utf8')))
    expect(kept.toSorted()).toEqual([
      expect.stringMatching(/^export default 1 \n\/\/ [0-9a-f]{64}\n$/),
      expect.stringMatching(/^export default 2 \n\/\/ [0-9a-f]{64}\n$/),
    ])
  })

  test('leaves to others a file that is loaded already', async () => {
    const folder = await temporaryFolder({ 'image.ts': 'export default 1' })
    const again = async (): Promise<object | undefined> => await importStripped(join(folder, 'image.ts'), join(folder, 'cache'))
    expect([await again(), await again()]).toMatchObject([{ default: 1 }, undefined])
  })
})
