import { artifactOf, defineImage, secret } from '@imago/core'
import { describe, expect, test } from 'vitest'

import type { DockerOptions } from './docker-options.ts'
import type { DockerResult } from './docker-result.ts'
import { docker } from './docker.ts'

/** Options as they may come from data, unseen by the compiler. */
function issuesOf(options: object): readonly string[] {
  const builder = docker(options as DockerOptions<DockerResult>) // whatever they are
  builder.inputs?.()
  builder.outputs?.()
  return (builder.validate?.() ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('options', () => {
  const base = defineImage({ name: 'base', builders: { docker: docker({ image: 'debian:12' }) } })

  test.each<DockerOptions<DockerResult>>([
    { image: 'debian' },
    { image: 'localhost:5000/team/cow@sha256:' + 'a'.repeat(64), pull: 'always', platform: 'linux/arm64/v8' },
    { image: `sha256:${'a'.repeat(64)}`, pull: 'never' },
    { image: artifactOf(base, 'docker'), result: { type: 'discard' } },
    { dockerfile: { path: 'Dockerfile', context: '.', target: 'x', args: { A: 'b' } }, result: { type: 'export', path: 'out.tar' } },
    {
      image: 'debian',
      login: { username: 'me', password: secret('hush-hush') },
      engine: { host: 'tcp://docker.test' },
      volumes: ['./a:/a:ro', 'data:/data', '/b:/b'],
      network: 'none',
      privileged: true,
      capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      tmpfs: ['/tmp', '/run:size=1m,mode=700'],
      extraHosts: { cow: '10.0.0.1' },
      devices: ['/dev/kvm'],
      memory: '1.5g',
      init: true,
      runtime: 'runsc',
      hostname: 'barn',
      user: '1:1',
      workdir: '/w',
      env: { A: 'b', S: secret('hush-hush') },
      shell: '/busybox/sh',
      result: {
        type: 'commit',
        repository: 'localhost:5000/cow',
        tag: '1.0',
        author: 'A',
        message: 'M',
        changes: ['EXPOSE 80'],
        config: {
          cmd: ['a'],
          entrypoint: ['b'],
          env: { A: '1' },
          user: 'u',
          workdir: '/w',
          labels: { a: 'b' },
          exposedPorts: [80, '53/udp', '1-2/tcp'],
          volumes: ['/v'],
        },
      },
    },
  ])('%j are right', (options) => {
    expect(issuesOf(options)).toEqual([])
  })

  test.each([
    [{}, ['image: is required']],
    [{ image: 'Debian' }, [/^image: .*capital letters/]],
    [{ image: 12 }, ["image: must be an image's name, or artifactOf\\(\\), not 12"]],
    [{ image: 'a', dockerfile: { path: 'b' } }, ["dockerfile: cannot stand beside 'image'"]],
    [{ dockerfile: {} }, ['dockerfile.path: is required']],
    [{ dockerfile: { path: 'x' }, pull: 'never' }, ["pull: cannot be 'never' beside 'dockerfile'"]],
    [{ image: 'a', login: { helper: 'ecr-login', password: 'b' } }, ["login.password: unknown option 'password'"]],
    [{ dockerfile: { path: 'x' }, login: { username: 'a', password: 'b' } }, ["login: cannot stand beside 'dockerfile'"]],
    [{ image: 'a', pull: 'never', login: { helper: 'ecr-login' } }, ["login: has no use beside pull: 'never'"]],
    [{ image: 'a', engine: { host: 'x', context: 'y' } }, ["engine.context: cannot stand beside 'host'"]],
    [{ image: 'a', result: { type: 'commit', tag: '1' } }, ["result.tag: needs a 'repository' beside it"]],
    [{ image: 'a', result: { type: 'commit', repository: 'b:1' } }, [/^result.repository: .*/]],
    [{ image: 'a', result: { type: 'export' } }, ['result.path: is required']],
    [{ image: 'a', result: { type: 'save' } }, [/^result.type: must be/]],
    [{ image: 'a', result: { type: 'commit', config: { cmd: [], user: '' } } }, [/^result.config.cmd/, /^result.config.user/]],
    [{ image: 'a', platform: 'arm' }, [/^platform: 'arm' is no platform/]],
    [{ image: 'a', volumes: ['/a'], tmpfs: ['tmp'], memory: '1', devices: ['kvm'] }, [/^volumes.0/, /^tmpfs.0/, /^devices.0/, /^memory/]],
    [{ image: 'a', env: { 'A-B': 'x' }, workdir: 'w', pull: 'sometimes' }, [/^pull/, /^workdir/, /^env/]],
    [{ image: 'a', priviledged: true }, ["priviledged: unknown option 'priviledged'"]],
  ] as const)('%j are wrong', (options, expected) => {
    const issues = issuesOf(options)
    expect(issues).toHaveLength(expected.length)
    for (const pattern of expected) expect(issues).toContainEqual(expect.stringMatching(pattern))
  })

  test('an image of another build needs no login', () => {
    const other = defineImage({ name: 'other', builders: { docker: docker({ image: 'debian' }) } })
    const issues = issuesOf({ image: artifactOf(other, 'docker'), login: { username: 'a', password: 'b' } })
    expect(issues).toEqual(['login: has no use beside artifactOf()'])
  })

  test('an artifact of another kind is no start', () => {
    const other = defineImage({ name: 'other', builders: { docker: docker({ image: 'debian', result: { type: 'discard' } }) } })
    expect(issuesOf({ image: artifactOf(other, 'docker') })).toEqual([expect.stringMatching(/^image: must .*docker-image/)])
  })
})

test('what it makes, reads and writes is known beforehand', () => {
  const dockerfile = { path: 'images/Dockerfile' }
  expect(docker({ dockerfile }).inputs?.()).toEqual([
    { path: 'images/Dockerfile', at: ['dockerfile', 'path'], kind: 'file' },
    { path: 'images', at: ['dockerfile', 'path'], kind: 'directory' },
  ])
  expect(docker({ image: 'debian' }).makes).toEqual({ type: 'docker-image', files: false })
  expect(docker({ image: 'debian', result: { type: 'discard' } }).makes).toEqual({ type: 'discarded', files: false })
  const exported = docker({ image: 'debian', result: { type: 'export', path: 'out/root.tar' } })
  expect(exported.makes).toEqual({ type: 'docker-rootfs', files: true })
  expect(exported.outputs?.()).toEqual([{ path: 'out/root.tar', at: ['result', 'path'] }])
})
