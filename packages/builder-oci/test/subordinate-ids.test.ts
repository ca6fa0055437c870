import { execFile } from 'node:child_process'
import { chown, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { findProgram } from '../src/host/programs.ts'
import { archiveContent } from './archive-content.ts'
import { checkBuilt, needs, packageFolder, temporaryFolder, whyNoNamespaces, whyNotRoot } from './bench.ts'

checkBuilt()
const noUidmap = (await findProgram('newuidmap')) === undefined ? "there is no program 'newuidmap'" : undefined
const { skip, why } = needs('uidmap', whyNotRoot() ?? noUidmap ?? (await whyNoNamespaces()))

/** Builds as the user that runs this. */
const script = (folder: string): string => `
import { defineImage, run } from '${pathToFileURL(join(packageFolder, '../core/dist/index.js')).href}'
import { hostBinaries, oci } from '${pathToFileURL(join(packageFolder, 'dist/index.js')).href}'
const step = {
  kind: 'provisioner', type: 'test', options: {},
  async provision({ machine }) {
    const script = 'set -e; mkdir -m 700 /own; echo x >/own/file; chown -R 1000:1001 /own; setpriv --reuid 33 --regid 33 --clear-groups touch /tmp/mine'
    const { exitCode } = await machine.exec(script, { onOutput: (stream, chunk) => process.stderr.write(chunk) })
    if (exitCode !== 0) throw new Error('exit code ' + exitCode)
    await machine.upload({ content: 'x' }, '/own/uploaded', { owner: '1000:33' })
  },
}
const from = hostBinaries({ commands: ['sh', 'chown', 'mkdir', 'setpriv', 'touch'] })
const image = defineImage({ name: 'test', builders: { oci: oci({ from, output: 'image.tar' }) }, provisioners: [step] })
const report = await run(image, { directory: '${folder}', stateDirectory: '${folder}/state' })
console.log(JSON.stringify({ status: report.status, left: report.left, error: report.builds[0].error }))
`

describe.skipIf(skip)(`a user with subordinate ids${why}`, () => {
  const files = ['/etc/subuid', '/etc/subgid']
  let before: string[]
  let folder: string
  beforeAll(async () => {
    folder = await temporaryFolder()
    await chown(folder, 1, 1) // daemon, whom every Debian has
    before = await Promise.all(files.map((path) => readFile(path, 'utf8').catch(() => '')))
    for (const [index, path] of files.entries()) await writeFile(path, `${before[index]}daemon:1000000:65536\n`)
  })
  afterAll(async () => {
    for (const [index, path] of files.entries()) await writeFile(path, before[index] ?? '')
    await rm(folder, { recursive: true })
  })

  it('gives files to anybody, and leaves nothing that belongs to them', async () => {
    const user = ['--reuid', '1', '--regid', '1', '--clear-groups']
    const { stdout } = await promisify(execFile)('setpriv', [...user, process.execPath, '--input-type=module', '-e', script(folder)])
    expect(JSON.parse(stdout)).toEqual({ status: 'succeeded', left: [] })
    expect((await archiveContent(join(folder, 'image.tar'))).layers[1]).toEqual([
      'd 0700 1000:1001 own',
      '- 0644 1000:1001 own/file',
      '- 0644 1000:33 own/uploaded',
      'd 1777 0:0 tmp',
      '- 0644 33:33 tmp/mine',
    ])
    expect(await readdir(join(folder, 'state', 'work'))).toEqual([])
  })
})
