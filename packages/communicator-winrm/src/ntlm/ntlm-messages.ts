import { randomBytes } from 'node:crypto'

import type { NtlmLogin } from './ntlm-hash.ts'
import { hmacMd5, prove, utf16 } from './ntlm-hash.ts'
import { Rc4 } from './rc4.ts'

const magic = Buffer.from('NTLMSSP\0', 'latin1')

/**
 * What both sides must know (MS-NLMP, 2.2.2.5): Unicode, the target's name and information, signing, sealing, NTLM with extended session
 * security, a version, keys of 128 bits that are exchanged.
 */
export const ntlmFlags = 0xe2_88_82_35

/** Attributes of a target (MS-NLMP, 2.2.2.1). */
const attribute = { end: 0, flags: 6, timestamp: 7 } as const

/** Windows 10, NTLM revision 15 (MS-NLMP, 2.2.2.10). Nobody heeds it. */
const version = Buffer.from([10, 0, 0, 0, 0, 0, 0, 15])

/** The first message of a client. */
export function negotiateMessage(): Buffer {
  const message = Buffer.alloc(40)
  magic.copy(message)
  message.writeUInt32LE(1, 8)
  message.writeUInt32LE(ntlmFlags, 12)
  message.writeUInt32LE(40, 20) // where the domain and the name of this machine would stand
  message.writeUInt32LE(40, 28)
  version.copy(message, 32)
  return message
}

/** What a server answers. */
export interface Challenge {
  readonly message: Buffer
  readonly flags: number
  readonly challenge: Buffer
  readonly targetInfo: Buffer
}

/** @throws Error when it is no challenge */
export function readChallenge(message: Buffer): Challenge {
  if (message.length < 48 || !message.subarray(0, 8).equals(magic) || message.readUInt32LE(8) !== 2) throw new Error('no NTLM challenge')
  return {
    message,
    flags: message.readUInt32LE(20),
    challenge: message.subarray(24, 32),
    targetInfo: fieldAt(message, 40),
  }
}

/** The bytes that a field of a message points at (MS-NLMP, 2.2.1). */
export function fieldAt(message: Buffer, at: number): Buffer {
  const [length, offset] = [message.readUInt16LE(at), message.readUInt32LE(at + 4)]
  if (offset + length > message.length) throw new Error('a field of an NTLM message is not in it')
  return message.subarray(offset, offset + length)
}

/** What is random in an answer. */
export interface NtlmRandom {
  readonly clientChallenge: Uint8Array
  readonly sessionKey: Uint8Array
}

/** A client's answer, and the key of the session that it begins. */
export function authenticateMessage(
  login: NtlmLogin,
  negotiate: Uint8Array,
  { message: challengeMessage, flags, challenge, targetInfo }: Challenge,
  random: NtlmRandom = { clientChallenge: randomBytes(8), sessionKey: randomBytes(16) },
): { readonly message: Buffer; readonly sessionKey: Uint8Array } {
  const attributes = readAttributes(targetInfo)
  const timestamp = attributes.find(({ id }) => id === attribute.timestamp)?.value
  const info = timestamp === undefined ? targetInfo : withFlags(attributes)
  const proof = prove(login, challenge, { clientChallenge: random.clientChallenge, time: timestamp ?? windowsTime(), targetInfo: info })
  const isExchanged = (flags & 0x40_00_00_00) !== 0
  const sessionKey = isExchanged ? random.sessionKey : proof.sessionBaseKey
  const fields = [
    Buffer.alloc(24), // LAN Manager's answer, which nobody wants beside NTLMv2's
    proof.response,
    utf16(login.domain),
    utf16(login.user),
    Buffer.alloc(0), // this machine's name
    isExchanged ? new Rc4(proof.sessionBaseKey).apply(random.sessionKey) : Buffer.alloc(0),
  ]
  const header = Buffer.alloc(88)
  magic.copy(header)
  header.writeUInt32LE(3, 8)
  let offset = header.length
  for (const [index, field] of fields.entries()) {
    const at = 12 + index * 8
    header.writeUInt16LE(field.length, at)
    header.writeUInt16LE(field.length, at + 2)
    header.writeUInt32LE(offset, at + 4)
    offset += field.length
  }
  header.writeUInt32LE((flags & ntlmFlags) >>> 0, 60)
  version.copy(header, 64)
  const message = Buffer.concat([header, ...fields])
  if (timestamp !== undefined) hmacMd5(sessionKey, negotiate, challengeMessage, message).copy(message, 72)
  return { message, sessionKey }
}

interface Attribute {
  readonly id: number
  readonly value: Buffer
}

function readAttributes(info: Buffer): Attribute[] {
  const found: Attribute[] = []
  for (let at = 0; at + 4 <= info.length;) {
    const [id, length] = [info.readUInt16LE(at), info.readUInt16LE(at + 2)]
    if (id === attribute.end) break
    found.push({ id, value: info.subarray(at + 4, at + 4 + length) })
    at += 4 + length
  }
  return found
}

/** The attributes, with the one that says that the message has a check of its integrity. */
function withFlags(attributes: readonly Attribute[]): Buffer {
  const hasCheck = { id: attribute.flags, value: Buffer.from([2, 0, 0, 0]) }
  return writeAttributes([...attributes.filter(({ id }) => id !== attribute.flags), hasCheck])
}

/** Attributes of a target as bytes. */
export function writeAttributes(attributes: readonly Attribute[]): Buffer {
  const written = [...attributes, { id: attribute.end, value: Buffer.alloc(0) }].flatMap(({ id, value }) => {
    const head = Buffer.alloc(4)
    head.writeUInt16LE(id, 0)
    head.writeUInt16LE(value.length, 2)
    return [head, value]
  })
  return Buffer.concat(written)
}

/** 100 nanoseconds since 1601. */
export function windowsTime(): Buffer {
  const time = Buffer.alloc(8)
  time.writeBigUInt64LE((BigInt(Date.now()) + 11_644_473_600_000n) * 10_000n)
  return time
}
