import { basename, join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { temporaryFolder } from '../test/temporary-folder.ts'
import { moduleLoader } from './import-module.ts'
import type { Definition } from './load-definition.ts'
import { loadDefinition } from './load-definition.ts'

const image = `{ kind: 'image', name: 'hello', builders: {}, provisioners: [], errorCleanup: [], postProcessors: [] }`

/** Writes these files, and loads a path of them. */
async function load(files: Readonly<Record<string, string>>, path = '.'): Promise<Definition> {
  const cwd = await temporaryFolder(files)
  return loadDefinition(path, cwd, moduleLoader(join(cwd, 'cache')))
}

async function problem(files: Readonly<Record<string, string>>, path = '.'): Promise<{ code: string; message: string; hint?: string }> {
  const error: unknown = await load(files, path).catch((thrown: unknown) => thrown)
  const { code, message, hint } = error as { code: string; message: string; hint?: string }
  return { code, message, ...(hint !== undefined && { hint }) }
}

describe('finding the file', () => {
  test.each([
    ['image.ts', '.'],
    ['image.mts', '.'],
    ['image.js', '.'],
    ['image.mjs', '.'],
    ['web/image.ts', 'web'],
    ['web/image.ts', 'web/'],
    ['web/other.ts', 'web/other.ts'],
  ])('%s is what %s means', async (file, path) => {
    const definition = await load({ [file]: `export default ${image}`, 'package.json': '{"type":"module"}' }, path)
    expect(definition.file).toBe(file)
    expect(definition.exported).toMatchObject([{ name: 'hello' }])
    expect(join(definition.directory, basename(file))).toMatch(new RegExp(`/imago-cli-[^/]+/${file}$`))
  })

  test.each([
    [
      {},
      '.',
      'there is no image file in this folder',
      "looked for image.ts, image.mts, image.js, image.mjs; 'imago init' writes a first one",
    ],
    [
      { 'web/x.ts': '' },
      'web',
      "there is no image file in 'web'",
      "looked for image.ts, image.mts, image.js, image.mjs; 'imago init' writes a first one",
    ],
    [{}, 'nope.ts', "there is no 'nope.ts'", "name an image file or a folder that holds one; 'imago init' writes a first one"],
    [{ 'cow.json': '{}' }, 'cow.json', "'cow.json' is no image file", 'an image file ends in .ts, .mts, .cts, .js, .mjs, .cjs'],
  ])('%j has no %s', async (files, path, message, hint) => {
    expect(await problem(files, path)).toEqual({ code: 'USAGE', message, hint })
  })
})

describe('what the file exports', () => {
  test('may be several images', async () => {
    expect((await load({ 'image.ts': `const one = ${image}\nexport default [one, one]` })).exported).toHaveLength(2)
  })

  test('may use all of TypeScript, and modules beside it', async () => {
    const files = {
      'image.ts': `import { name } from './name.ts'\nenum Size { Small = 1 }\ninterface X { a: string }\nconst x: X = { a: name }\nexport default { ...(${image}), name: x.a + Size.Small } satisfies object`,
      'name.ts': `export const name: string = await Promise.resolve('from beside')`,
    }
    expect((await load(files)).exported).toMatchObject([{ name: 'from beside1' }])
  })

  test('is the same module for two files that import it', async () => {
    const cwd = await temporaryFolder({
      'base.ts': `export const base = ${image}`,
      'a.ts': `import { base } from './base.ts'\nexport default base`,
      'b.ts': `import { base } from './base.ts'\nexport default base`,
    })
    const modules = moduleLoader(join(cwd, 'cache'))
    const [a, b] = [await loadDefinition('a.ts', cwd, modules), await loadDefinition('b.ts', cwd, modules)]
    expect(a.exported[0]).toBe(b.exported[0])
  })

  test.each([
    ['a file and one that imports it', ['base.ts', 'a.ts']],
    ['the other way round', ['a.ts', 'base.ts']],
  ])('is the same module for %s', async (_, paths) => {
    const cwd = await temporaryFolder({
      'base.ts': `export const base = ${image}\nexport default base`,
      'a.ts': `import { base } from './base.ts'\nexport default base`,
    })
    const modules = moduleLoader(join(cwd, 'cache'))
    const images = []
    for (const path of paths) images.push(...(await loadDefinition(path, cwd, modules)).exported)
    expect(images[0]).toBe(images[1])
  })

  test.each([
    ['export const x = 1', 'image.ts has no default export', 'write export default defineImage({ … })'],
    ['export default []', 'image.ts exports no image: its default export is an empty array', undefined],
    [
      'export default 42',
      'image.ts: the default export is a number, and no image',
      'export what defineImage() or parameterized() returns, or an array of those',
    ],
    [
      'export default () => 1',
      'image.ts: the default export is a function, and no image',
      'export what defineImage() or parameterized() returns, or an array of those',
    ],
    [
      `export default [${image}, null]`,
      'image.ts: [1]: the default export is null, and no image',
      'export what defineImage() or parameterized() returns, or an array of those',
    ],
    [
      'export default Promise.resolve(1)',
      'image.ts: the default export is a promise, and no image',
      'export what defineImage() or parameterized() returns, or an array of those',
    ],
  ])('%s is refused', async (source, message, hint) => {
    expect(await problem({ 'image.ts': source })).toEqual({ code: 'DEFINITION_INVALID', message, ...(hint !== undefined && { hint }) })
  })
})

describe('a file that cannot be run', () => {
  const deep = `interface Foo {\n  a: string\n}\nfunction deep(): never {\n  throw new TypeError('boom')\n}\nexport default deep()`
  test.each([
    [{ 'image.ts': 'const a: string = \nexport default {{' }, 'image.ts:2: syntax error: Unexpected token'],
    [{ 'image.ts': `import './web/other.ts'\nexport default 1`, 'web/other.ts': 'const const' }, 'web/other.ts:1: syntax error: '],
    [{ 'image.ts': deep }, 'image.ts:5: TypeError: boom\n    at deep (image.ts:5:9)\n    at image.ts:7:1'],
    [{ 'image.ts': `throw 'a string'` }, 'image.ts: threw a string'],
    [
      { 'image.ts': `import { nope } from './b.ts'\nexport default nope()`, 'b.ts': 'export const x = 1' },
      'image.ts:2: TypeError: nope is not a function',
    ],
  ])('%j', async (files, message) => {
    const found = await problem(files)
    expect(found.code).toBe('DEFINITION_INVALID')
    expect(found.message.slice(0, message.length)).toBe(message)
    expect(found.message).not.toMatch(/node_modules|node:internal|packages\/cli/)
  })

  test.each([
    [
      { 'image.ts': `import a from 'node:fs'\nimport b from '@imago/builder-cow/deep'\nexport default b(a)` },
      "image.ts:2: the package '@imago/builder-cow' is not installed",
      'npm install --save-dev @imago/builder-cow',
    ],
    [
      { 'image.ts': `import b from './othr.ts'\nexport default b` },
      "image.ts:1: there is no './othr.ts' to import",
      'check the path and the file extension',
    ],
    [
      { 'image.ts': `import './web/other.ts'`, 'web/other.ts': `\n\nimport 'left-cow'` },
      "web/other.ts:3: the package 'left-cow' is not installed",
      'npm install --save-dev left-cow',
    ],
  ])('%j', async (files, message, hint) => {
    expect(await problem(files)).toEqual({ code: 'DEFINITION_INVALID', message, hint })
  })

  test('an error of ours keeps its words, its hint and its place', async () => {
    const source = `const error = Object.assign(new Error('a secret of 2 characters cannot be masked'), { code: 'DEFINITION_INVALID', hint: 'use 4' })
Object.defineProperty(error, Symbol.for('imago.error'), { value: true })
throw error`
    expect(await problem({ 'image.ts': source })).toEqual({
      code: 'DEFINITION_INVALID',
      message: 'image.ts:1: a secret of 2 characters cannot be masked',
      hint: 'use 4',
    })
  })
})
