import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import type { Builders, Image, Provisioner, Report } from '@imago/core'
import { run } from '@imago/core'
import type { Recorder } from '@imago/testing'
import { recorder } from '@imago/testing'
import { reasonToSkip } from '../../../test/requirement.ts'

/** Why the tests that need the engine are skipped, as a part of their names. */
export const skipped: string = reasonToSkip({ docker: 'docker image inspect debian:12' })

/** How long making an image may take the first time, in milliseconds. */
export const makingMs = 240_000

/** Makes an image of Debian 12 in which commands have been run, unless the engine has it. @returns its name */
export function debianImage(script: string): string {
  const base = docker('image', 'inspect', '--format', '{{.Id}}', 'debian:12')
  const name = `imago-test-agents:${createHash('sha256').update(base).update(script).digest('hex').slice(0, 16)}`
  if (spawnSync('docker', ['image', 'inspect', name], { stdio: 'ignore' }).status === 0) return name
  const container = `imago-test-agents-${process.pid}`
  try {
    docker('run', '--name', container, 'debian:12', 'sh', '-ec', script)
    docker('commit', '--change', 'CMD ["bash"]', container, name)
    return name
  } finally {
    docker('rm', '--force', '--volumes', container)
  }
}

/** Debian with its own Puppet and Ansible, and with a user who may become root by `sudo` with the password `opensesame`. */
export function agentsImage(): string {
  return debianImage(`export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends puppet-agent ansible-core sudo >/dev/null 2>&1
rm -rf /var/lib/apt/lists/*
useradd -m -s /bin/sh -G sudo builder
echo builder:opensesame | chpasswd`)
}

/** Writes files below a folder. */
export async function write(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content)
  }
}

/** A step that runs a command in the machine; its output is the step's. */
export function look(command: string): Provisioner {
  return {
    kind: 'provisioner',
    type: 'look',
    options: {},
    provision: async ({ machine, output }) => void (await machine.exec(command, { onOutput: output })),
  }
}

/** Runs an image in a folder. */
export async function trial<B extends Builders>(
  image: Image<B>,
  directory: string,
  signal?: AbortSignal,
): Promise<{ readonly report: Report; readonly events: Recorder; readonly error: string }> {
  const events = recorder()
  const options = { directory, stateDirectory: `${directory}/.imago`, onEvent: events.onEvent, ...(signal !== undefined && { signal }) }
  const report = await run(image, options)
  return { report, events, error: report.builds[0]?.error?.message ?? '' }
}

function docker(...args: readonly string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
}
