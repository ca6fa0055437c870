import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { FakeMachine } from '@imago/testing'
import { fakeMachine, provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { SbomOptions } from './index.ts'
import { sbom } from './index.ts'

const status = `Package: zlib1g
Status: install ok installed
Architecture: amd64
Version: 1:1.2.13
Source: zlib

Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2
`
const debian = { '/etc/os-release': 'ID=debian\nVERSION_ID=12\nPRETTY_NAME="Debian 12"\n', '/var/lib/dpkg/status': status }

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-sbom-'))
})
afterEach(async () => await rm(directory, { recursive: true }))

async function write(options: SbomOptions, machine: FakeMachine): Promise<unknown> {
  await sbom(options).provision(provisionContext({ machine, directory, workDirectory: directory, image: 'cow', build: 'docker' }))
  const name = typeof options.output === 'string' ? options.output : `cow-docker.${options.format === 'spdx' ? 'spdx' : 'cdx'}.json`
  return JSON.parse(await readFile(join(directory, name), 'utf8'))
}

describe('sbom', () => {
  test('spdx', async () => {
    const document = await write({ format: 'spdx', output: 'out/cow.json' }, fakeMachine({ files: debian }))
    expect(document).toMatchObject({
      spdxVersion: 'SPDX-2.3',
      name: 'cow-docker',
      documentNamespace: expect.stringMatching(/^https:\/\/spdx\.org\/spdxdocs\/cow-docker-[0-9a-f-]{36}$/),
      creationInfo: { created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) },
      packages: [
        { SPDXID: 'SPDXRef-system', name: 'debian', versionInfo: '12' },
        { SPDXID: 'SPDXRef-package-1', name: 'bash', versionInfo: '5.2' },
        {
          SPDXID: 'SPDXRef-package-2',
          name: 'zlib1g',
          externalRefs: [{ referenceLocator: 'pkg:deb/debian/zlib1g@1:1.2.13?arch=amd64&distro=debian-12&upstream=zlib' }],
        },
      ],
      relationships: [
        { relationshipType: 'DESCRIBES' },
        { relationshipType: 'CONTAINS', relatedSpdxElement: 'SPDXRef-package-1' },
        { relationshipType: 'CONTAINS', relatedSpdxElement: 'SPDXRef-package-2' },
      ],
    })
  })

  test('cyclonedx, under a name of its own', async () => {
    expect(await write({ format: 'cyclonedx' }, fakeMachine({ files: debian }))).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      serialNumber: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/),
      metadata: { component: { name: 'cow-docker', description: 'Debian 12' } },
      components: [
        { type: 'operating-system', name: 'debian', version: '12' },
        { type: 'library', name: 'bash', purl: 'pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12' },
        { type: 'library', name: 'zlib1g' },
      ],
    })
  })

  test('an image without dpkg keeps a file for each package', async () => {
    const files = { '/var/lib/dpkg/status.d/base': 'Package: base\nVersion: 1\n', '/var/lib/dpkg/status.d/base.md5sums': 'x' }
    expect(await write({ format: 'cyclonedx' }, fakeMachine({ files }))).toMatchObject({
      components: [{ name: 'linux' }, { name: 'base', version: '1' }],
    })
  })

  test('rpm is asked', async () => {
    const machine = fakeMachine({ files: { '/var/lib/rpm/rpmdb.sqlite': '' } })
    machine.on(/^rpm -qa/, { stdout: 'cow\t1-2\tx86_64\t(none)\tMIT\t(none)\t(none)\n' })
    expect(await write({ format: 'cyclonedx' }, machine)).toMatchObject({
      components: [{}, { name: 'cow', version: '1-2', licenses: [{ license: { name: 'MIT' } }] }],
    })
  })

  test('rpm that is not there, or fails', async () => {
    const machine = fakeMachine({ files: { '/var/lib/rpm/rpmdb.sqlite': '' } })
    machine.on(/^rpm -qa/, { exitCode: 127 })
    await expect(write({ format: 'spdx' }, machine)).rejects.toMatchObject({ code: 'TOOL_MISSING' })
    const broken = fakeMachine({ files: { '/var/lib/rpm/rpmdb.sqlite': '' } })
    broken.on(/^rpm -qa/, { exitCode: 1, stderr: 'database is malformed\n' })
    await expect(write({ format: 'spdx' }, broken)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'rpm -qa failed with exit code 1: database is malformed',
    })
  })

  test('a machine without packages', async () => {
    await expect(write({ format: 'spdx' }, fakeMachine({ files: { '/etc/passwd': '' } }))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: 'the machine has no packages of dpkg, rpm or apk',
    })
  })

  test('its options', () => {
    expect(sbom({ format: 'spdx', output: 'a.json' })).toMatchObject({ type: 'sbom', title: 'write a.json' })
    expect(sbom({ format: 'spdx' }).outputs?.()).toEqual([])
    // @ts-expect-error a format that there is not
    expect(sbom({ format: 'swid' }).validate?.()).toHaveLength(1)
  })
})
