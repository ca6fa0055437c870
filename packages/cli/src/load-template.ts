import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'

import { fileSystemError, ImagoError, messageOf, systemCode } from '@imago/core'
import type * as Templates from '@imago/packer-template'
import type { TemplateFile, TemplateOptions } from '@imago/packer-template'

import { usageError } from './arguments.ts'
import type { DefinitionValues, FilledDefinition } from './commands/definition-flags.ts'
import { splitNames } from './commands/definition-flags.ts'
import type { Host } from './host.ts'
import { parseVar } from './parameter-sources.ts'

type TemplatePackage = typeof Templates

/** Whether a path names a template of Packer. */
export function isTemplate(path: string): boolean {
  return extname(path).toLowerCase() === '.json'
}

/**
 * Loads the package that reads templates.
 * @throws ImagoError `TOOL_MISSING` when it is not installed
 */
export async function templatePackage(): Promise<TemplatePackage> {
  try {
    return await import('@imago/packer-template')
  } catch (error) {
    if (systemCode(error) !== 'ERR_MODULE_NOT_FOUND' || !messageOf(error).includes("'@imago/packer-template'")) throw error
    throw new ImagoError('TOOL_MISSING', "templates of Packer are read by the package '@imago/packer-template', which is not installed", {
      hint: 'npm install --save-dev @imago/packer-template',
      cause: error,
    })
  }
}

/**
 * Reads a template's file.
 * @throws ImagoError `USAGE` when it cannot be read
 */
export async function readTemplateFile(path: string, host: Host): Promise<TemplateFile> {
  const text = await readFile(resolve(host.cwd, path), 'utf8').catch((error: unknown) => {
    throw usageError(`'${path}' cannot be read: ${messageOf(fileSystemError(error, path))}`)
  })
  return { path, text }
}

/** How the command line and the environment want a template read. As for Packer, relative paths are relative to the current folder. */
export async function templateOptions(values: DefinitionValues, host: Host): Promise<TemplateOptions> {
  const files = values['var-file'].map(async (path) => {
    const text = await readFile(resolve(host.cwd, path), 'utf8').catch((error: unknown) => {
      throw usageError(`--var-file '${path}' cannot be read: ${messageOf(fileSystemError(error, path))}`)
    })
    return { path, text }
  })
  return {
    directory: host.cwd,
    env: (name) => host.environment.value(name),
    variables: {
      vars: Object.fromEntries(values.var.map(parseVar)),
      files: await Promise.all(files),
      environment: { ...host.environment.packerVariables, ...host.environment.parameters },
    },
    lenient: values.lenient,
    ...(values.only.length > 0 && { only: splitNames(values.only) }),
    ...(values.except.length > 0 && { except: splitNames(values.except) }),
  }
}

/**
 * Loads a template of Packer as an image file. What is doubtful in it is told on stderr.
 * @throws ImagoError `DEFINITION_INVALID` with every problem
 */
export async function loadTemplateDefinition(path: string, values: DefinitionValues, host: Host): Promise<FilledDefinition> {
  const file = await readTemplateFile(path, host)
  const templates = await templatePackage()
  const external = templates.externalSources({ env: (name) => host.environment.value(name) })
  const { image, warnings, exceptUsed } = await templates.loadTemplate(file, { ...(await templateOptions(values, host)), external })
  for (const warning of warnings) host.stderr.write(`warning: ${templates.formatProblem(warning)}\n`)
  return { file: path, directory: host.cwd, images: [image], exceptUsed }
}
