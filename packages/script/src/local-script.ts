import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { LoadedScript } from './script-source.ts'
import { shebang, withUnixLines } from './script-text.ts'

/** A script as a program with its arguments to run on this machine. */
export interface LocalScript extends AsyncDisposable {
  readonly command: readonly string[]
}

/**
 * Prepares a script to run on this machine. A file runs where it is; inline scripts, and files whose lines end with CRLF, run from a
 * copy in `workDirectory`, which disposing removes. The file needs no permission to be executed.
 */
export async function localScript(
  script: LoadedScript,
  options: { readonly interpreter: string | readonly string[] | undefined; readonly workDirectory: string },
): Promise<LocalScript> {
  const content = withUnixLines(script.content)
  const given = typeof options.interpreter === 'string' ? [options.interpreter] : options.interpreter
  const interpreter = given ?? shebang(content) ?? script.defaultInterpreter
  if (script.path !== undefined && content.equals(script.content)) {
    return { command: [...interpreter, script.path], [Symbol.asyncDispose]: () => Promise.resolve() }
  }
  const path = join(options.workDirectory, `script-${crypto.randomUUID()}`)
  await writeFile(path, content, { mode: 0o600 })
  return { command: [...interpreter, path], [Symbol.asyncDispose]: async () => await rm(path, { force: true }) }
}
