import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

import type { Secret } from '@imago/core'
import { fileSystemError, ImagoError, secret, systemCode } from '@imago/core'

import { runCredentialHelper } from './credential-helper.ts'

/** What a registry is shown. Secrets are plain strings only where they are too short to be masked. */
export type RegistryCredentials =
  | { readonly username: string; readonly password: Secret | string }
  | { readonly identityToken: Secret | string }

/** Where to look for credentials. */
export interface RegistryCredentialsOptions {
  /**
   * The folder of Docker's `config.json`; nothing else is looked at.
   * @default `DOCKER_CONFIG` or `~/.docker`, then Podman's `auth.json`
   */
  readonly configDirectory?: string
  readonly signal?: AbortSignal
}

/** The part of the configuration file that is about credentials. */
interface AuthFile {
  readonly path: string
  readonly auths: Readonly<Record<string, unknown>>
  readonly credHelpers: Readonly<Record<string, unknown>>
  readonly credsStore: unknown
}

/**
 * The credentials that `docker login` (or `podman login`) left for a registry, or `undefined`. A credential helper for the registry
 * comes first, then the credentials store, then what stands in the file.
 * @param registry host and port, as {@link ImageReference.registry} says it
 * @throws ImagoError `AUTHENTICATION_FAILED` when a helper fails or the file cannot be understood, `TOOL_MISSING` when a helper is not installed
 */
export async function registryCredentials(
  registry: string,
  options: RegistryCredentialsOptions = {},
): Promise<RegistryCredentials | undefined> {
  for (const path of authFilePaths(options.configDirectory)) {
    const file = await readAuthFile(path)
    const credentials = file === undefined ? undefined : await lookUp(file, registry, options.signal)
    if (credentials !== undefined) return credentials
  }
  return undefined
}

function authFilePaths(configDirectory: string | undefined): string[] {
  if (configDirectory !== undefined) return [join(configDirectory, 'config.json')]
  const { DOCKER_CONFIG, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME } = process.env
  return [
    join(DOCKER_CONFIG ?? join(homedir(), '.docker'), 'config.json'),
    ...(REGISTRY_AUTH_FILE === undefined ? [] : [REGISTRY_AUTH_FILE]),
    ...(XDG_RUNTIME_DIR === undefined ? [] : [join(XDG_RUNTIME_DIR, 'containers', 'auth.json')]),
    join(XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'containers', 'auth.json'),
  ]
}

async function readAuthFile(path: string): Promise<AuthFile | undefined> {
  try {
    const content: unknown = JSON.parse(await readFile(path, 'utf8'))
    return { path, auths: member(content, 'auths'), credHelpers: member(content, 'credHelpers'), credsStore: field(content, 'credsStore') }
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    if (error instanceof SyntaxError) throw unreadable(path, 'is no JSON') // its message would show what stands in the file
    throw fileSystemError(error, `cannot read '${path}'`)
  }
}

async function lookUp(file: AuthFile, registry: string, signal: AbortSignal | undefined): Promise<RegistryCredentials | undefined> {
  const server = serverOf(registry)
  const helper = file.credHelpers[registry] ?? file.credHelpers[server] ?? file.credsStore
  if (typeof helper === 'string' && helper !== '') {
    const found = await runCredentialHelper(helper, server, { signal })
    if (found !== undefined) return toCredentials(found)
  }
  const name = Object.keys(file.auths).find((key) => key === server) ?? Object.keys(file.auths).find((key) => registryOf(key) === registry)
  return name === undefined ? undefined : fromEntry(file.auths[name], file.path, name)
}

/** What helpers and configurations call a registry. */
export function serverOf(registry: string): string {
  return registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry
}

/** Old keys are URLs, with a path that is only the protocol's version. */
function registryOf(key: string): string {
  const name = key.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '')
  return name === 'index.docker.io' || name === 'registry-1.docker.io' ? 'docker.io' : name
}

function fromEntry(entry: unknown, path: string, name: string): RegistryCredentials | undefined {
  const identityToken = field(entry, 'identitytoken')
  if (typeof identityToken === 'string' && identityToken !== '') return { identityToken: hide(identityToken) }
  const auth = field(entry, 'auth')
  if (typeof auth === 'string' && auth !== '') {
    const text = Buffer.from(auth, 'base64').toString()
    const colon = text.indexOf(':')
    if (colon < 1) throw unreadable(path, `has an 'auth' for '${name}' that is not base64 of 'user:password'`)
    return toCredentials({ username: text.slice(0, colon), secret: text.slice(colon + 1).replace(/\0+$/, '') })
  }
  const username = field(entry, 'username')
  const password = field(entry, 'password')
  if (typeof username !== 'string' || typeof password !== 'string' || username === '') return undefined
  return toCredentials({ username, secret: password })
}

/** What a helper's answer means. The user name `<token>` says that the secret is an identity token. */
export function toCredentials(found: { readonly username: string; readonly secret: string }): RegistryCredentials {
  if (found.username === '<token>') return { identityToken: hide(found.secret) }
  return { username: found.username, password: hide(found.secret) }
}

function hide(value: string): Secret | string {
  return value.length < 4 ? value : secret(value)
}

function unreadable(path: string, why: string): ImagoError {
  return new ImagoError('AUTHENTICATION_FAILED', `'${path}' ${why}`, { hint: "repair it, or log in again with 'docker login'" })
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function member(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const found = field(value, name)
  return typeof found === 'object' && found !== null ? { ...found } : {}
}
