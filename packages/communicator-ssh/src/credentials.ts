import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { fileSystemError, ImagoError, reveal } from '@imago/core'

import { localPath } from './home-path.ts'
import type { SshKey, SshLogin } from './ssh-options.ts'

/** A private key to log in with. */
export interface KeyCredential {
  readonly method: 'publickey'
  /** For messages: the file it comes from. */
  readonly label: string
  readonly key: string
  readonly passphrase?: string
  /** An OpenSSH certificate, as it stands in its file. */
  readonly certificate?: string
  /** It is one of the user's own keys and nobody asked for it: when it cannot be read, the others are tried. */
  readonly usual?: true
}

/** One way to log in. */
export type Credential =
  | KeyCredential
  | { readonly method: 'agent'; readonly label: string; readonly socket: string }
  | { readonly method: 'password' | 'keyboard-interactive'; readonly label: string; readonly password: string }

/** What {@link loadCredentials} needs of a context. */
export interface CredentialContext {
  readonly directory: string
  maskSecret(value: string): void
}

/**
 * The ways to log in that options give, in the order in which they are tried. Without any: those that the `ssh` program tries by
 * itself, the agent and the user's own keys.
 * @throws ImagoError `INPUT_MISSING` for a key file that cannot be read, `DEFINITION_INVALID` for an agent that is nowhere.
 */
export async function loadCredentials(login: SshLogin, context: CredentialContext): Promise<readonly Credential[]> {
  const { key, agent, password } = login
  const secret = password === undefined ? undefined : reveal(password)
  if (secret !== undefined) context.maskSecret(secret)
  if (key === undefined && agent === undefined && secret === undefined) return [...usualAgent(), ...(await usualKeys())]
  return [
    ...(key === undefined ? [] : [await loadKey(key, context)]),
    ...(agent === undefined || agent === false ? [] : [{ method: 'agent' as const, label: 'agent', socket: agentSocket(agent) }]),
    ...(secret === undefined
      ? []
      : [
          { method: 'password' as const, label: 'password', password: secret },
          { method: 'keyboard-interactive' as const, label: 'keyboard-interactive', password: secret },
        ]),
  ]
}

/**
 * The path of the agent's socket.
 * @throws ImagoError `DEFINITION_INVALID` when `SSH_AUTH_SOCK` is to say it, and is not set.
 */
export function agentSocket(agent: boolean | string | undefined): string {
  if (typeof agent === 'string') return agent
  const socket = process.env['SSH_AUTH_SOCK']
  if (socket !== undefined && socket !== '') return socket
  throw new ImagoError('DEFINITION_INVALID', 'the SSH agent is asked for, and SSH_AUTH_SOCK is not set', {
    hint: 'start one (eval "$(ssh-agent)"; ssh-add), or give the path of its socket',
  })
}

/** Reads a private key and its certificate. @throws ImagoError `INPUT_MISSING` when a file cannot be read */
export async function loadKey(key: SshKey, context: CredentialContext): Promise<KeyCredential> {
  const { file, inline, passphrase, certificate } = key
  if (passphrase !== undefined) context.maskSecret(reveal(passphrase))
  if (inline !== undefined) context.maskSecret(reveal(inline))
  return {
    method: 'publickey',
    label: file ?? 'inline key',
    key: file === undefined ? reveal(inline) : await read(file, 'the SSH key', context.directory),
    ...(passphrase !== undefined && { passphrase: reveal(passphrase) }),
    ...(certificate !== undefined && { certificate: await read(certificate, 'the SSH certificate', context.directory) }),
  }
}

async function read(path: string, what: string, directory: string): Promise<string> {
  try {
    return await readFile(localPath(path, directory), 'utf8')
  } catch (error) {
    throw fileSystemError(error, `${what} '${path}'`)
  }
}

function usualAgent(): Credential[] {
  const socket = process.env['SSH_AUTH_SOCK']
  return socket === undefined || socket === '' ? [] : [{ method: 'agent', label: 'agent', socket }]
}

async function usualKeys(): Promise<readonly Credential[]> {
  const files = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(homedir(), '.ssh', name))
  const keys = files.map((file) =>
    readFile(file, 'utf8').then(
      (key) => [{ method: 'publickey' as const, label: file, key, usual: true as const }],
      () => [], // there need not be one
    ),
  )
  return (await Promise.all(keys)).flat()
}
