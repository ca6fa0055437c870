import { expect, test } from 'vitest'

import { imageDetails, mainProcess, mergeConfig } from './image-details.ts'

test('an image in our words', () => {
  const api = { Id: 'abc', RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'], Size: 1, Os: 'linux', Architecture: 'amd64' }
  expect(imageDetails({ ...api, Config: { Cmd: null, User: '', ExposedPorts: { '80/tcp': {} } } })).toEqual({
    id: 'sha256:abc',
    tags: [],
    digests: [],
    size: 1,
    os: 'linux',
    architecture: 'amd64',
    config: { exposedPorts: ['80/tcp'] },
    layers: [],
  })
})

// What the engine does on a commit: it fills in the container's Cmd and Entrypoint where the new configuration has none.
function commit(base: Parameters<typeof mergeConfig>[0], changes: Parameters<typeof mergeConfig>[1]) {
  const container = mainProcess(base, ['idle'])
  const { Cmd, Entrypoint } = mergeConfig(base, changes)
  const isEmpty = (list: readonly string[] | null | undefined): boolean => (list ?? []).length === 0
  return {
    cmd: isEmpty(Entrypoint) && isEmpty(Cmd) ? (container.Cmd ?? []) : (Cmd ?? []),
    entrypoint: Entrypoint ?? container.Entrypoint ?? [],
  }
}

test.each([
  [{}, {}, { cmd: [], entrypoint: [] }],
  [{ Cmd: ['a'] }, {}, { cmd: ['a'], entrypoint: [] }],
  [{ Entrypoint: ['e'] }, {}, { cmd: [], entrypoint: ['e'] }],
  [{ Entrypoint: ['e'], Cmd: ['a'] }, {}, { cmd: ['a'], entrypoint: ['e'] }],
  [{ Entrypoint: ['e'], Cmd: ['a'] }, { cmd: ['b'] }, { cmd: ['b'], entrypoint: ['e'] }],
  [{ Entrypoint: ['e'], Cmd: ['a'] }, { entrypoint: ['f'] }, { cmd: [], entrypoint: ['f'] }],
  [{ Cmd: ['a'] }, { entrypoint: ['f'] }, { cmd: [], entrypoint: ['f'] }],
  [{}, { cmd: ['b'] }, { cmd: ['b'], entrypoint: [] }],
])('an image with %j and the changes %j ends with %j', (base, changes, expected) => {
  expect(commit(base, changes)).toEqual(expected)
})

test('changes are added to environment, labels, ports and volumes', () => {
  const base = { Env: ['A=1', 'B=2'], Labels: { a: '1' }, ExposedPorts: { '80/tcp': {} }, Volumes: { '/a': {} }, StopSignal: '9' }
  const changes = { env: ['A=x=y', 'C=3'], labels: { b: '2' }, exposedPorts: ['53/udp'], volumes: ['/b'], user: 'u', workdir: '/w' }
  expect(mergeConfig(base, changes)).toMatchObject({
    Env: ['A=x=y', 'B=2', 'C=3'],
    Labels: { a: '1', b: '2' },
    ExposedPorts: { '80/tcp': {}, '53/udp': {} },
    Volumes: { '/a': {}, '/b': {} },
    User: 'u',
    WorkingDir: '/w',
    StopSignal: '9',
  })
})
