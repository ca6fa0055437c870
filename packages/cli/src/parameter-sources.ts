import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { Image, Json, ParameterizedImage, ParameterSources } from '@imago/core'
import { fileSystemError, ImagoError, isImage, isImagoError, messageOf } from '@imago/core'

import { usageError } from './arguments.ts'
import { definitionLoadError } from './definition-load-error.ts'
import type { Host } from './host.ts'
import type { Definition } from './load-definition.ts'

/**
 * Reads the values of parameters from the command line, from files and from the environment.
 * @throws ImagoError `USAGE` for what cannot be read
 */
export async function readParameters(vars: readonly string[], varFiles: readonly string[], host: Host): Promise<ParameterSources> {
  return {
    vars: Object.fromEntries(vars.map(parseVar)),
    files: await Promise.all(varFiles.map((path) => readVarFile(path, host.cwd))),
    environment: host.environment.parameters,
  }
}

/**
 * The images of a definition, with their parameters filled in.
 * @throws ImagoError `PARAMETER_INVALID` with every problem; also when the definition takes no parameters and is given some
 */
export async function fillParameters(definition: Definition, sources: ParameterSources, host: Host): Promise<Image[]> {
  const given = [...Object.keys(sources.vars ?? {}), ...(sources.files ?? []).flatMap(({ values }) => Object.keys(values))]
  if (given.length > 0 && definition.exported.every(isImage)) {
    throw new ImagoError('PARAMETER_INVALID', `${definition.file} takes no parameters, and is given '${given.join("', '")}'`, {
      hint: 'parameterized(schema, (parameters) => defineImage(…)) gives it some',
    })
  }
  const fill = async (image: Image | ParameterizedImage): Promise<Image> => {
    if (isImage(image)) return image
    try {
      return await host.core.resolveParameters(image, sources)
    } catch (error) {
      // What is no problem of the parameters was thrown by the user's own function.
      throw isImagoError(error, 'PARAMETER_INVALID')
        ? error
        : await definitionLoadError(error, resolve(host.cwd, definition.file), host.cwd)
    }
  }
  return Promise.all(definition.exported.map(fill))
}

/** `name=value` of a command line. @throws ImagoError `USAGE` when it is none */
export function parseVar(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw usageError(`--var '${text}' is not a name and a value`, 'write --var name=value')
  return [text.slice(0, at), text.slice(at + 1)]
}

async function readVarFile(path: string, cwd: string): Promise<{ readonly path: string; readonly values: Readonly<Record<string, Json>> }> {
  const text = await readFile(resolve(cwd, path), 'utf8').catch((error: unknown) => {
    throw usageError(`--var-file '${path}' cannot be read: ${messageOf(fileSystemError(error, path))}`)
  })
  return { path, values: parseVarFile(text, path) }
}

function parseVarFile(text: string, path: string): Readonly<Record<string, Json>> {
  const hint = 'it holds one object: { "name": "value", … }'
  let values: Json
  try {
    values = JSON.parse(text) as Json // what JSON.parse returns
  } catch (error) {
    throw usageError(`--var-file '${path}' is not JSON: ${messageOf(error)}`, hint)
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) throw usageError(`--var-file '${path}' holds no object`, hint)
  return values as Readonly<Record<string, Json>> // neither a list nor a plain value, as checked
}
