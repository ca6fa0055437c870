import { createHmac } from 'node:crypto'

import { md4 } from './md4.ts'

/** Who logs in. */
export interface NtlmLogin {
  readonly user: string
  /** @default '' the machine's own users */
  readonly domain: string
  readonly password: string
}

/** What a login answers to a challenge. */
export interface NtlmProof {
  /** The proof, and what it is about. */
  readonly response: Buffer
  /** Both sides can tell it from the proof. */
  readonly sessionBaseKey: Buffer
}

/** What the proof is about, beside the password (MS-NLMP, 2.2.2.7). */
export interface NtlmNonce {
  readonly clientChallenge: Uint8Array
  /** Windows' time: 64 bits. */
  readonly time: Uint8Array
  readonly targetInfo: Uint8Array
}

/** NTLMv2: that somebody knows a password, without telling it (MS-NLMP, 3.3.2). */
export function prove(login: NtlmLogin, serverChallenge: Uint8Array, nonce: NtlmNonce): NtlmProof {
  const { clientChallenge, time, targetInfo } = nonce
  const about = Buffer.concat([Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]), time, clientChallenge, Buffer.alloc(4), targetInfo, Buffer.alloc(4)])
  return proveAbout(login, serverChallenge, about)
}

/** The same for the side that has the other's answer, and looks whether it is right. */
export function proveAbout(login: NtlmLogin, serverChallenge: Uint8Array, about: Uint8Array): NtlmProof {
  const key = hmacMd5(md4(utf16(login.password)), utf16(login.user.toUpperCase() + login.domain))
  const proof = hmacMd5(key, serverChallenge, about)
  return { response: Buffer.concat([proof, about]), sessionBaseKey: hmacMd5(key, proof) }
}

/** HMAC-MD5 of parts. */
export function hmacMd5(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac('md5', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** Text as NTLM has it. */
export function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le')
}
