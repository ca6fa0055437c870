import { ImagoError } from '@imago/core'

/** The part of a parsed private key that a login uses. */
export interface SigningKey {
  readonly type: string
  getPublicSSH(): Buffer
  sign(data: Buffer | string, hash?: string): Buffer
}

/**
 * Types of certificates (OpenSSH's PROTOCOL.certkeys) by type of key: how the login names the algorithm, how the signature does, and
 * the hash.
 */
const algorithms: Readonly<Record<string, { readonly login: string; readonly signature: string; readonly hash?: string }>> = {
  'ssh-ed25519': { login: 'ssh-ed25519-cert-v01@openssh.com', signature: 'ssh-ed25519' },
  'ssh-rsa': { login: 'rsa-sha2-512-cert-v01@openssh.com', signature: 'rsa-sha2-512', hash: 'sha512' },
  'ecdsa-sha2-nistp256': { login: 'ecdsa-sha2-nistp256-cert-v01@openssh.com', signature: 'ecdsa-sha2-nistp256', hash: 'sha256' },
  'ecdsa-sha2-nistp384': { login: 'ecdsa-sha2-nistp384-cert-v01@openssh.com', signature: 'ecdsa-sha2-nistp384', hash: 'sha384' },
  'ecdsa-sha2-nistp521': { login: 'ecdsa-sha2-nistp521-cert-v01@openssh.com', signature: 'ecdsa-sha2-nistp521', hash: 'sha512' },
}

/**
 * A private key that shows a certificate in the place of its public key.
 * @param certificate the line of the certificate's file
 * @throws ImagoError `DEFINITION_INVALID` when it is none, or is another key's kind; `UNSUPPORTED` for keys other than ed25519, RSA and ECDSA.
 */
export function certifiedKey<K extends SigningKey>(key: K, certificate: string, label: string): K {
  const [type = '', blob = ''] = certificate.trim().split(/\s+/)
  const algorithm = algorithms[key.type]
  if (algorithm === undefined) throw new ImagoError('UNSUPPORTED', `a certificate of the ${key.type} key '${label}' cannot be used`)
  if (type !== `${key.type}-cert-v01@openssh.com`) {
    throw new ImagoError('DEFINITION_INVALID', `the certificate of the SSH key '${label}' is '${type}', and the key is ${key.type}`, {
      hint: "give the file that 'ssh-keygen -s' wrote, which ends in -cert.pub",
    })
  }
  const shown = Buffer.from(blob, 'base64')
  const certified: SigningKey = {
    type: algorithm.login,
    getPublicSSH: () => shown,
    sign: (data) => (key.type.startsWith('ecdsa-') ? withoutDer(key.sign(data, algorithm.hash)) : key.sign(data, algorithm.hash)),
  }
  return Object.assign(Object.create(key) as K, certified) // everything else is the key's own
}

/** An ECDSA signature as SSH has it (RFC 5656 §3.1.2), of one in DER: a sequence of two integers, each shorter than 128 bytes. */
function withoutDer(signature: Buffer): Buffer {
  const first = signature[1] === 0x81 ? 3 : 2 // a sequence of 128 bytes or more says its length in two
  const second = first + 2 + (signature[first + 1] ?? 0)
  const integerAt = (at: number): Buffer => signature.subarray(at + 2, at + 2 + (signature[at + 1] ?? 0))
  return Buffer.concat([sshString(integerAt(first)), sshString(integerAt(second))])
}

/** What ssh2 1.17 keeps to itself of a client. */
interface ClientProtocol {
  authPK(user: string, key: SigningKey, algorithm?: string, sign?: Signer): void
}
/** See {@link ClientProtocol}. */
interface PacketWriter {
  readonly allocStart: number
  alloc(size: number): Uint8Array
  finalize(packet: Uint8Array): Uint8Array
}
type Signer = (data: Buffer, send: (signature: Buffer) => void) => void

/**
 * Teaches a client to sign for certificates. ssh2 writes one name into the request and into the signature; for a certificate the
 * signature has to name the plain algorithm. What is signed begins with the session's id, and goes on with the request as it is sent.
 */
export function signWithCertificates(client: object): void {
  const protocol = Reflect.get(client, '_protocol') as ClientProtocol // a private part of a pinned version
  const authPK = protocol.authPK.bind(protocol)
  protocol.authPK = (user, key, algorithm, sign) => {
    const certified = Object.values(algorithms).find(({ login }) => login === key.type)
    if (sign === undefined || certified === undefined) {
      authPK(user, key, algorithm, sign)
      return
    }
    authPK(user, key, algorithm, (data) =>
      sign(data, (signature) => {
        const request = data.subarray(4 + data.readUInt32BE(0))
        const signed = sshString(Buffer.concat([sshString(Buffer.from(certified.signature)), sshString(signature)]))
        sendLogin(protocol, Buffer.concat([request, signed]))
      }),
    )
  }
}

function sendLogin(protocol: ClientProtocol, payload: Buffer): void {
  // private parts of a pinned version; a test logs in with a certificate
  const { write } = Reflect.get(protocol, '_packetRW') as { readonly write: PacketWriter }
  const cipher = Reflect.get(protocol, '_cipher') as { encrypt(packet: Uint8Array): void }
  const queue = Reflect.get(protocol, '_authsQueue') as string[]
  const packet = write.alloc(payload.length)
  packet.set(payload, write.allocStart)
  queue.push('publickey')
  cipher.encrypt(write.finalize(packet))
}

/** A string of SSH's wire format (RFC 4251 §5). */
function sshString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
