import { artifactOf, defineImage, plan } from '@imago/core'
import { describe, expect, it } from 'vitest'

import { debootstrap, hostBinaries, oci, ociArchive, registry, scratch, tarball } from './index.ts'
import type { OciOptions } from './oci-options.ts'

/** What validation says of options that may be wrong. */
function issuesOf(options: object): string[] {
  const issues = oci(options as OciOptions).validate?.() ?? []
  return issues.map(({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` (${hint})`}`)
}

describe('oci', () => {
  it('finds no problem in right options', () => {
    const sha256 = 'a'.repeat(64)
    const sources = [
      scratch(),
      hostBinaries({ commands: ['sh'] }),
      tarball({ path: 'root.tar' }),
      tarball({ url: 'https://example.com/root.tar', sha256 }),
      ociArchive('base.tar'),
      registry('debian:12', { insecure: true, login: { username: 'daisy', password: 'clover' } }),
      debootstrap({ suite: 'bookworm', include: ['curl'], variant: 'buildd' }),
    ]
    for (const from of sources) expect(issuesOf({ from })).toEqual([])
    const all: OciOptions = {
      from: scratch(),
      output: (facts) => `${facts.image}.tar`,
      tag: 'ghcr.io/farm/cow:1.0',
      platform: 'linux/arm/v7',
      author: 'Daisy',
      compression: 'none',
      sourceDateEpoch: 0,
      cmd: ['moo'],
      entrypoint: ['cow'],
      env: { A: '' },
      user: '1000:1000',
      workdir: '/srv',
      labels: { a: 'b' },
      exposedPorts: [80, '53/udp'],
      volumes: ['/data'],
    }
    expect(issuesOf(all)).toEqual([])
  })

  it('reports everything at once', () => {
    expect(
      issuesOf({
        from: tarball({ url: 'ftp://example.com/x' } as never),
        tag: 'Cow@sha256:x',
        platform: 'arm64',
        workdir: 'srv',
        exposedPorts: [0, 'http'],
        comand: ['moo'],
        sourceDateEpoch: 1.5,
      }),
    ).toMatchInlineSnapshot(`
      [
        "from.url: must be an http or https address, not "ftp://example.com/x"",
        "tag: 'Cow@sha256:x' is no name of an image: 'sha256:x' is no digest (a digest is 'sha256:' and 64 hex digits), not "Cow@sha256:x"",
        "platform: 'arm64' is no platform (write it like 'linux/amd64' or 'linux/arm/v7'), not "arm64"",
        "sourceDateEpoch: must be whole seconds, not 1.5",
        "workdir: must be an absolute path, not "srv"",
        "exposedPorts.0: must be a port such as 80 or '53/udp', not 0",
        "exposedPorts.1: must be a port such as 80 or '53/udp', not "http"",
        "comand: unknown option 'comand' (known: from, output, tag, platform, author, compression, sourceDateEpoch, cmd, entrypoint, env, user, workdir, labels, exposedPorts, volumes)",
        "from.sha256: is required (what comes from the network is checked)",
      ]
    `)
    expect(issuesOf({})).toEqual(['from: is required'])
    expect(issuesOf({ from: { kind: 'docker' } })).toHaveLength(1)
    expect(issuesOf({ from: hostBinaries({ commands: [] }) })).toHaveLength(1)
    expect(issuesOf({ from: tarball({ path: 'a', url: 'https://b', sha256: 'a'.repeat(64) } as never) })).toEqual([
      "from.url: cannot stand beside 'path' (take one of them)",
    ])
  })

  it('says which files it reads and writes', () => {
    expect(oci({ from: tarball({ path: 'root.tar' }), output: 'out.tar' }).inputs?.()).toEqual([
      { path: 'root.tar', at: ['from', 'path'], kind: 'file' },
    ])
    expect(oci({ from: ociArchive('base.tar') }).inputs?.()).toEqual([{ path: 'base.tar', at: ['from', 'image'] }])
    expect(oci({ from: scratch(), output: 'out.tar' }).outputs?.()).toEqual([{ path: 'out.tar', at: ['output'] }])
    expect(oci({ from: scratch(), output: () => 'out.tar' }).outputs?.()).toEqual([])
  })

  it('looks for the programs it takes', async () => {
    const context = { directory: '/', signal: new AbortController().signal }
    expect(await oci({ from: hostBinaries({ commands: ['sh', 'imago-no-such-program'] }) }).preflight?.(context)).toEqual([
      {
        path: ['from', 'commands', 1],
        message: "this machine has no program 'imago-no-such-program'",
        hint: expect.stringContaining('PATH'),
      },
    ])
    expect(await oci({ from: scratch() }).preflight?.(context)).toEqual([])
  })

  it('starts from what another build makes', () => {
    const base = defineImage({ name: 'base', builders: { oci: oci({ from: scratch() }) } })
    const derived = defineImage({ name: 'derived', builders: { oci: oci({ from: ociArchive(artifactOf(base, 'oci')) }) } })
    expect(plan(derived).builds[0]).toMatchObject({
      after: ['base.oci'],
      makes: { type: 'oci-archive', files: true },
      options: { from: { kind: 'oci-archive', image: { $artifactOf: 'base.oci' } } },
    })
  })
})
