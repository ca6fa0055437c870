import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { docker } from '@imago/builder-docker'
import { defineImage, run } from '@imago/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { sbom } from '../src/index.ts'

const skipped = reasonToSkip({ docker: 'docker image inspect debian:12' })

describe.skipIf(skipped !== '')(`the packages of a Debian container${skipped}`, () => {
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imago-sbom-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  test('are those that dpkg knows', async () => {
    const image = defineImage({
      name: 'cow',
      builders: { docker: docker({ image: 'debian:12', pull: 'never', result: { type: 'discard' } }) },
      provisioners: [sbom({ format: 'spdx' }), sbom({ format: 'cyclonedx' })],
    })
    const report = await run(image, { directory, stateDirectory: join(directory, '.imago') })
    expect(report.builds.map(({ status, error }) => error ?? status)).toEqual(['succeeded'])
    const format = '${db:Status-Status} ${Package} ${Version}\n'
    const known = execFileSync('docker', ['run', '--rm', '--network=none', 'debian:12', 'dpkg-query', '-Wf', format], { encoding: 'utf8' })
    const expected = known.split('\n').flatMap((line) => (line.startsWith('installed ') ? [line.slice('installed '.length)] : []))
    expect(expected.length).toBeGreaterThan(50)
    const spdx = JSON.parse(await readFile(join(directory, 'cow-docker.spdx.json'), 'utf8'))
    const listed = spdx.packages.slice(1).map(({ name, versionInfo }: { name: string; versionInfo: string }) => `${name} ${versionInfo}`)
    expect(listed.toSorted()).toEqual(expected.toSorted())
    const cyclonedx = JSON.parse(await readFile(join(directory, 'cow-docker.cdx.json'), 'utf8'))
    expect(cyclonedx.components).toHaveLength(expected.length + 1)
  })
})
