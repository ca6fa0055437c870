import { sshInputs } from '@imago/communicator-ssh'
import type { Builder, LocalInput, LocalOutput } from '@imago/core'
import { isArtifactReference } from '@imago/core'
import { mediaInputs, winrmGuestInputs } from '@imago/hypervisor'
import { availableParallelism } from 'node:os'

import { build } from './build.ts'
import { machineInputs } from './machine-inputs.ts'
import { preflight } from './preflight.ts'
import type { QemuOptions } from './qemu-options.ts'
import type { QemuArtifact, ResultFormat } from './qemu-result.ts'
import { qemuIssues } from './qemu-schema.ts'
import { resultPaths } from './result-paths.ts'
import { snapshotsOf } from './snapshots.ts'
import { startIdentity } from './start-identity.ts'

/**
 * Builds disk images in a virtual machine of QEMU: from the installer on an ISO image, from a disk image, or with an empty disk. The
 * provisioners reach the guest over SSH; then it is shut down, and its disk becomes the result, or its file system does, or nothing.
 *
 * Fails with `TOOL_MISSING` when a program of QEMU or a firmware is not there, `PROVIDER_FAILED` with QEMU's own words when it refuses an
 * option, `MACHINE_LOST` when the guest goes off or QEMU ends in the middle, `TIMEOUT` when the guest does not let us in (the message has the
 * last cause), `CHECKSUM_MISMATCH`, `NETWORK`, `DISK_FULL`, `OUTPUT_UNWRITABLE`. When a build fails, a picture of the screen and what the
 * guest said on its serial port are kept beside the result.
 * @example
 * qemu({
 *   disk: { url: 'https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-generic-amd64.qcow2', checksum: 'none' },
 *   cloudInit: { userData: '#cloud-config' },
 *   ssh: { user: 'debian' },
 *   result: { format: 'qcow2', path: 'out/cow.qcow2', compress: 'zstd' },
 * })
 */
export function qemu<const F extends ResultFormat>(options: QemuOptions<F>): Builder<QemuArtifact<NoInfer<F>>> {
  const own: QemuOptions = options
  const snapshots = snapshotsOf(own)
  const builder: Builder<QemuArtifact> = {
    kind: 'builder',
    type: 'qemu',
    options,
    makes: shapeOf(own),
    pool: { name: 'qemu', limit: Math.max(2, Math.floor(availableParallelism() / 2)) },
    validate: () => qemuIssues(own),
    inputs: () => inputsOf(own),
    outputs: () => outputsOf(own),
    preflight: (ctx) => preflight(own, ctx),
    base: (ctx) => startIdentity(own, ctx),
    ...(snapshots && { snapshots }),
    build: (ctx) => build(own, ctx),
  }
  // `result` is of format F, and so is what it makes.
  return builder as unknown as Builder<QemuArtifact<F>>
}

function shapeOf({ result }: QemuOptions): Builder['makes'] {
  switch (result?.format) {
    case 'rootfs':
      return { type: 'qemu-rootfs', files: true }
    case 'none':
      return { type: 'discarded', files: false }
    default: // also of a result that validation reports
      return { type: 'qemu-disk', files: true }
  }
}

/** Also of options that validation reports. */
function inputsOf(options: QemuOptions): readonly LocalInput[] {
  const { iso, disk, ssh, winrm, extraCds } = options
  return [
    ...mediaInputs(iso, ['iso']),
    ...(isArtifactReference(disk) ? [] : mediaInputs(disk, ['disk'])),
    ...(Array.isArray(extraCds) ? extraCds.flatMap((cd, index) => mediaInputs(cd, ['extraCds', index])) : []),
    ...machineInputs(options),
    ...(typeof ssh === 'object' ? sshInputs(ssh).map((input) => ({ ...input, at: ['ssh', ...input.at] })) : []),
    ...winrmGuestInputs(winrm),
  ]
}

function outputsOf({ result, extraDisks, serialLog }: QemuOptions): readonly LocalOutput[] {
  const count = 1 + (Array.isArray(extraDisks) ? extraDisks.length : 0)
  return [
    ...(typeof result === 'object' ? resultPaths(result, count) : []),
    ...(typeof serialLog === 'string' ? [{ path: serialLog, at: ['serialLog'] }] : []),
  ]
}
