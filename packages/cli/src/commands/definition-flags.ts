import type { Image, Selection } from '@imago/core'

import type { FlagValues } from '../arguments.ts'
import { usageError } from '../arguments.ts'
import type { Host } from '../host.ts'
import { loadDefinition } from '../load-definition.ts'
import { isTemplate, loadTemplateDefinition } from '../load-template.ts'
import { fillParameters, readParameters } from '../parameter-sources.ts'

/** The options of every command that loads image files. */
export const definitionFlags = {
  only: { type: 'values', value: '<names>', help: "Only these builds: names with commas between them, or patterns such as 'aws-*'." },
  except: { type: 'values', value: '<names>', help: 'All builds but these.' },
  var: { type: 'values', value: '<name=value>', help: 'Set a parameter. Comes before --var-file, and that before IMAGO_VAR_<name>.' },
  'var-file': { type: 'values', value: '<file>', help: 'Set parameters from a JSON file; a later file comes before an earlier one.' },
  lenient: { type: 'boolean', help: 'In a template of Packer: what Packer refuses, and options that there are not yet, are warnings.' },
} as const

/** What a command line says for {@link definitionFlags}. */
export type DefinitionValues = FlagValues<typeof definitionFlags>

/** An image file with its parameters filled in. */
export interface FilledDefinition {
  /** As the user would write it. */
  readonly file: string
  /** The folder it is in; absolute. */
  readonly directory: string
  readonly images: readonly Image[]
  /** What of `--except` has been left out already. */
  readonly exceptUsed?: readonly string[]
}

/** At least one image file. */
export type Definitions = readonly [FilledDefinition, ...FilledDefinition[]]

/**
 * Loads the image files that a command line names; the one in the current folder when it names none.
 * @throws ImagoError for the first one that cannot be loaded
 */
export async function loadDefinitions(paths: readonly string[], values: DefinitionValues, host: Host): Promise<Definitions> {
  const load = async (path: string): Promise<FilledDefinition> => {
    if (isTemplate(path)) return loadTemplateDefinition(path, values, host)
    const sources = await readParameters(values.var, values['var-file'], host)
    const definition = await loadDefinition(path, host.cwd, host.modules)
    return { file: definition.file, directory: definition.directory, images: await fillParameters(definition, sources, host) }
  }
  const [path = '.', ...others] = paths
  const definitions: [FilledDefinition, ...FilledDefinition[]] = [await load(path)]
  for (const other of others) definitions.push(await load(other))
  return definitions
}

/**
 * The folder that relative paths in these definitions are relative to.
 * @throws ImagoError `USAGE` when they are in different ones
 */
export function directoryOf([first, ...others]: Definitions): string {
  const other = others.find(({ directory }) => directory !== first.directory)
  if (other === undefined) return first.directory
  throw usageError(
    `'${first.file}' and '${other.file}' are in different folders, which one run cannot build`,
    'run the command once for each folder, or export all images from one file',
  )
}

/** The builds that the options select. */
export function selectionOf({ only, except }: Pick<DefinitionValues, 'only' | 'except'>, definitions: Definitions): Selection {
  const used = new Set(definitions.flatMap(({ exceptUsed = [] }) => exceptUsed))
  const left = splitNames(except).filter((name) => !used.has(name))
  return { ...(only.length > 0 && { only: splitNames(only) }), ...(left.length > 0 && { except: left }) }
}

/** The names of an option that takes several, with commas between them. */
export function splitNames(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',')).flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))
}
