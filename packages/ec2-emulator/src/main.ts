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

/**
 * The `imago-ec2-emulator` command: runs until it is interrupted.
 * @param args what follows the command's name
 * @returns the exit code
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readArguments(args)
    if (options === undefined) process.stdout.write(usage)
    else await serve(options)
    return 0
  } catch (error) {
    const { message, hint } = errorToJson(error)
    process.stderr.write(`imago-ec2-emulator: ${message}${hint === undefined ? '' : `\n  hint: ${hint}`}\n`)
    return error instanceof UsageError || systemCode(error)?.startsWith('ERR_PARSE_ARGS') === true ? 2 : 1
  }
}

async function serve(options: Ec2EmulatorOptions): Promise<void> {
  const emulator = await startEc2Emulator(options)
  const ended = Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)))
  for (const [name, value] of Object.entries(emulator.env)) process.stdout.write(`export ${name}=${value}\n`)
  await ended
  for (const { kind, id, region, name } of emulator.leftovers()) {
    process.stderr.write(`left: ${[kind, id, name, region].filter(Boolean).join(' ')}\n`)
  }
  await emulator[Symbol.asyncDispose]()
}
