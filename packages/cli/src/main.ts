import { errorToJson, isImagoError, nameHint } from '@imago/core'

import { usageError } from './arguments.ts'
import { catalog, overview } from './commands/catalog.ts'
import { exitCodeOfError, exitCodes } from './exit-code.ts'
import type { Host } from './host.ts'
import { processHost } from './process-host.ts'
import { readVersion } from './version.ts'

/**
 * The `imago` command. What goes wrong is written to stderr.
 * @param args what follows the command's name
 * @param host @default this process
 * @returns the exit code
 */
export async function main(args: readonly string[], host: Host = processHost()): Promise<number> {
  const code = await orReport(dispatch(args, host), host)
  const flushCode = await orReport(
    host.stdout.flush().then(() => exitCodes.ok),
    host,
  )
  return code === exitCodes.ok ? flushCode : code
}

async function orReport(work: Promise<number>, host: Host): Promise<number> {
  try {
    return await work
  } catch (error) {
    const [{ errorLines }, { lookOf }] = await Promise.all([import('./report/error-lines.ts'), import('./report/look.ts')])
    const json = errorToJson(error)
    host.stderr.write(`${errorLines(json, 'imago', lookOf(host, 'stderr', { noColor: false }).style).join('\n')}\n`)
    if (json.code === 'INTERNAL' && error instanceof Error) host.stderr.write(`${error.stack ?? ''}\n`)
    return isImagoError(error) ? exitCodeOfError(error) : exitCodes.failed
  }
}

async function dispatch([first, ...rest]: readonly string[], host: Host): Promise<number> {
  switch (first) {
    case undefined:
      host.stderr.write(`${overview()}\n`)
      return exitCodes.usage
    case '-h':
    case '--help':
    case 'help':
      host.stdout.write(`${rest[0] === undefined ? overview() : await helpOf(rest[0])}\n`)
      return exitCodes.ok
    case '-V':
    case '--version':
    case 'version':
      host.stdout.write(`${readVersion()}\n`)
      return exitCodes.ok
    default:
      return (await loadCommand(first)).run(rest, host)
  }
}

async function helpOf(name: string): Promise<string> {
  return (await loadCommand(name)).help()
}

function loadCommand(name: string): ReturnType<(typeof catalog)[number]['load']> {
  const entry = catalog.find((candidate) => candidate.name === name)
  if (entry !== undefined) return entry.load()
  if (name.startsWith('-')) throw usageError(`there is no option '${name}'`, 'options of a command follow its name: imago build --json')
  if (/\.[mc]?[jt]s$/.test(name)) throw usageError(`there is no command '${name}'`, `did you mean 'imago build ${name}'?`)
  throw usageError(
    `there is no command '${name}'`,
    nameHint(
      name,
      catalog.map((candidate) => candidate.name),
    ),
  )
}
