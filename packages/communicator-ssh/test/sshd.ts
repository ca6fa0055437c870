import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { reveal } from '@imago/core'
import type { SshKeyPair } from '../src/key-pair.ts'
import { createKeyPair } from '../src/key-pair.ts'

/** Why there can be no server here, if so. */
const missing = ((): string | undefined => {
  if (process.getuid?.() !== 0) return 'not root'
  try {
    execFileSync('/usr/sbin/sshd', ['-V'], { stdio: 'ignore' })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'no /usr/sbin/sshd (openssh-server)'
  }
  return undefined
})()

/** For `describe.skipIf`: whether OpenSSH's server or root is missing. With `IMAGO_REQUIRE=sshd` nothing is skipped. */
export const lacksSshd: boolean = missing !== undefined && !(process.env['IMAGO_REQUIRE'] ?? '').split(',').includes('sshd')

/** To be added to the names of such tests: why they are skipped. */
export const skipped: string = lacksSshd ? ` (skipped: ${missing})` : ''

/** A server of the tests' own. */
export interface Sshd {
  readonly port: number
  readonly folder: string
  /** May log in as root, and as everybody else. */
  readonly keys: SshKeyPair
  /** `SHA256:…` of its ed25519 key. */
  fingerprint(): string
  /** The `known_hosts` fields of its ed25519 key: type and key. */
  publicHostKey(): Promise<string>
  /** What it has said; with `LogLevel DEBUG1` also what it has agreed on with its clients. */
  log(): string
  /** Ends it with all its connections, and starts it again. */
  restart(options?: { readonly newHostKey?: boolean }): Promise<void>
  /** Ends it with all its connections. */
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server on a free port of 127.0.0.1, with nothing of the system's own configuration. */
export async function startSshd(config: readonly string[] = []): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-sshd-'))
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const port = await freePort()
  const keys = await createKeyPair('build')
  const hostKey = join(folder, 'host_ed25519')
  const makeHostKey = async (): Promise<void> => {
    await rm(hostKey, { force: true })
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', hostKey])
  }
  await makeHostKey()
  await chmod(folder, 0o755) // it is read as the user who logs in
  await writeFile(join(folder, 'authorized_keys'), `${keys.publicKey}\n`)
  const lines = [
    ...config.map((line) => line.replaceAll('%FOLDER%', folder)), // sshd takes the first value of each
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey}`,
    `PidFile ${join(folder, 'pid')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'Subsystem sftp internal-sftp',
    `SetEnv HOME=${folder}`, // whatever the account's own start-up files do
  ]
  await writeFile(join(folder, 'config'), `${lines.join('\n')}\n`)
  let server: ChildProcess | undefined
  let log = ''
  const start = async (): Promise<void> => void (server = await run(folder, port, (text) => (log += text)))
  const kill = async (): Promise<void> => {
    if (server !== undefined) await endTree(server)
    server = undefined
  }
  await start()
  return {
    port,
    folder,
    keys,
    fingerprint: () =>
      execFileSync('ssh-keygen', ['-l', '-f', `${hostKey}.pub`])
        .toString()
        .split(' ')[1] ?? '',
    log: () => log,
    publicHostKey: async () => (await readFile(`${hostKey}.pub`, 'utf8')).trim(),
    async restart({ newHostKey = false } = {}) {
      await kill()
      if (newHostKey) await makeHostKey()
      await start()
    },
    kill,
    start,
    async stop() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function run(folder: string, port: number, onLog: (text: string) => void): Promise<ChildProcess> {
  const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  let log = ''
  server.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString()
    onLog(chunk.toString())
  })
  for (let attempt = 0; attempt < 200; attempt++) {
    if (server.exitCode !== null) throw new Error(`sshd ended: ${log}`)
    if (await answers(port)) return server
    await delay(20)
  }
  throw new Error(`sshd does not answer: ${log}`)
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const answer = await Promise.race([once(socket, 'data').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false)
  socket.destroy()
  return answer
}

/** Kills a server and the processes of its connections, which lead groups of their own. */
async function endTree(server: ChildProcess): Promise<void> {
  const pids = [server.pid ?? 0]
  for (const pid of pids) pids.push(...childrenOf(pid))
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // gone already
    }
  }
  if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
}

function childrenOf(pid: number): number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)])
      .toString()
      .trim()
      .split('\n')
      .map(Number)
  } catch {
    return []
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  server.close()
  await once(server, 'close')
  return port
}

/** The options to log in to a server as root. */
export function rootOf({ port, keys }: Sshd): { readonly host: string; readonly port: number; readonly key: { readonly inline: string } } {
  return { host: '127.0.0.1', port, key: { inline: reveal(keys.privateKey) } }
}

/** An account of the system for the time of a test. */
export interface Account {
  readonly name: string
  readonly home: string
  readonly password: string
  remove(): Promise<void>
}

/** Makes an account with a password. */
export async function makeAccount(): Promise<Account> {
  const name = `imago${process.pid}${Math.floor(performance.now()) % 1000}`
  const home = await mkdtemp(join(tmpdir(), 'imago-home-'))
  const password = 'correct horse'
  const hash = execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: password }).toString().trim()
  execFileSync('useradd', ['--no-create-home', '--home-dir', home, '--shell', '/bin/sh', '--password', hash, name])
  execFileSync('chown', [`${name}:`, home])
  return {
    name,
    home,
    password,
    async remove() {
      execFileSync('userdel', [name], { stdio: 'ignore' })
      await rm(home, { recursive: true, force: true })
    },
  }
}
