import { EC2Client, ImportKeyPairCommand } from '@aws-sdk/client-ec2'
import { createKeyPair } from '@imago/communicator-ssh'
import { expect, test } from 'vitest'

import { main } from './main.ts'

/** Runs the command; `use` gets the endpoint, and the command is interrupted when it is done. */
async function command(args: readonly string[], use: (endpoint: string) => Promise<void> = async () => {}) {
  const out: string[] = []
  const err: string[] = []
  let listening = (_endpoint: string): void => undefined
  const endpoint = new Promise<string>((resolve) => (listening = resolve))
  const code = await main(args, {
    print(text) {
      out.push(text)
      const [, url] = /^export AWS_ENDPOINT_URL=(.*)$/m.exec(text) ?? []
      if (url !== undefined) listening(url)
    },
    printError: (text) => err.push(text),
    interrupted: async () => await use(await endpoint),
  })
  return { code, out: out.join(''), err: err.join('') }
}

test('the command prints what clients need, and tells what is left', async () => {
  const { publicKey } = await createKeyPair()
  const { code, out, err } = await command(['--port', '0'], async (endpoint) => {
    const client = new EC2Client({ region: 'eu-west-1', endpoint, credentials: { accessKeyId: 'A', secretAccessKey: 'S' } })
    await client.send(new ImportKeyPairCommand({ KeyName: 'cow', PublicKeyMaterial: Buffer.from(publicKey) }))
    client.destroy()
  })
  expect(code).toBe(0)
  expect(out).toMatch(/^export AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:\d+\nexport AWS_ACCESS_KEY_ID=/)
  expect(err).toMatch(/^left: key-pair key-\w+ cow eu-west-1\n$/)
})

test.each([
  [['--help'], 0, /^imago-ec2-emulator: an endpoint/],
  [['--guests', 'vm'], 2, /--guests is none or docker, not 'vm'/],
  [['--delays', 'long'], 2, /--delays is none or realistic, not 'long'/],
  [['--port', '99999'], 2, /'99999' is not a port/],
  [['--base', 'debian:12'], 2, /--base needs --guests docker/],
  [['--cow'], 2, /Unknown option '--cow'/],
  [['--host', '203.0.113.1'], 1, /EADDRNOTAVAIL/],
])('%j: exit code %i', async (args, code, says) => {
  const ended = await command(args)
  expect(ended.code).toBe(code)
  expect(ended.out + ended.err).toMatch(says)
})
