import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire, Module } from 'node:module'
import { join } from 'node:path'

import { systemCode } from '@imago/core'

/** What is no ES module or, as a namespace, more than types. */
const needsMore = /\b(?:namespace|module|exports|require|__dirname|__filename)\b/

/** What Node says of a module that it cannot load this way: it waits for something, or it imports another TypeScript file. */
const notThisWay = new Set(['ERR_MODULE_NOT_FOUND', 'ERR_REQUIRE_ASYNC_MODULE', 'ERR_REQUIRE_CYCLE_MODULE', 'ERR_UNKNOWN_FILE_EXTENSION'])

/** Modules that were loaded already, by their paths; `jiti` looks there, too. */
const { cache: loaded } = createRequire(import.meta.url)

/**
 * Imports a TypeScript file of a single module as newer versions of Node do by themselves: without its types, lines where they were. Takes
 * a tenth of the time that a compiler takes to be loaded.
 * @param cacheDirectory where the result is kept
 * @returns `undefined` when this file needs more than that
 */
export async function importStripped(path: string, cacheDirectory: string): Promise<object | undefined> {
  if (!process.features.require_module || loaded[path] !== undefined) return undefined
  const source = await readFile(path, 'utf8')
  if (needsMore.test(source)) return undefined
  try {
    return compile(await withoutTypes(source, path, cacheDirectory), path)
  } catch (error) {
    if (error instanceof SyntaxError || notThisWay.has(systemCode(error) ?? '')) return undefined
    throw error
  }
}

/** Runs the code of an ES module in the place of a file. */
function compile(code: string, path: string): object {
  const module = new Module(path) as Module & { _compile(code: string, path: string, format: 'module'): void } // what Node's own loaders call
  module.filename = path
  module._compile(code, path, 'module')
  module.loaded = true
  loaded[path] = module
  return module.exports as object // the module's namespace
}

async function withoutTypes(source: string, path: string, cacheDirectory: string): Promise<string> {
  const mark = `\n// ${createHash('sha256').update(source).digest('hex')}\n`
  const kept = join(cacheDirectory, `${createHash('sha256').update(path).digest('hex').slice(0, 16)}.mjs`)
  const before = await readFile(kept, 'utf8').catch(() => '')
  if (before.endsWith(mark)) return before
  const { stripTypes } = await import('./strip-types.ts')
  const code = stripTypes(source, path)
  await keep(kept, code + mark, cacheDirectory).catch(() => undefined) // it is only slower the next time
  return code
}

async function keep(path: string, text: string, cacheDirectory: string): Promise<void> {
  await mkdir(cacheDirectory, { recursive: true })
  const partial = `${path}.${randomUUID()}`
  await writeFile(partial, text)
  await rename(partial, path)
}
