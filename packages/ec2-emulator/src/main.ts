import { once } from 'node:events'
import { parseArgs } from 'node:util'

import { errorToJson, systemCode } from '@imago/core'

import type { Ec2EmulatorOptions } from './emulator-options.ts'
import { startEc2Emulator } from './start-ec2-emulator.ts'

const usage = `imago-ec2-emulator: an endpoint that answers as Amazon EC2 does

  --port N             the port to listen at (default: a free one)
  --host ADDRESS       the address to listen at (default: 127.0.0.1)
  --guests docker      run instances as containers (default: none)
  --base IMAGE         what the containers are made of (default: debian:12)
  --delays realistic   take as long as Amazon does (default: none)

It prints what clients need, as shell commands, and runs until it is interrupted; then it tells what is left.
`

/** A mistake in the arguments. */
class UsageError extends Error {}

function readArguments(args: readonly string[]): Ec2EmulatorOptions | undefined {
  const text = { type: 'string' } as const
  const options = { port: text, host: text, guests: text, base: text, delays: text, help: { type: 'boolean' } } as const
  const { values } = parseArgs({ args: [...args], options })
  const { port, host, guests = 'none', base, delays = 'none', help = false } = values
  if (help) return undefined
  if (guests !== 'none' && guests !== 'docker') throw new UsageError(`--guests is none or docker, not '${guests}'`)
  if (delays !== 'none' && delays !== 'realistic') throw new UsageError(`--delays is none or realistic, not '${delays}'`)
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) < 65_536)) throw new UsageError(`'${port}' is not a port`)
  if (base !== undefined && guests === 'none') throw new UsageError('--base needs --guests docker')
  return {
    delays,
    guests: guests === 'none' || base === undefined ? guests : { base },
    ...(port !== undefined && { port: Number(port) }),
    ...(host !== undefined && { host }),
  }
}

/** What the command needs of its process. */
export interface CommandHost {
  print(text: string): void
  printError(text: string): void
  /** Resolves when the command is to end. */
  interrupted(): Promise<unknown>
}

/**
 * The `imago-ec2-emulator` command: runs until it is interrupted.
 * @param args what follows the command's name
 * @param host @default this process
 * @returns the exit code
 */
export async function main(args: readonly string[], host: CommandHost = processHost): Promise<number> {
  try {
    const options = readArguments(args)
    if (options === undefined) host.print(usage)
    else await serve(options, host)
    return 0
  } catch (error) {
    const { message, hint } = errorToJson(error)
    host.printError(`imago-ec2-emulator: ${message}\n${hint === undefined ? '' : `  hint: ${hint}\n`}`)
    return error instanceof UsageError || systemCode(error)?.startsWith('ERR_PARSE_ARGS') === true ? 2 : 1
  }
}

const processHost: CommandHost = {
  print: (text) => void process.stdout.write(text),
  printError: (text) => void process.stderr.write(text),
  interrupted: () => Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal))),
}

async function serve(options: Ec2EmulatorOptions, host: CommandHost): Promise<void> {
  const interrupted = host.interrupted()
  const emulator = await startEc2Emulator(options)
  for (const [name, value] of Object.entries(emulator.env)) host.print(`export ${name}=${value}\n`)
  await interrupted
  for (const { kind, id, region, name } of emulator.leftovers()) {
    host.printError(`left: ${[kind, id, name, region].filter(Boolean).join(' ')}\n`)
  }
  await emulator[Symbol.asyncDispose]()
}
