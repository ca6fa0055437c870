import type { FilesArtifact, PostProcessor, PostProcessorOptions, Scope } from '@imago/core'
import { splitStepOptions } from '@imago/core'

import type { AmiArtifact } from '../ami-artifact.ts'
import { destroyAmi } from '../destroy-ami.ts'
import type { AmazonImportOptions } from './amazon-import-options.ts'
import { amazonImportIssues } from './amazon-import-options.ts'
import { importImage } from './import-image.ts'

/**
 * Makes an AMI of a disk that another builder has made: uploads it to S3 in parts, lets AWS import it, and removes it from there. The account
 * needs the role `vmimport`, which lets AWS read the bucket.
 *
 * Fails with `INPUT_MISSING` when the artifact has no disk that AWS imports, `AUTHENTICATION_FAILED`, `NETWORK`, `TIMEOUT`, and
 * `PROVIDER_FAILED` with AWS's reason when it cannot import the disk.
 * @example amazonImport({ region: 'eu-west-1', bucket: 'my-imports', ami: { name: 'cow-{timestamp}', tags: { team: 'cows' } } })
 */
export function amazonImport<const O extends string = never, const X extends string = never>(
  options: AmazonImportOptions & PostProcessorOptions & Scope<O, X>,
): PostProcessor<FilesArtifact, AmiArtifact, NoInfer<O>, NoInfer<X>> {
  const { common, own } = splitStepOptions(options)
  return {
    kind: 'post-processor',
    type: 'amazon-import',
    ...common,
    options: own,
    title: `import into ${own.region ?? 'AWS'}`,
    takes: 'files',
    makes: { type: 'amazon-ami', files: false },
    input: 'removed',
    validate: () => amazonImportIssues(own),
    process: (input, ctx) => importImage(own, input, ctx),
    destroyArtifact: (artifact, { signal }) => destroyAmi(artifact, own.access, signal),
  }
}
