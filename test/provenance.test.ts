import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { specIssues } from '../packages/report/test/provenance-spec.ts'
import { reasonToSkip } from './requirement.ts'

const imago = resolve('packages/cli/bin/imago.js')
const skipped = reasonToSkip({ userns: 'unshare -Ur true' })
const password = `it's "hush" $hush/ü`

const definition = `import { hostBinaries, oci } from '@imago/builder-oci'
import { defineImage, parameterized, secret } from '@imago/core'
import { checksum } from '@imago/post-processor-checksum'
import { file } from '@imago/provisioner-file'
import { shell } from '@imago/provisioner-shell'
const parameters = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
export default parameterized(parameters, ({ password }) =>
  defineImage({
    name: 'cow',
    builders: { tiny: oci({ from: hostBinaries({ commands: ['sh', 'cat'] }), output: 'cow.tar' }) },
    provisioners: [
      file({ source: 'site', destination: '/srv' }),
      shell({ inline: ['cat > /dev/null <<E\\n' + password + '\\nE', 'test -n "$PASSWORD"'], env: { PASSWORD: secret(password) } }),
      shell({ inline: ['echo ' + btoa(unescape(encodeURIComponent(password)))] }),
    ],
    postProcessors: [checksum({ output: 'sums' })],
  }),
)
`

test.skipIf(skipped !== '')(`imago build --provenance tells what others can compute${skipped}`, { timeout: 60_000 }, () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'imago-provenance-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'image.ts'), definition)
  execFileSync('sh', ['-c', 'mkdir -p site/deep && echo 1 > site/deep/a && echo 2 > site/b'], { cwd: folder })
  const sh = (script: string): string => execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' }).trim()
  execFileSync(process.execPath, [imago, 'build', '--plain', '--provenance', '--var', `password=${password}`], {
    cwd: folder,
    stdio: 'pipe',
  })

  const [path = '', ...others] = sh('ls *.provenance.json').split('\n')
  expect(others).toEqual([])
  const text = readFileSync(join(folder, path), 'utf8')
  const statement = JSON.parse(text)
  expect(specIssues(statement)).toEqual([])
  const sha256 = (file: string): string => sh(`sha256sum ${file} | cut -d' ' -f1`)
  expect(statement.subject).toContainEqual({ name: 'cow.tar', digest: { sha256: sha256('cow.tar') } })
  const { buildDefinition, runDetails } = statement.predicate
  const dirHash = sh("cd site && find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum | cut -f1 -d' '")
  expect(buildDefinition.resolvedDependencies).toEqual([
    { name: 'image.ts', digest: { sha256: sha256('image.ts') } },
    { name: 'site', digest: { dirHash } },
    { name: 'programs of this machine (sh, cat)', digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
  ])
  const layer = buildDefinition.resolvedDependencies.at(-1).digest.sha256
  expect(sh('for blob in $(tar -tf cow.tar | grep blobs/sha256/.); do tar -xOf cow.tar "$blob" | zcat -f | sha256sum; done')).toContain(
    layer,
  )
  expect(runDetails.metadata.invocationId).toMatch(/^[a-z0-9]{8,}$/)
  for (const form of [password, 'hush', Buffer.from(password).toString('base64'), encodeURIComponent(password)])
    expect(text).not.toContain(form)
  expect(buildDefinition.externalParameters).toMatchObject({
    image: 'cow',
    build: 'tiny',
    definition: { provisioners: [{ type: 'file' }, { type: 'shell' }, {}] },
  })
})
