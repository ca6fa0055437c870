import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'

import type { Facts, FromFacts, Issue, LocalInput } from '@imago/core'
import { fileSystemError, optionSchema, resolveFacts } from '@imago/core'
import * as v from 'valibot'

/** What to run: lines, a script of this machine, or several scripts one after the other. Exactly one of the three. */
export type ScriptSource =
  | {
      /** Lines of one script. It ends at the first command that fails (`sh -e`), unless its first line (`#!`) names another interpreter. */
      readonly inline: FromFacts<readonly string[]>
      readonly script?: never
      readonly scripts?: never
    }
  | {
      /** A script of this machine. */
      readonly script: string
      readonly inline?: never
      readonly scripts?: never
    }
  | {
      /** Scripts of this machine. The first that fails is the last that runs. */
      readonly scripts: readonly string[]
      readonly inline?: never
      readonly script?: never
    }

/** A script, ready to run. */
export interface LoadedScript {
  /** What messages call it: its path, or its first line. */
  readonly name: string
  readonly content: Buffer
  /** Where it is on this machine, when it is a file. */
  readonly path?: string
  /** What runs it when neither an option nor its first line says. */
  readonly defaultInterpreter: readonly string[]
}

/** {@link ScriptSource} as its parts, when which of them is there does not matter. */
export type ScriptParts = Partial<Record<'inline' | 'script' | 'scripts', unknown>>

/** The schema's entries for {@link ScriptSource}. */
export const scriptSourceEntries: {
  readonly inline: v.OptionalSchema<v.GenericSchema<unknown, FromFacts<readonly string[]>>, undefined>
  readonly script: v.OptionalSchema<typeof optionSchema.text, undefined>
  readonly scripts: v.OptionalSchema<v.GenericSchema<unknown, readonly string[]>, undefined>
} = {
  inline: v.optional(optionSchema.fromFacts(v.pipe(v.array(v.string()), v.nonEmpty('must not be empty')))),
  script: v.optional(optionSchema.text),
  scripts: v.optional(v.pipe(v.array(optionSchema.text), v.nonEmpty('must not be empty'))),
}

/** Whether exactly one of `inline`, `script` and `scripts` is there. */
export function scriptSourceIssues(source: ScriptParts): readonly Issue[] {
  const [first, ...others] = (['inline', 'script', 'scripts'] as const).filter((name) => source[name] !== undefined)
  if (first === undefined) return [{ path: [], message: 'one of inline, script and scripts is required' }]
  return others.map((name) => ({ path: [name], message: `${first} and ${name} exclude each other`, hint: 'use a step for each' }))
}

/** What the display calls the step: the first command, or the script's name. Options may come from data, and be wrong. */
export function scriptTitle(source: ScriptParts, type: string): string {
  const paths = scriptInputs(source).map(({ path }) => basename(path))
  const names = paths.length > 0 ? paths : commandsOf(source.inline)
  const [first = type] = names
  const short = first.length > 60 ? `${first.slice(0, 57)}...` : first
  return names.length > 1 ? `${short} (and ${names.length - 1} more)` : short
}

/** The files of this machine that it reads. Options may come from data, and be wrong. */
export function scriptInputs({ script, scripts }: ScriptParts): readonly LocalInput[] {
  if (typeof script === 'string') return [{ path: script, at: ['script'], kind: 'file' }]
  return texts(scripts).map((path, index) => ({ path, at: ['scripts', index], kind: 'file' }))
}

/**
 * Reads the scripts, one when the one before it is done.
 * @throws ImagoError `INPUT_MISSING` when one is gone.
 */
export async function* loadScripts(
  source: ScriptSource,
  { facts, directory }: { readonly facts: Facts; readonly directory: string },
): AsyncGenerator<LoadedScript, void, void> {
  if (source.inline !== undefined) {
    const lines = resolveFacts(source.inline, facts)
    const [name = 'inline'] = commandsOf(lines)
    yield { name, content: Buffer.from(`${lines.join('\n')}\n`), defaultInterpreter: ['/bin/sh', '-e'] }
    return
  }
  for (const name of source.scripts ?? [source.script]) {
    const path = resolve(directory, name)
    const content = await readFile(path).catch((error: unknown) => {
      throw fileSystemError(error, `read the script ${name}`)
    })
    yield { name, content, path, defaultInterpreter: ['/bin/sh'] }
  }
}

/** The lines of an inline script that say something. */
function commandsOf(inline: unknown): readonly string[] {
  return texts(inline)
    .map((line) => line.trim().split('\n')[0] ?? '')
    .filter((line) => line !== '' && !line.startsWith('#'))
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
