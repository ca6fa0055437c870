import { createHmac } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { parseKnownHosts } from './known-hosts.ts'

const [one, two] = [Buffer.from('key one').toString('base64'), Buffer.from('key two').toString('base64')]
const find = (text: string, host: string, port = 22): readonly string[] => parseKnownHosts(text, { host, port }).keys.map(String)

function hashed(name: string): string {
  const salt = Buffer.from('0123456789abcdefghij')
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

describe('a known_hosts file', () => {
  test('names hosts, several in a line, in any case', () => {
    const text = `# comment\n\na.example,192.0.2.7 ssh-ed25519 ${one} me@home\nB.Example ssh-rsa ${two}\n`
    expect(find(text, 'A.example')).toEqual(['key one'])
    expect(find(text, '192.0.2.7')).toEqual(['key one'])
    expect(find(text, 'b.example')).toEqual(['key two'])
    expect(find(text, 'c.example')).toEqual([])
  })
  test('names ports other than 22 in brackets', () => {
    const text = `[a.example]:2222 ssh-ed25519 ${one}\na.example ssh-ed25519 ${two}\n`
    expect(find(text, 'a.example', 2222)).toEqual(['key one'])
    expect(find(text, 'a.example')).toEqual(['key two'])
    expect(find(text, 'a.example', 23)).toEqual([])
  })
  test('may hash the names', () => {
    const text = `${hashed('a.example')} ssh-ed25519 ${one}\n${hashed('[a.example]:2222')} ssh-ed25519 ${two}\n`
    expect(find(text, 'a.example')).toEqual(['key one'])
    expect(find(text, 'a.example', 2222)).toEqual(['key two'])
    expect(find(text, 'b.example')).toEqual([])
  })
  test('knows wildcards and exceptions', () => {
    const text = `*.example,!secret.example,192.0.2.? ssh-ed25519 ${one}\n`
    expect(find(text, 'a.example')).toEqual(['key one'])
    expect(find(text, '192.0.2.7')).toEqual(['key one'])
    expect(find(text, '192.0.2.77')).toEqual([])
    expect(find(text, 'secret.example')).toEqual([])
    expect(find(text, 'aXexample')).toEqual([])
  })
  test('tells revoked keys apart, and passes over authorities', () => {
    const text = `@revoked * ssh-ed25519 ${one}\n@cert-authority *.example ssh-ed25519 ${two}\n`
    expect(parseKnownHosts(text, { host: 'a.example', port: 22 })).toEqual({ keys: [], revoked: [Buffer.from('key one')] })
  })
})
