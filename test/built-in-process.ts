import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

import type { BuildEvent } from '@imago/core'

/** The command, for `process.execPath`. */
export const imago: string = resolve('packages/cli/bin/imago.js')

/** Builds what a folder defines, in another process. @returns what it has said */
export async function build(folder: string, args: readonly string[] = []): Promise<readonly BuildEvent[]> {
  return await follow(folder, args, () => false)
}

/**
 * Builds what a folder defines, in another process, and kills that when it says what is waited for.
 * @returns what it has said, until then at least
 * @throws Error when the build ends before
 */
export async function killBuild(folder: string, isTime: (event: BuildEvent) => boolean): Promise<readonly BuildEvent[]> {
  let isKilled = false
  const events = await follow(folder, [], (event) => (isKilled ||= isTime(event)))
  if (!isKilled) throw new Error(`the build ended before it could be killed: ${JSON.stringify(events.at(-1))}`)
  return events
}

async function follow(folder: string, args: readonly string[], until: (event: BuildEvent) => boolean): Promise<readonly BuildEvent[]> {
  const child = spawn(process.execPath, [imago, 'build', '--json', ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((done) => child.once('exit', done))
  const events: BuildEvent[] = []
  let rest = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const event = JSON.parse(line) as BuildEvent // of our own command
      events.push(event)
      if (until(event)) child.kill('SIGKILL')
    }
  }
  await ended
  return events
}
