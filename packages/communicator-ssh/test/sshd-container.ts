import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'

import { createKeyPair } from '../src/key-pair.ts'
import type { SshKeyPair } from '../src/key-pair.ts'
import { freePort } from './sshd.ts'

/** What ssh-audit and the hardening guides let stand of OpenSSH 9: one cipher, ed25519 alone, nothing with SHA-1 or NIST's curves. */
export const strictest: readonly string[] = [
  'KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256',
  'Ciphers aes256-gcm@openssh.com',
  'MACs hmac-sha2-512-etm@openssh.com',
  'HostKeyAlgorithms ssh-ed25519',
  'PubkeyAcceptedAlgorithms ssh-ed25519',
  'RequiredRSASize 4096',
]

/** Debian's OpenSSH server in a container, with its own files, users and processes. */
export interface SshdContainer {
  readonly port: number
  /** May log in as root. */
  readonly keys: SshKeyPair
  /** The password of the user `debian`. */
  readonly password: string
  /** What the server has said. */
  log(): Promise<string>
  stop(): void
}

/** Starts a container of Debian's image, installs its server, and adds lines to its configuration. The container starts again when it ends. */
export async function startSshdContainer(config: readonly string[]): Promise<SshdContainer> {
  const [port, keys, password] = [await freePort(), await createKeyPair('build'), 'correct horse']
  const name = `imago-sshd-${process.pid}-${port}`
  const install = `set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends openssh-server >/dev/null
mkdir -p /run/sshd /root/.ssh
echo "$KEY" >/root/.ssh/authorized_keys
useradd -m -s /bin/sh debian
echo "debian:$PASSWORD" | chpasswd
echo "$CONFIG" >/etc/ssh/sshd_config.d/test.conf`
  const run = ['[ -e /run/installed ] || { sh -c "$INSTALL" && touch /run/installed; } || exit 1', 'exec /usr/sbin/sshd -D -e'].join('\n')
  const variables = {
    INSTALL: install,
    KEY: keys.publicKey,
    PASSWORD: password,
    CONFIG: [`Port ${port}`, 'ListenAddress 127.0.0.1', 'LogLevel DEBUG1', ...config].join('\n'),
  }
  const env = Object.entries(variables).flatMap(([key, value]) => ['--env', `${key}=${value}`])
  const options = ['--detach', '--network', 'host', '--restart', 'always', '--name', name, ...env]
  execFileSync('docker', ['run', ...options, 'debian:12', 'sh', '-c', run], { stdio: ['ignore', 'ignore', 'inherit'] })
  return {
    port,
    keys,
    password,
    async log() {
      const { stdout, stderr } = await promisify(execFile)('docker', ['logs', name], { maxBuffer: 1 << 28 })
      return stdout + stderr
    },
    stop: () => void execFileSync('docker', ['rm', '--force', '--volumes', name], { stdio: 'ignore' }),
  }
}
