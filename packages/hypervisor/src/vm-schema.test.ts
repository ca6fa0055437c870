import { formatPath, optionSchema, prefixIssues, secret } from '@imago/core'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'

import { waitForScreen, waitForText } from './boot-wait.ts'
import type { MediaSource } from './media-source.ts'
import { mediaInputs, vmInputs, vmIssuesTogether } from './vm-checks.ts'
import type { VmOptions } from './vm-options.ts'
import { mediaSourceSchema, vmEntries } from './vm-schema.ts'

const schema = v.strictObject({ iso: v.optional(mediaSourceSchema), ...vmEntries })

const messages = (options: object): readonly string[] =>
  [...optionSchema.schemaIssues(schema, options), ...vmIssuesTogether(options)].map(
    ({ path, message, hint }) => `${formatPath(path)}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  )

const sha256 = `sha256:${'0'.repeat(64)}` as const
const right: VmOptions & { readonly iso: MediaSource } = {
  iso: {
    url: ['a.iso', 'file:///srv/a.iso', 'http://mirror/a.iso', 'https://mirror/a.iso'],
    checksum: { url: 'https://mirror/SHA256SUMS' },
  },
  http: { directory: 'http', content: { 'a/b.cfg': 'x', b: secret('word'), c: ({ buildName }) => buildName }, ports: [8000, 9000] },
  cd: { files: ['a'], content: { 'meta-data': '' }, label: 'cidata' },
  floppy: { files: ['a'], label: 'MY DISK' },
  cloudInit: {
    userData: { users: ['default'], password: secret('word') },
    metaData: 'instance-id: 1',
    networkConfig: () => ({ version: 2 }),
  },
  boot: {
    wait: '5s',
    keyInterval: 20,
    command: [
      '<esc><wait>',
      waitForText(/boot: ?/i, { timeout: '1m' }),
      waitForScreen('menu.png', { tolerance: 0.5, region: { x: 0, y: 0, width: 1, height: 1 } }),
    ],
  },
  shutdown: { command: secret("echo 'word' | sudo -S poweroff"), timeout: '1m' },
  cacheDirectory: '/var/cache/imago',
}

test('right options have no problem', () => {
  expect(messages(right)).toEqual([])
  expect(messages({})).toEqual([])
  expect(
    messages({ iso: { url: 'C:\\images\\a.iso', checksum: 'none' }, boot: { command: ({ httpUrl }: { httpUrl: string }) => httpUrl } }),
  ).toEqual([])
})

describe('wrong options are named, all at once', () => {
  test('sources', () => {
    expect(messages({ iso: { url: 'ftp://mirror/a.iso', checksum: 'sha256:123' } })).toEqual([
      'iso.url: must be a path, or a URL that begins with https:, http: or file:, not "ftp://mirror/a.iso"',
      "iso.checksum: must be 'sha256:' and 64 hex digits (or md5, sha1, sha512 with theirs), { url } of a file of checksums, or 'none', not \"sha256:123\"",
    ])
    expect(messages({ iso: { url: [] } })).toEqual(['iso.url: must hold a URL or a path, not []', 'iso.checksum: is required'])
    expect(messages({ iso: { url: 'a.iso', checksum: sha256, chekcsum: '' } })).toEqual([
      "iso.chekcsum: unknown option 'chekcsum' (did you mean 'checksum'?)",
    ])
  })

  test('seeds', () => {
    expect(messages({ http: {}, cd: { label: 'x' }, floppy: { label: 'a label too long' } })).toEqual([
      'floppy.label: must be up to 11 letters, digits, blanks, - or _, not "a label too long"',
      "http: needs 'directory' or 'content'",
      "cd: needs 'files' or 'content'",
    ])
    expect(messages({ http: { content: { '../a': 'x', '/b': 'y', 'c//d': 'z' }, ports: [9000, 8000] } })).toEqual([
      "http.content[\"../a\"]: '../a' is not a path of a file: it has '..', an empty part, or a '/' at an end",
      "http.content[\"/b\"]: '/b' is not a path of a file: it has '..', an empty part, or a '/' at an end",
      "http.content[\"c//d\"]: 'c//d' is not a path of a file: it has '..', an empty part, or a '/' at an end",
    ])
    expect(messages({ http: { directory: 'http', ports: [9000, 8000] } })).toEqual([
      'http.ports: the lowest port, 9000, is higher than the highest, 8000',
    ])
    expect(messages({ http: { directory: 'http', ports: [0, 70_000] } })).toEqual([
      'http.ports[0]: must be 1 to 65535, not 0',
      'http.ports[1]: must be 1 to 65535, not 70000',
    ])
    expect(messages({ cloudInit: {} })).toEqual(['cloudInit.userData: is required'])
    expect(messages({ cloudInit: { userData: ['a'] } })).toEqual(['cloudInit.userData: must be text or an object, not ["a"]'])
  })

  test('boot commands', () => {
    expect(messages({ boot: { command: ['<esc>', '<entr>', waitForText(/a/)] } })).toEqual([
      "boot.command[1]: there is no key '<entr>' (did you mean '<enter>'? write '<lt>entr>' to type it as it stands)",
    ])
    expect(messages({ boot: { command: '<entr>' } })[0]).toMatch(/^boot\.command: there is no key/)
    expect(messages({ boot: { command: [{ type: 'wait-for-text', pattern: '(', flags: 'x' }] } })[0]).toMatch(
      /^boot\.command\[0\]\.pattern: Invalid (regular expression|flags)/,
    )
    expect(messages({ boot: { command: [{ type: 'wait-for-txt', pattern: 'a' }] } })).toEqual([
      "boot.command[0].type: must be 'wait-for-text' or 'wait-for-screen', not \"wait-for-txt\"",
    ])
    expect(messages({ boot: { command: [{ ...waitForScreen('a.png'), tolerance: 200 }] } })).toEqual([
      'boot.command[0].tolerance: must be 0 to 100, not 200',
    ])
    expect(messages({ boot: { wait: 'soon' }, shutdown: { timeout: -1 } }).length).toBe(2)
  })
})

test('local files that are named are inputs', () => {
  expect(vmInputs(right)).toEqual([
    { path: 'http', at: ['http', 'directory'], kind: 'directory' },
    { path: 'a', at: ['cd', 'files', 0] },
    { path: 'a', at: ['floppy', 'files', 0] },
    { path: 'menu.png', at: ['boot', 'command', 2, 'reference'], kind: 'file' },
  ])
  expect(vmInputs({ http: 'x', cd: { files: 1 }, boot: { command: 7 } })).toEqual([])
  expect(mediaInputs({ url: 'a.iso', checksum: { url: 'file:///srv/SUMS' } }, ['iso'])).toEqual([
    { path: 'a.iso', at: ['iso', 'url'], kind: 'file' },
    { path: '/srv/SUMS', at: ['iso', 'checksum'], kind: 'file' },
  ])
  expect(mediaInputs({ url: ['a.iso', 'https://mirror/a.iso'], checksum: 'none' }, ['iso'])).toEqual([])
  expect(mediaInputs({ url: 'https://mirror/a.iso', checksum: { url: 'https://mirror/SUMS' } }, ['iso'])).toEqual([])
  expect(mediaInputs('a.iso', ['iso'])).toEqual([])
})

test('issues can be put below where the options stand', () => {
  expect(prefixIssues(['builders', 'vm'], vmIssuesTogether({ http: {} }))).toEqual([
    { path: ['builders', 'vm', 'http'], message: "needs 'directory' or 'content'" },
  ])
})
