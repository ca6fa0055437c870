import { once } from 'node:events'
import { mkdirSync, readFileSync, renameSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { makeAuthority } from './puppet-authority.ts'

/** A small Puppet server: an authority that signs what is asked for, and a catalog of one file and one command. */
export interface PuppetServer {
  readonly port: number
  /** The facts that the last catalog was asked for with. */
  facts(): Readonly<Record<string, unknown>>
  /** Makes a certificate and a key as a node has them, in `certs` and `keys` below its folder. */
  issue(node: string): void
  close(): Promise<void>
}

/** What it sends. */
export interface PuppetServerOptions {
  /** A folder of its own. The authority's certificate is `ca.pem` in it. */
  readonly folder: string
  /** The command of the catalog. @default '/bin/true' */
  readonly command?: string
  /** Whether it signs. @default true */
  readonly signs?: boolean
}

/** Starts a server that speaks as much of Puppet's HTTP API as an agent asks for (https://www.puppet.com/docs/puppet/7/http_api/http_api_index.html). */
export async function startPuppetServer({ folder, command = '/bin/true', signs = true }: PuppetServerOptions): Promise<PuppetServer> {
  const authority = makeAuthority(folder, { signs })
  authority.issue('server', 'localhost')
  let facts: Readonly<Record<string, unknown>> = {}
  const answer = async (incoming: IncomingMessage): Promise<string | undefined> => {
    const [, part, , kind = '', name = ''] = (incoming.url ?? '').split('?')[0]?.split('/') ?? []
    const body = await text(incoming)
    if (part === 'puppet-ca') return authority.answer(kind, name, incoming.method === 'PUT' ? body : undefined)
    if (kind === 'node') return JSON.stringify({ name, environment: 'production', parameters: {} })
    if (kind === 'file_metadatas') return JSON.stringify([directory])
    if (kind === 'report') return '[]'
    if (kind !== 'catalog') return undefined
    facts = JSON.parse(decodeURIComponent(new URLSearchParams(body).get('facts') ?? '{}')).values
    return JSON.stringify(catalog(name, command))
  }
  const read = (name: string): Buffer => readFileSync(join(folder, name))
  const tls = { key: read('server.key'), cert: read('server.pem'), ca: read('ca.pem'), requestCert: true, rejectUnauthorized: false }
  const server = createServer(tls, (incoming, response) => {
    void answer(incoming).then((said) => {
      const type = said?.startsWith('-') === true ? 'text/plain' : 'application/json'
      response.writeHead(said === undefined ? 404 : 200, { 'content-type': type })
      response.end(said)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port, // it listens on a port
    facts: () => facts,
    issue: (node) => {
      authority.issue('own', node)
      for (const name of ['certs', 'keys']) mkdirSync(join(folder, name))
      renameSync(join(folder, 'own.pem'), join(folder, 'certs', `${node}.pem`))
      renameSync(join(folder, 'own.key'), join(folder, 'keys', `${node}.pem`))
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The folder of plugins, which is empty. */
const directory = {
  path: '/plugins',
  relative_path: '.',
  links: 'follow',
  owner: 0,
  group: 0,
  mode: 0o755,
  checksum: { type: 'ctime', value: '{ctime}2026-01-01 00:00:00 +0000' },
  type: 'directory',
  destination: null,
}

function catalog(name: string, command: string): object {
  const resources = [
    resource('Stage', 'main', { name: 'main' }),
    resource('Class', 'main', {}),
    resource('File', '/srv/cow', { ensure: 'file', content: 'moo\n' }),
    resource('Exec', command, {}),
  ]
  const edges = [
    { source: 'Stage[main]', target: 'Class[Main]' },
    { source: 'Class[Main]', target: 'File[/srv/cow]' },
    { source: 'Class[Main]', target: `Exec[${command}]` },
  ]
  return { name, version: 1, catalog_uuid: 'cow', catalog_format: 1, environment: 'production', tags: [], classes: [], edges, resources }
}

function resource(type: string, title: string, parameters: object): object {
  return { type, title, tags: [], exported: false, parameters }
}
