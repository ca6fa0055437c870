import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

import { fileSystemError, ImagoError } from '@imago/core'

import { defaultAlgorithms } from './algorithms.ts'
import type { SshAlgorithms } from './algorithms.ts'
import type { Address } from './connection.ts'
import { localPath } from './home-path.ts'
import type { KnownHosts } from './known-hosts.ts'
import { parseKnownHosts } from './known-hosts.ts'
import type { SshHostKey } from './ssh-options.ts'

/** The fingerprint of a public key in SSH's wire format, as `ssh-keygen -l` prints it. */
export function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** The type of a public key in SSH's wire format (RFC 4253 §6.6): its first string. */
export function keyTypeOf(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0))
}

/**
 * Reads what the options say of a host's key.
 * @throws ImagoError `INPUT_MISSING` for a `known_hosts` that is not there, `DEFINITION_INVALID` when it does not know the host.
 */
export async function loadHostKeys(policy: SshHostKey, address: Address, directory: string): Promise<HostKeys> {
  if (policy === 'first-use') return new HostKeys(address, {})
  if (policy.fingerprint !== undefined) return new HostKeys(address, { fingerprints: [policy.fingerprint].flat() })
  const file = policy.knownHosts
  const text = await readFile(localPath(file, directory), 'utf8').catch((error: unknown) => {
    throw fileSystemError(error, `the known hosts '${file}'`)
  })
  const known = parseKnownHosts(text, address)
  if (known.keys.length === 0) {
    const name = address.port === 22 ? address.host : `[${address.host}]:${address.port}`
    throw new ImagoError('DEFINITION_INVALID', `'${file}' holds no key of ${name}`, {
      hint: `add it: ssh-keyscan -p ${address.port} ${address.host} (and compare the fingerprint with the machine's own)`,
    })
  }
  return new HostKeys(address, { known, file })
}

interface Expected {
  readonly fingerprints?: readonly string[]
  readonly known?: KnownHosts
  readonly file?: string
}

/** Which key a host must show. */
export class HostKeys {
  readonly #address: Address
  readonly #expected: Expected
  #pinned: Buffer | undefined
  #shown: Buffer | undefined
  #refusal: ImagoError | undefined

  constructor(address: Address, expected: Expected) {
    this.#address = address
    this.#expected = expected
  }

  /** Why the last key was refused. */
  get refusal(): ImagoError | undefined {
    return this.#refusal
  }

  /** The fingerprint of the key that the host showed last. */
  get fingerprint(): string | undefined {
    return this.#shown === undefined ? undefined : fingerprintOf(this.#shown)
  }

  /** The key that the host showed last: `ssh-ed25519 AAAA…`. */
  get shown(): string | undefined {
    return this.#shown === undefined ? undefined : `${keyTypeOf(this.#shown)} ${this.#shown.toString('base64')}`
  }

  /** Says what is wrong with a key, and pins it when nothing is. */
  check(key: Buffer): ImagoError | undefined {
    this.#refusal = this.#problem(key)
    if (this.#refusal === undefined) this.#pinned = this.#shown = key
    return this.#refusal
  }

  /** Forgets the pinned key: the machine was restarted by the build and may have made itself a new one. */
  expectNewKey(): void {
    this.#pinned = undefined
  }

  /** The algorithms to offer, those of known keys first: a host shows but one of its keys. */
  preferred(algorithms: SshAlgorithms['hostKeys'] = defaultAlgorithms.hostKeys): Required<SshAlgorithms>['hostKeys'] {
    const types = [...(this.#pinned === undefined ? [] : [this.#pinned]), ...(this.#expected.known?.keys ?? [])].map(keyTypeOf)
    const isKnown = (name: string): boolean => types.includes(name) || (name.includes('rsa') && types.includes('ssh-rsa'))
    return [...algorithms.filter(isKnown), ...algorithms.filter((name) => !isKnown(name))]
  }

  #problem(key: Buffer): ImagoError | undefined {
    const { fingerprints, known, file } = this.#expected
    const { host, port } = this.#address
    const shown = `${host}:${port} shows the ${keyTypeOf(key)} key ${fingerprintOf(key)}`
    if (known?.revoked.some((each) => each.equals(key)) === true) return refused(`${shown}, which '${file}' says is revoked`)
    if (known !== undefined && !known.keys.some((each) => each.equals(key))) {
      return refused(`${shown}, and '${file}' knows it by ${known.keys.map(fingerprintOf).join(', ')}`)
    }
    if (fingerprints !== undefined && !fingerprints.some((each) => each.replace(/=$/, '') === fingerprintOf(key))) {
      return refused(`${shown}, and ${fingerprints.join(' or ')} is expected`)
    }
    if (this.#pinned !== undefined && !this.#pinned.equals(key)) {
      return refused(`${shown}, and before it was ${fingerprintOf(this.#pinned)}: the host key changed in the middle of the run`)
    }
    return undefined
  }
}

function refused(message: string): ImagoError {
  return new ImagoError('AUTHENTICATION_FAILED', message, {
    hint: 'somebody may be in between, or the machine is another one than it was; compare with ssh-keygen -l on the machine itself',
  })
}
