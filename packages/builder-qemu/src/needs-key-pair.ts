import type { QemuOptions } from './qemu-options.ts'

/** Whether the build names no login, and makes itself a key pair. */
export function needsKeyPair({ communicator, winrm, ssh = {} }: QemuOptions): boolean {
  if (communicator === 'none' || winrm !== undefined) return false
  return ssh.key === undefined && ssh.password === undefined && (ssh.agent === undefined || ssh.agent === false)
}
