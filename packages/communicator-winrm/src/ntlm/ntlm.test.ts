import { expect, test } from 'vitest'

import { md4 } from './md4.ts'
import { prove, proveAbout } from './ntlm-hash.ts'
import { Rc4 } from './rc4.ts'
import { NtlmSeal } from './seal.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (digits: string): Buffer => Buffer.from(digits.replaceAll(/\s/g, ''), 'hex')

test.for([
  ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
  ['message digest', 'd9130a8164549fe818874806e1c7014b'],
  ['12345678901234567890123456789012345678901234567890123456789012345678901234567890', 'e33b4ddc9c38f2199c3e7b164fcc0536'],
] as const)('MD4 of %j is what RFC 1320 says', ([text, digest]) => {
  expect(hex(md4(Buffer.from(text)))).toBe(digest)
})

test('RC4 is what RFC 6229 says, and goes on from one text to the next', () => {
  const cipher = new Rc4(bytes('0102030405'))
  expect(hex(cipher.apply(Buffer.alloc(16)))).toBe('b2396305f03dc027ccc3524a0a1118a8')
  expect(hex(cipher.apply(Buffer.alloc(16)))).toBe('6982944f18fc82d589c403a47a0d0919')
})

/** MS-NLMP, 4.2.1 and 4.2.4: the examples of NTLMv2. */
const login = { user: 'User', domain: 'Domain', password: 'Password' }
const targetInfo = bytes('02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000')
const nonce = { clientChallenge: bytes('aaaaaaaaaaaaaaaa'), time: Buffer.alloc(8), targetInfo }

test('the proof is that of the examples of MS-NLMP', () => {
  const { response, sessionBaseKey } = prove(login, bytes('0123456789abcdef'), nonce)
  expect(hex(response.subarray(0, 16))).toBe('68cd0ab851e51c96aabc927bebef6a1c')
  expect(hex(sessionBaseKey)).toBe('8de40ccadbc14a82f15cb0ad0de95ca3')
  expect(hex(new Rc4(sessionBaseKey).apply(Buffer.alloc(16, 0x55)))).toBe('c5dad2544fc9799094ce1ce90bc9d03e')
  expect(proveAbout(login, bytes('0123456789abcdef'), response.subarray(16)).response).toEqual(response)
})

test('what is sealed is that of the examples of MS-NLMP, and only the other side opens it, in order', () => {
  const key = Buffer.alloc(16, 0x55)
  const client = new NtlmSeal(key, 'client')
  const { signature, sealed } = client.seal(Buffer.from('Plaintext', 'utf16le'))
  expect(hex(sealed)).toBe('54e50165bf1936dc996020c1811b0f06fb5f')
  expect(hex(signature)).toBe('010000007fb38ec5c55d497600000000')
  const server = new NtlmSeal(key, 'server')
  expect(server.open(signature, sealed).toString('utf16le')).toBe('Plaintext')
  const second = client.seal(Buffer.from('second'))
  const third = client.seal(Buffer.from('third'))
  expect(() => server.open(third.signature, third.sealed)).toThrow('wrong signature')
  expect(() => new NtlmSeal(key, 'server').open(second.signature, second.sealed)).toThrow('wrong signature')
})
