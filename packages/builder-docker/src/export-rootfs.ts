import { resolve } from 'node:path'

import type { BuildContext, StepContext } from '@imago/core'
import { ImagoError, isImagoError, messageOf, progressReporter, writeOutputFile } from '@imago/core'

import type { BuildContainer } from './build-container.ts'
import type { DockerRootfsArtifact, ExportResult } from './docker-result.ts'
import type { StartImage } from './start-image.ts'

/** Writes the container's file system to a file, under a temporary name until it is whole, and hashes it on the way. */
export async function exportRootfs(
  container: BuildContainer,
  start: StartImage,
  result: ExportResult,
  { directory, resources }: BuildContext,
  { signal, emit }: StepContext,
): Promise<DockerRootfsArtifact> {
  const progress = progressReporter(`export to ${result.path}`, emit)
  const archive = await container.engine.containers.export(container.name, { signal })
  const file = await writeOutputFile(resolve(directory, result.path), archive, { resources, signal }, progress).catch((error: unknown) => {
    throw isImagoError(error)
      ? error
      : new ImagoError('PROVIDER_FAILED', `the engine stopped sending the file system: ${messageOf(error)}`, { cause: error })
  })
  progress.finish()
  const { os, architecture } = start.details
  return { type: 'docker-rootfs', id: `sha256:${file.sha256}`, files: [file], platform: `${os}/${architecture}` }
}
