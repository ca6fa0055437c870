import type { NtlmSeal } from './ntlm/seal.ts'

const boundary = 'Encrypted Boundary'
const contentType = 'application/octet-stream\r\n'
const protocol = 'application/HTTP-SPNEGO-session-encrypted'

/** The content type of a sealed message. */
export const sealedType: string = `multipart/encrypted;protocol="${protocol}";boundary="${boundary}"`

/** A message of SOAP, sealed, in the parts that MS-WSMV, 2.2.9.1 says. */
export function sealMessage(seal: NtlmSeal, message: Uint8Array): Buffer {
  const { signature, sealed } = seal.seal(message)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(signature.length)
  const head =
    `--${boundary}\r\n\tContent-Type: ${protocol}\r\n` +
    `\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=${message.length}\r\n` +
    `--${boundary}\r\n\tContent-Type: ${contentType}`
  return Buffer.concat([Buffer.from(head), length, signature, sealed, Buffer.from(`--${boundary}--\r\n`)])
}

/** The message in a sealed one. @throws Error when it is none */
export function openSealed(seal: NtlmSeal, body: Buffer): Buffer {
  const type = body.indexOf(contentType)
  const end = body.lastIndexOf(`--${boundary}--`)
  if (type === -1 || end === -1) throw new Error('an encrypted message has no content')
  const start = type + contentType.length
  const length = body.readUInt32LE(start)
  return seal.open(body.subarray(start + 4, start + 4 + length), body.subarray(start + 4 + length, end))
}
