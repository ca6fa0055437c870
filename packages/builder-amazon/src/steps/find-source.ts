import { ImagoError, isArtifactReference } from '@imago/core'

import type { AmiArtifact } from '../ami-artifact.ts'
import type { Aws, CallOptions } from '../aws/aws.ts'
import { hasAwsCode } from '../aws/aws-error.ts'
import type { Image } from '../aws/images.ts'
import { describeImages } from '../aws/images.ts'
import type { AmiFilter, SourceAmi } from '../options/source-ami.ts'
import { filterList } from '../options/text.ts'

/** {@link SourceAmi} without references to other builds. */
export type ResolvedSource = Exclude<SourceAmi, { readonly kind: 'artifact-reference' }>

/** What stands for the AMI of another build: its id in this region. */
export function resolveSource(
  source: SourceAmi,
  region: string,
  artifact: (reference: Extract<SourceAmi, { kind: 'artifact-reference' }>) => AmiArtifact,
): ResolvedSource {
  if (!isArtifactReference(source)) return source
  const { name, images } = artifact(source)
  const found = images.find((image) => image.region === region)
  if (found !== undefined) return found.imageId
  const there = images.map((image) => image.region).join(', ')
  throw new ImagoError('IMAGE_NOT_FOUND', `the image '${name}' is in ${there}, and this build is in ${region}`, {
    hint: `add '${region}' to the 'regions' of its build`,
  })
}

/**
 * Finds the image to start from.
 * @throws ImagoError `IMAGE_NOT_FOUND` when there is none, or several where one is wanted; `UNSUPPORTED` for one without an EBS root volume
 */
export async function findSource(aws: Aws, source: ResolvedSource, options: CallOptions): Promise<Image> {
  const image = await find(aws, source, options)
  if (image.rootDeviceType !== 'ebs') {
    throw new ImagoError(
      'UNSUPPORTED',
      `${image.id} (${image.name}) has its root on the instance's own disk, and this builder works with EBS volumes`,
    )
  }
  if (image.state === 'available') return image
  throw new ImagoError('IMAGE_NOT_FOUND', `${image.id} (${image.name}) is ${image.state}`)
}

async function find(aws: Aws, source: ResolvedSource, options: CallOptions): Promise<Image> {
  if (typeof source === 'string') return await byId(aws, source, options)
  if ('parameter' in source) return await byId(aws, await parameterValue(aws, source.parameter, options), options)
  return await findByFilter(aws, source, options)
}

async function byId(aws: Aws, id: string, options: CallOptions): Promise<Image> {
  const [image] = await describeImages(aws, { ImageIds: [id], IncludeDeprecated: true }, options)
  if (image !== undefined) return image
  throw new ImagoError('IMAGE_NOT_FOUND', `there is no AMI '${id}' in ${aws.region}, or it is not shared with this account`)
}

/** The id of an AMI that stands in the Parameter Store. */
async function parameterValue(aws: Aws, name: string, options: CallOptions): Promise<string> {
  const { Parameter } = await aws.call('GetParameter', { Name: name, WithDecryption: true }, options).catch((error: unknown) => {
    if (!hasAwsCode(error, ['ParameterNotFound', 'ParameterVersionNotFound'])) throw error
    throw new ImagoError('IMAGE_NOT_FOUND', `the Parameter Store in ${aws.region} has no '${name}'`, { cause: error })
  })
  const value = Parameter?.Value ?? ''
  if (/^ami-[0-9a-f]+$/.test(value)) return value
  throw new ImagoError('IMAGE_NOT_FOUND', `the parameter '${name}' in ${aws.region} holds no AMI: '${value.slice(0, 40)}'`)
}

/** The image that a filter means. */
export async function findByFilter(aws: Aws, filter: AmiFilter, options: CallOptions): Promise<Image> {
  const { owners, name, architecture, filters = {}, mostRecent = true, includeDeprecated = false } = filter
  const all = { ...filters, ...(name !== undefined && { name }), ...(architecture !== undefined && { architecture }) }
  const query = { Owners: [...owners], Filters: filterList(all), IncludeDeprecated: includeDeprecated }
  const images = await describeImages(aws, query, options)
  const [newest, second] = images.toSorted((a, b) => (a.creationDate < b.creationDate ? 1 : -1))
  const what = Object.entries(all)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')
  if (newest === undefined) {
    throw new ImagoError('IMAGE_NOT_FOUND', `no AMI of ${owners.join(', ')} in ${aws.region} has ${what}`, {
      hint: includeDeprecated ? 'look at the filters' : 'look at the filters, or add includeDeprecated: true',
    })
  }
  if (second !== undefined && !mostRecent) {
    throw new ImagoError('IMAGE_NOT_FOUND', `${images.length} AMIs of ${owners.join(', ')} in ${aws.region} have ${what}`, {
      hint: 'narrow the filters, or leave out mostRecent: false to take the newest',
    })
  }
  return newest
}
