import type { Builder, Image, PostProcessor } from '@imago/core'
import { plan } from '@imago/core'

import type { AmazonEbsOptions } from '../amazon-ebs-options.ts'
import type { EbsSurrogateOptions } from '../ebs-surrogate.ts'
import type { EbsVolumeOptions } from '../ebs-volume.ts'
import type { AmazonImportOptions } from '../import/amazon-import-options.ts'
import type { Actions } from './instance-actions.ts'
import { actions, imageActions, instanceActions, keyActions, together } from './instance-actions.ts'

/** An IAM policy. */
export interface IamPolicy {
  readonly Version: '2012-10-17'
  readonly Statement: readonly IamStatement[]
}

/** One statement of an IAM policy. */
export interface IamStatement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: '*'
  readonly Condition?: object
}

/** Which builds of the images. */
export interface PolicySelection {
  /** @default all */
  readonly only?: readonly string[]
  /** @default none */
  readonly except?: readonly string[]
}

/**
 * The least that credentials must allow for builds at AWS: the actions that these options lead to, and no others. What changes or removes
 * something is allowed on what bears the tags of a build, where the options do not ask for more.
 * @example writeFile('policy.json', JSON.stringify(iamPolicy(image)))
 */
export function iamPolicy(images: Image | readonly Image[], selection: PolicySelection = {}): IamPolicy {
  const { only, except } = selection
  const list = isImages(images) ? images : [images]
  const needed = list.flatMap((image) =>
    plan(image, { ...(only !== undefined && { only }), ...(except !== undefined && { except }) }).builds.flatMap(({ build }) => {
      const builder = image.builders[build]
      return builder === undefined ? [] : [builderActions(builder), ...image.postProcessors.flat().map(postProcessorActions)]
    }),
  )
  const { anywhere, own } = together(...needed)
  const everywhere = new Set(anywhere)
  return { Version: '2012-10-17', Statement: statements(sorted(anywhere), sorted(own.filter((action) => !everywhere.has(action)))) }
}

function statements(anywhere: readonly string[], own: readonly string[]): readonly IamStatement[] {
  const ofBuilds = { Null: { 'aws:ResourceTag/imago.run': 'false' } }
  return [
    ...(anywhere.length > 0 ? [{ Sid: 'LookAndCreate', Effect: 'Allow', Action: anywhere, Resource: '*' } as const] : []),
    ...(own.length > 0 ? [{ Sid: 'ChangeWhatBuildsMade', Effect: 'Allow', Action: own, Resource: '*', Condition: ofBuilds } as const] : []),
  ]
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1))
}

/** What a builder of this package needs; those of others need nothing at AWS. */
function builderActions({ type, options }: Builder): Actions | undefined {
  switch (type) {
    case 'amazon-ebs':
      return ebsActions(options as AmazonEbsOptions) // the type says whose they are
    case 'amazon-ebs-surrogate':
      return surrogateActions(options as EbsSurrogateOptions) // likewise
    case 'amazon-ebs-volume':
      return volumeActions(options as EbsVolumeOptions) // likewise
    default:
      return undefined
  }
}

function ebsActions(options: AmazonEbsOptions): Actions {
  if (options.ami === false) return instanceActions(options)
  return together(instanceActions(options), actions('ec2', { anywhere: ['CreateImage'] }), imageActions(options.ami, options.region))
}

function surrogateActions(options: EbsSurrogateOptions): Actions {
  const { ami } = options
  const how =
    ami.useCreateImage === true
      ? actions('ec2', { anywhere: ['CreateImage'], own: ['AttachVolume', 'DetachVolume', 'ModifyInstanceAttribute'] })
      : actions('ec2', { anywhere: ['CreateSnapshot', 'RegisterImage'] })
  return together(instanceActions(options), how, imageActions(ami, options.region))
}

function volumeActions(options: EbsVolumeOptions): Actions {
  const { volumes } = options
  return together(
    instanceActions(options),
    actions('ec2', { own: ['DeleteTags'] }),
    volumes.some(({ snapshot }) => snapshot !== undefined) &&
      actions('ec2', { anywhere: ['CreateSnapshot', 'DescribeSnapshots'], own: ['DeleteSnapshot'] }),
    volumes.some(({ snapshot }) => snapshot?.shareWith !== undefined) && actions('ec2', { own: ['ModifySnapshotAttribute'] }),
    volumes.some(({ encrypted }) => encrypted === true) && keyActions,
  )
}

function postProcessorActions({ type, options }: Pick<PostProcessor, 'type' | 'options'>): Actions | undefined {
  return type === 'amazon-import' ? importActions(options as AmazonImportOptions) : undefined // the type says whose they are
}

function importActions({ ami = {}, region, objectEncryption }: AmazonImportOptions): Actions {
  return together(
    actions('ec2', { anywhere: ['CancelImportTask', 'CreateTags', 'DescribeImages', 'DescribeImportImageTasks', 'ImportImage'] }),
    actions('s3', {
      anywhere: [
        'AbortMultipartUpload',
        'DeleteObject',
        'GetBucketLocation',
        'GetObject',
        'ListBucketMultipartUploads',
        'PutObject',
        'PutObjectTagging',
      ],
    }),
    typeof objectEncryption === 'object' && actions('kms', { anywhere: ['Decrypt', 'DescribeKey', 'GenerateDataKey'] }),
    ami.name !== undefined && actions('ec2', { anywhere: ['CopyImage'] }),
    imageActions({ ...ami, name: ami.name ?? 'imported' }, region),
  )
}

function isImages(images: Image | readonly Image[]): images is readonly Image[] {
  return Array.isArray(images)
}
