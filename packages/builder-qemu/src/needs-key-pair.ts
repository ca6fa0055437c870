import type { QemuOptions } from './qemu-options.ts'

/** Whether the build names no login, and makes itself a key pair. */
export function needsKeyPair({ communicator, ssh = {} }: QemuOptions): boolean {
  return communicator !== 'none' && ssh.key === undefined && ssh.password === undefined && (ssh.agent === undefined || ssh.agent === false)
}
