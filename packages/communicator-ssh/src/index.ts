export type { SshAlgorithms } from './algorithms.ts'
export { clearAuthorizedKey } from './authorized-keys.ts'
export type { ClearAuthorizedKeyOptions } from './authorized-keys.ts'
export { createKeyPair } from './key-pair.ts'
export type { SshKeyPair } from './key-pair.ts'
export { publicKeyOf } from './public-key.ts'
export { reboot } from './reboot.ts'
export type { RebootOptions } from './reboot.ts'
export { sshCommunicator } from './ssh-communicator.ts'
export type { SshContext } from './ssh-communicator.ts'
export { sshInputs } from './ssh-inputs.ts'
export type {
  SshAccess,
  SshBastion,
  SshHostKey,
  SshKey,
  SshLogin,
  SshOptions,
  SshPatience,
  SshProxy,
  SshRoute,
  SshTunnel,
} from './ssh-options.ts'
export { sshAccessEntries, sshEntries, sshIssuesTogether } from './ssh-schema.ts'
