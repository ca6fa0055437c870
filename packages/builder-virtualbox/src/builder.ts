import { availableParallelism } from 'node:os'

import { sshInputs } from '@imago/communicator-ssh'
import type { Artifact, Builder, LocalInput, LocalOutput } from '@imago/core'
import { isArtifactReference } from '@imago/core'
import { mediaInputs, vmInputs, winrmGuestInputs } from '@imago/hypervisor'

import { build } from './build.ts'
import { destroyArtifact } from './destroy-artifact.ts'
import { preflight } from './preflight.ts'
import { resultPaths } from './result-paths.ts'
import type { AnyOptions } from './virtualbox-options.ts'
import type { VirtualBoxArtifact } from './virtualbox-result.ts'
import { virtualBoxIssues } from './virtualbox-schema.ts'

/** A builder of this package. `options` are as the user wrote them, `own` the same with what they start from. */
export function virtualBoxBuilder(options: object, own: AnyOptions): Builder<VirtualBoxArtifact> {
  return {
    kind: 'builder',
    type: `virtualbox-${own.kind}`,
    options,
    makes: shapeOf(own),
    pool: { name: 'virtualbox', limit: Math.max(2, Math.floor(availableParallelism() / 2)) },
    validate: () => virtualBoxIssues(own.kind, options),
    inputs: () => inputsOf(own),
    outputs: () => outputsOf(own),
    preflight: (ctx) => preflight(own, ctx),
    build: (ctx) => build(own, ctx),
    destroyArtifact: (artifact: Artifact, ctx) => destroyArtifact(own, artifact, ctx),
  }
}

function shapeOf({ result }: AnyOptions): Builder['makes'] {
  switch (result?.format) {
    case 'rootfs':
      return { type: 'virtualbox-rootfs', files: true }
    case 'registered':
      return { type: 'virtualbox-machine', files: false }
    case 'none':
      return { type: 'discarded', files: false }
    default: // also of a result that validation reports
      return { type: 'virtualbox-appliance', files: true }
  }
}

/** Also of options that validation reports. */
function inputsOf(options: AnyOptions): readonly LocalInput[] {
  const { ssh, winrm, guestAdditions } = options
  const additions = typeof guestAdditions === 'object' ? guestAdditions.iso : undefined
  const source = options.kind === 'ovf' ? options.source : undefined
  return [
    ...(options.kind === 'iso' ? mediaInputs(options.iso, ['iso']) : []),
    ...(source === undefined || isArtifactReference(source) ? [] : mediaInputs(source, ['source'])),
    ...(typeof additions === 'function' ? [] : mediaInputs(additions, ['guestAdditions', 'iso'])),
    ...vmInputs(options),
    ...(typeof ssh === 'object' ? sshInputs(ssh).map((input) => ({ ...input, at: ['ssh', ...input.at] })) : []),
    ...winrmGuestInputs(winrm),
  ]
}

function outputsOf({ result, serialLog }: AnyOptions): readonly LocalOutput[] {
  return [
    ...(typeof result === 'object' ? resultPaths(result) : []),
    ...(typeof serialLog === 'string' ? [{ path: serialLog, at: ['serialLog'] }] : []),
  ]
}
