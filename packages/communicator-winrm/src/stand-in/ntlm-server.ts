import { randomBytes, timingSafeEqual } from 'node:crypto'

import { hmacMd5, proveAbout, utf16 } from '../ntlm/ntlm-hash.ts'
import { fieldAt, ntlmFlags, windowsTime, writeAttributes } from '../ntlm/ntlm-messages.ts'
import { Rc4 } from '../ntlm/rc4.ts'
import { NtlmSeal } from '../ntlm/seal.ts'

/** What Windows sets whether a client asks for it or not: Unicode, the target's name and information, NTLM. */
const always = 0x00_80_02_05

/** The server's side of an NTLM login, on one connection. */
export class NtlmServer {
  readonly #login: { readonly user: string; readonly password: string }
  #negotiate: Buffer = Buffer.alloc(0)
  #challenge: Buffer = Buffer.alloc(0)
  /** What opens requests and seals answers; not there until somebody is logged in. */
  seal: NtlmSeal | undefined

  constructor(login: { readonly user: string; readonly password: string }) {
    this.#login = login
  }

  /** @returns a challenge, whether the login is right, or nothing for what is no message of NTLM */
  take(message: Buffer): Buffer | boolean | undefined {
    if (message.length < 32 || message.toString('latin1', 0, 7) !== 'NTLMSSP') return undefined
    if (message.readUInt32LE(8) === 1) return this.#challengeFor(message)
    return message.readUInt32LE(8) === 3 ? this.#check(message) : undefined
  }

  #challengeFor(negotiate: Buffer): Buffer {
    const name = utf16('WIN')
    const info = writeAttributes([
      { id: 2, value: name },
      { id: 1, value: name },
      { id: 7, value: windowsTime() },
    ])
    const header = Buffer.alloc(56)
    header.write('NTLMSSP\0', 'latin1')
    header.writeUInt32LE(2, 8)
    for (const [at, length, offset] of [
      [12, name.length, 56],
      [40, info.length, 56 + name.length],
    ] as const) {
      header.writeUInt16LE(length, at)
      header.writeUInt16LE(length, at + 2)
      header.writeUInt32LE(offset, at + 4)
    }
    header.writeUInt32LE(((ntlmFlags & negotiate.readUInt32LE(12)) | always) >>> 0, 20)
    randomBytes(8).copy(header, 24)
    this.#negotiate = negotiate
    this.#challenge = Buffer.concat([header, name, info])
    return this.#challenge
  }

  #check(message: Buffer): boolean {
    const [response, domain, user, key] = [20, 28, 36, 52].map((at) => fieldAt(message, at))
    if (response === undefined || domain === undefined || user === undefined || key === undefined || response.length < 44) return false
    const name = user.toString('utf16le')
    const proof = proveAbout(
      { user: name, domain: domain.toString('utf16le'), password: this.#login.password },
      this.#challenge.subarray(24, 32),
      response.subarray(16),
    )
    if (name.toLowerCase() !== this.#login.user.toLowerCase() || !timingSafeEqual(proof.response, response)) return false
    const sessionKey = key.length === 16 ? new Rc4(proof.sessionBaseKey).apply(key) : proof.sessionBaseKey
    if (!this.#isWhole(message, response, sessionKey)) return false
    this.seal = new NtlmSeal(sessionKey, 'server')
    return true
  }

  /** The check of all three messages, where the client says that there is one (MS-NLMP, 3.2.5.1.2). */
  #isWhole(message: Buffer, response: Buffer, sessionKey: Buffer): boolean {
    if (!response.includes(Buffer.from([6, 0, 4, 0, 2, 0, 0, 0]))) return true
    const plain = Buffer.from(message)
    plain.fill(0, 72, 88)
    return hmacMd5(sessionKey, this.#negotiate, this.#challenge, plain).equals(message.subarray(72, 88))
  }
}
