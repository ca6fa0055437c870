import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { describe, expect, test } from 'vitest'

import { reasonToSkip, skipWithoutRoot } from '../../../test/requirement.ts'

const skip = skipWithoutRoot() || reasonToSkip({ netns: 'unshare --net ip link add here type veth peer name there' })

const compiled = (path: string): string => pathToFileURL(fileURLToPath(new URL(path, import.meta.url))).href

/** Connects, and prints the error. */
const script = `
import { sshCommunicator } from '${compiled('../dist/index.js')}'
import { secret } from '${compiled('../../core/dist/index.js')}'
const context = { signal: new AbortController().signal, directory: '/', emit() {}, maskSecret() {} }
const options = { host: process.argv[1], password: secret('word'), timeout: '1500ms' }
const error = await sshCommunicator(options, context).then(() => ({}), (error) => error)
process.stdout.write(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }))
`

/** A network of its own whose only cable leads to nobody: what is sent to 192.0.2.0/24 is dropped, and there is no route to elsewhere. */
const network = `
ip link add here type veth peer name there
ip address add 192.0.2.1/24 dev here
ip link set here arp off up
ip link set there up
exec "$@"
`

/** What comes of connecting to a host, in a process of its own in that network. */
async function connectTo(host: string): Promise<unknown> {
  const node = [process.execPath, '--input-type=module', '-e', script, host]
  const { stdout } = await promisify(execFile)('unshare', ['--net', 'sh', '-euc', network, 'sh', ...node], { timeout: 60_000 })
  return JSON.parse(stdout)
}

describe.skipIf(skip !== '')(`a host that does not answer${skip}`, () => {
  test.each([
    ['192.0.2.7', 'no answer to the request for a connection'],
    ['198.51.100.7', '198.51.100.7:22: there is no route to the host'],
  ])('%s: %s', async (host, cause) => {
    expect(await connectTo(host)).toEqual({
      code: 'TIMEOUT',
      message: `no SSH connection to root@${host}:22 after 1.5s: ${cause}`,
      hint: expect.stringContaining('check host, port and firewall') as unknown,
    })
  })
})
