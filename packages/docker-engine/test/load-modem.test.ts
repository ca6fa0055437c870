import { createRequire } from 'node:module'

import { expect, test } from 'vitest'

import { loadModem } from '../src/load-modem.ts'

const require = createRequire(import.meta.url)
const isSsh2Loaded = (): boolean => Object.keys(require.cache).some((path) => path.includes('/node_modules/ssh2/'))

test('docker-modem is loaded without ssh2, until somebody wants an engine behind its own SSH', () => {
  const DockerModem = loadModem()
  expect(new DockerModem({ socketPath: '/nowhere' })).toHaveProperty('dial')
  expect(isSsh2Loaded()).toBe(false)
  expect(loadModem()).toBe(DockerModem)
  const makeAgent = require('docker-modem/lib/ssh.js') as (options: object) => object // as docker-modem itself uses it
  expect(makeAgent({ host: 'nowhere.invalid' })).toHaveProperty('createConnection')
  expect(isSsh2Loaded()).toBe(true)
})
