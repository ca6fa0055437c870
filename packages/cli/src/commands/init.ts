import { basename, relative, resolve } from 'node:path'

import type { Flags } from '../arguments.ts'
import { usageError } from '../arguments.ts'
import { exitCodes } from '../exit-code.ts'
import { starterFiles } from '../init/starter-files.ts'
import type { WrittenFile } from '../init/write-starter.ts'
import { writeStarter } from '../init/write-starter.ts'
import { readVersion } from '../version.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'

const flags = {} as const satisfies Flags

/** `imago init` */
export const initCommand: Command = defineCommand({
  usage: 'imago init [folder]',
  description:
    'Writes a first project: an image definition that builds on any Linux machine without a daemon and without root, and its test. ' +
    'Files that are there already are left as they are.',
  flags,
  examples: [
    { command: 'imago init', does: 'Write it into the current folder.' },
    { command: 'imago init hello', does: 'Write it into a folder of its own.' },
  ],
  async run({ positionals: [folder = '.', ...others] }, host) {
    if (others[0] !== undefined) throw usageError(`one folder is enough, and '${others[0]}' is a second one`)
    const path = resolve(host.cwd, folder)
    const written = await writeStarter(path, starterFiles({ name: nameFrom(path), version: readVersion() }))
    host.stdout.write(`${report(written, relative(host.cwd, path)).join('\n')}\n`)
    return exitCodes.ok
  },
})

/** The folder's name, as far as an image can have it. */
function nameFrom(path: string): string {
  const name = basename(path)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .replace(/[^a-z0-9]+$/, '')
  return name === '' ? 'hello' : name
}

function report(files: readonly WrittenFile[], folder: string): string[] {
  const lines = files.map(({ path, outcome }) => (outcome === 'written' ? `wrote ${path}` : `kept ${path}, which was there already`))
  const manifestKept = files.some(({ path, outcome }) => path === 'package.json' && outcome === 'kept')
  return [
    ...lines,
    '',
    'Next:',
    ...(folder === '' ? [] : [`  cd ${folder}`]),
    ...(manifestKept
      ? [
          '  npm pkg set type=module',
          '  npm install --save-dev @imago/builder-oci @imago/cli @imago/core @imago/post-processor-checksum @imago/provisioner-shell @imago/testing @types/node typescript vitest',
        ]
      : ['  npm install']),
    '  npx imago build',
  ]
}
