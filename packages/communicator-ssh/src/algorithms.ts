/** Ciphers, the fast and safe ones first; those after `aes256-ctr` are old and only used when they are asked for. */
export const ciphers = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
  'aes128-cbc',
  'aes192-cbc',
  'aes256-cbc',
  '3des-cbc',
] as const

/** Key exchanges; those with SHA-1 are old. */
export const keyExchanges = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group-exchange-sha256',
  'diffie-hellman-group14-sha1',
  'diffie-hellman-group-exchange-sha1',
  'diffie-hellman-group1-sha1',
] as const

/** Signatures of host keys; `ssh-rsa` (RSA with SHA-1) and `ssh-dss` are old. */
export const hostKeyAlgorithms = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
  'ssh-dss',
] as const

/** Message authentication codes, for ciphers that bring none of their own; those with SHA-1 are old. */
export const macs = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
  'hmac-sha1-etm@openssh.com',
  'hmac-sha1',
] as const

/** Which algorithms to offer, the preferred ones first. */
export interface SshAlgorithms {
  /** @default AES-GCM first, then ChaCha20-Poly1305 and AES-CTR */
  readonly ciphers?: readonly (typeof ciphers)[number][]
  /** @default Curve25519 first, then NIST curves and Diffie-Hellman groups with SHA-2 */
  readonly keyExchanges?: readonly (typeof keyExchanges)[number][]
  /** @default ed25519 first, then ECDSA and RSA with SHA-2; known keys before all */
  readonly hostKeys?: readonly (typeof hostKeyAlgorithms)[number][]
  /** @default HMAC with SHA-2 */
  readonly macs?: readonly (typeof macs)[number][]
}

/** What is offered when nothing is said: everything that is not old. */
export const defaultAlgorithms: Required<SshAlgorithms> = {
  ciphers: ciphers.slice(0, 6),
  keyExchanges: keyExchanges.slice(0, 9),
  hostKeys: hostKeyAlgorithms.slice(0, 6),
  macs: macs.slice(0, 4),
}
