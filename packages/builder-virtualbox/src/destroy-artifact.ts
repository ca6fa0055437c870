import { rm } from 'node:fs/promises'

import type { Artifact, PreflightContext } from '@imago/core'

import { removeMachine } from './machine-resource.ts'
import { vboxManage } from './vbox-manage.ts'
import type { AnyOptions } from './virtualbox-options.ts'
import type { VirtualBoxArtifact } from './virtualbox-result.ts'

/** Removes an artifact: its files, and the machine that stayed in VirtualBox, but never one that was there before. */
export async function destroyArtifact(options: AnyOptions, artifact: Artifact, { signal }: PreflightContext): Promise<void> {
  const { files = [], machine } = artifact as VirtualBoxArtifact & { readonly machine?: { readonly uuid: string } } // made by this builder
  for (const { path } of files) await rm(path, { force: true })
  const isOwn = options.kind !== 'vm' || options.clone !== 'in-place'
  if (machine !== undefined && isOwn) await removeMachine(vboxManage(options.program), machine.uuid, signal)
}
