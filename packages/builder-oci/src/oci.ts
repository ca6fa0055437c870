import type { Builder, LocalInput, LocalOutput } from '@imago/core'

import { build } from './build.ts'
import type { OciArchiveArtifact } from './oci-artifact.ts'
import type { OciOptions } from './oci-options.ts'
import { ociIssues } from './oci-schema.ts'
import { preflight } from './preflight.ts'
import { ociSnapshots, startIdentity } from './snapshots.ts'

/**
 * Builds an OCI image with no engine, no daemon and no root. Steps run on Linux in a root of their own, in namespaces for users, mounts,
 * processes, IPC and the host name; nothing outside it can be written. The image comes as one archive, which `docker load`, `podman load`
 * and `skopeo` take. The same inputs give the same digest.
 *
 * On other systems, and where Linux allows no user namespaces, images are built from steps that only bring files; commands fail with
 * `UNSUPPORTED`. Else fails as the source does, and with `DISK_FULL`, `OUTPUT_UNWRITABLE`, `MACHINE_LOST`.
 * @example oci({ from: hostBinaries({ commands: ['sh', 'cat'] }), cmd: ['cat', '/etc/motd'] })
 * @example oci({ from: registry('debian:12'), tag: 'cow:1.0', entrypoint: ['moo'], output: 'out/cow.tar' })
 */
export function oci(options: OciOptions): Builder<OciArchiveArtifact> {
  return {
    kind: 'builder',
    type: 'oci',
    options,
    makes: { type: 'oci-archive', files: true },
    validate: () => ociIssues(options),
    inputs: () => inputsOf(options),
    outputs: () => outputsOf(options),
    preflight: (ctx) => preflight(options, ctx),
    base: (ctx) => startIdentity(options, ctx),
    snapshots: ociSnapshots,
    build: (ctx) => build(options, ctx),
  }
}

/** Also of options that validation reports. */
function inputsOf({ from }: Partial<OciOptions>): readonly LocalInput[] {
  if (from?.kind === 'tarball' && typeof from.path === 'string') return [{ path: from.path, at: ['from', 'path'], kind: 'file' }]
  if (from?.kind === 'oci-archive' && typeof from.image === 'string') return [{ path: from.image, at: ['from', 'image'] }]
  return []
}

/** The default name is made of names that are known only when the build runs. */
function outputsOf({ output }: Partial<OciOptions>): readonly LocalOutput[] {
  return typeof output === 'string' ? [{ path: output, at: ['output'] }] : []
}
