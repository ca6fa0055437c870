import { expect, test } from 'vitest'

import { parseAddress } from './engine-address.ts'

const tls = { ca: 'CA', rejectUnauthorized: true }

test.each([
  ['unix:///run/docker.sock', { kind: 'socket', path: '/run/docker.sock' }],
  ['npipe:////./pipe/docker_engine', { kind: 'socket', path: '//./pipe/docker_engine' }],
  ['tcp://10.0.0.1', { kind: 'tcp', host: '10.0.0.1', port: 2375, tls: undefined }],
  ['10.0.0.1:1234', { kind: 'tcp', host: '10.0.0.1', port: 1234, endpoint: 'tcp://10.0.0.1:1234' }],
  ['tcp://[::1]:1234', { kind: 'tcp', host: '::1', port: 1234 }],
  ['https://docker.test', { kind: 'tcp', port: 2376, tls: { rejectUnauthorized: true } }],
  ['ssh://me@far.test:2222', { kind: 'ssh', host: 'far.test', port: 2222, user: 'me', socket: undefined }],
  ['ssh://far.test/run/podman/podman.sock', { kind: 'ssh', port: undefined, user: undefined, socket: '/run/podman/podman.sock' }],
])('%s', (host, expected) => {
  expect(parseAddress(host, undefined)).toMatchObject(expected)
})

test('certificates make a connection secure', () => {
  expect(parseAddress('tcp://docker.test', tls)).toMatchObject({ port: 2376, tls })
})

test.each(['ftp://docker.test', 'tcp://', 'unix://', 'ssh://me:secret@far.test', 'ssh://-oProxyCommand=x', 'http://[nonsense'])(
  '%s is none',
  (host) => {
    expect(() => parseAddress(host, undefined)).toThrow(`'${host}' is no address of a Docker engine`)
  },
)
