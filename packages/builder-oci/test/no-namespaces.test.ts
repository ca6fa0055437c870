import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { hostBinaries } from '../src/index.ts'
import { archiveContent } from './archive-content.ts'
import { checkBuilt, buildImage, needs, packageFolder, temporaryFolder, whyNoNamespaces } from './bench.ts'

checkBuilt()
const { skip, why } = needs('userns', await whyNoNamespaces())

/** Builds, and says what became of the image and of a command. */
const script = (folder: string): string => `
import { defineImage, run } from '${pathToFileURL(join(packageFolder, '../core/dist/index.js')).href}'
import { hostBinaries, oci } from '${pathToFileURL(join(packageFolder, 'dist/index.js')).href}'
let failure
const step = {
  kind: 'provisioner', type: 'test', options: {},
  async provision({ machine }) {
    await machine.upload({ path: '${folder}/site' }, '/srv/site', { owner: '33:33' })
    failure = await machine.exec('true').catch(({ code, message, hint }) => ({ code, message, hint }))
  },
}
const from = hostBinaries({ commands: ['sh'] })
const image = defineImage({ name: 'test', builders: { oci: oci({ from, output: 'limited.tar' }) }, provisioners: [step] })
const report = await run(image, { directory: '${folder}', stateDirectory: '${folder}/state' })
console.log(JSON.stringify({ status: report.status, left: report.left, digest: report.builds[0].artifact?.digest, failure }))
`

describe.skipIf(skip)(`a system that allows no namespaces${why}`, () => {
  let folder: string
  beforeAll(async () => {
    folder = await temporaryFolder()
    await mkdir(join(folder, 'site'))
    await writeFile(join(folder, 'site', 'index.html'), 'hello')
  })
  afterAll(async () => await rm(folder, { recursive: true }))

  it('builds the same images from files, and says why commands do not run', async () => {
    const limited = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' // the setting is the namespace's own
    const program = [process.execPath, '--input-type=module', '-e', script(folder)]
    const { stdout } = await promisify(execFile)('unshare', ['--user', '--map-root-user', 'sh', '-c', limited, 'sh', ...program])
    const result: { readonly digest?: string } = JSON.parse(stdout)
    expect(result).toMatchObject({
      status: 'succeeded',
      left: [],
      failure: {
        code: 'UNSUPPORTED',
        message: expect.stringContaining('commands cannot run in a root of their own here'),
        hint: expect.stringContaining('user.max_user_namespaces'),
      },
    })
    const usual = await buildImage(folder, { from: hostBinaries({ commands: ['sh'] }) }, async (machine) => {
      await machine.upload({ path: join(folder, 'site') }, '/srv/site', { owner: '33:33' })
    })
    expect((await archiveContent(join(folder, 'limited.tar'))).layers).toEqual((await archiveContent(usual.path)).layers)
    expect(result.digest).toBe(usual.artifact.digest)
  })
})
