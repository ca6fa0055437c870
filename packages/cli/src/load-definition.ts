import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, extname, join, relative, resolve } from 'node:path'

import type { Image, ParameterizedImage } from '@imago/core'
import { ImagoError, isImage, isParameterized } from '@imago/core'

import { usageError } from './arguments.ts'
import { definitionLoadError } from './definition-load-error.ts'
import type { ModuleLoader } from './import-module.ts'

/** An image file that has been loaded. */
export interface Definition {
  /** As the user would write it. */
  readonly file: string
  /** The folder it is in; absolute. */
  readonly directory: string
  /** What it exports, in its order. */
  readonly exported: readonly (Image | ParameterizedImage)[]
}

const names = ['image.ts', 'image.mts', 'image.js', 'image.mjs']
const extensions = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'])

/**
 * Loads an image file, or the one in a folder.
 * @throws ImagoError `USAGE` when there is none, `DEFINITION_INVALID` when it cannot be run or exports something else
 */
export async function loadDefinition(path: string, cwd: string, modules: ModuleLoader): Promise<Definition> {
  const file = await findFile(resolve(cwd, path), path)
  const shown = relative(cwd, file) || file
  const module = await modules.importFile(file).catch(async (error: unknown) => {
    throw await definitionLoadError(error, file, cwd)
  })
  const exported: unknown = 'default' in module ? module.default : undefined
  if (exported === undefined) {
    throw new ImagoError('DEFINITION_INVALID', `${shown} has no default export`, { hint: 'write export default defineImage({ … })' })
  }
  const images: readonly unknown[] = Array.isArray(exported) ? exported : [exported]
  if (images.length === 0) throw new ImagoError('DEFINITION_INVALID', `${shown} exports no image: its default export is an empty array`)
  return {
    file: shown,
    directory: dirname(file),
    exported: images.map((image, index) => checkExport(image, images.length === 1 ? shown : `${shown}: [${index}]`)),
  }
}

function checkExport(value: unknown, where: string): Image | ParameterizedImage {
  if (isImage(value) || isParameterized(value)) return value
  throw new ImagoError('DEFINITION_INVALID', `${where}: the default export is ${describe(value)}, and no image`, {
    hint: 'export what defineImage() or parameterized() returns, or an array of those',
  })
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (value instanceof Promise) return 'a promise'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

async function findFile(path: string, asWritten: string): Promise<string> {
  const found = await statIfThere(path)
  if (found === undefined)
    throw usageError(`there is no '${asWritten}'`, "name an image file or a folder that holds one; 'imago init' writes a first one")
  if (!found.isDirectory()) {
    if (extensions.has(extname(path))) return path
    throw usageError(`'${asWritten}' is no image file`, `an image file ends in ${[...extensions].join(', ')}`)
  }
  for (const name of names) {
    if ((await statIfThere(join(path, name)))?.isFile() === true) return join(path, name)
  }
  const folder = asWritten === '.' ? 'this folder' : `'${asWritten}'`
  throw usageError(`there is no image file in ${folder}`, `looked for ${names.join(', ')}; 'imago init' writes a first one`)
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined)
}
