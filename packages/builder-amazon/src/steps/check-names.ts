import type { Issue } from '@imago/core'
import { formatPath, ImagoError } from '@imago/core'

import type { Aws, CallOptions } from '../aws/aws.ts'
import { ownImageNamed } from '../aws/images.ts'
import type { AmiOptions } from '../options/ami.ts'
import { copyRegions } from '../options/ami.ts'
import { regionIssues } from '../options/region.ts'

/** Whether the regions exist that an image is to be in. */
export async function unknownRegions(aws: Aws, ami: AmiOptions, options: CallOptions): Promise<readonly Issue[]> {
  if (ami.skipRegionCheck === true) return []
  const { Regions = [] } = await aws.call('DescribeRegions', {}, options)
  const existing = Regions.map(({ RegionName = '' }) => RegionName)
  const copies = [...copyRegions(ami, aws.region).keys()].map((region) => ({ region, path: ['ami', 'regions'] }))
  return regionIssues([{ region: aws.region, path: ['region'] }, ...copies], existing)
}

/** Whether images have the name already, in the regions where the new one will have it. */
export async function takenNames(aws: Aws, ami: AmiOptions, name: string, options: CallOptions): Promise<readonly Issue[]> {
  if (ami.forceDeregister === true) return []
  const regions = [...(ami.skipBuildRegion === true ? [] : [aws.region]), ...copyRegions(ami, aws.region).keys()]
  const found = await Promise.all(regions.map(async (region) => ownImageNamed(aws.in(region), name, options)))
  return found.flatMap((image, index) =>
    image === undefined
      ? []
      : [
          {
            path: ['ami', 'name'],
            message: `there is an image '${name}' in ${regions[index] ?? ''} already: ${image.id}`,
            hint: "take another name, such as 'cow-{timestamp}', or forceDeregister: true",
          },
        ],
  )
}

/**
 * What AWS would refuse later is refused now, before anything exists.
 * @throws ImagoError `DEFINITION_INVALID`
 */
export async function checkNames(aws: Aws, ami: AmiOptions, name: string, options: CallOptions): Promise<void> {
  const regions = await unknownRegions(aws, ami, options)
  const issues = regions.length > 0 ? regions : await takenNames(aws, ami, name, options)
  const [first] = issues
  if (first === undefined) return
  throw new ImagoError('DEFINITION_INVALID', issues.map(({ path, message }) => `${formatPath(path)}: ${message}`).join('; '), {
    issues,
    ...(first.hint !== undefined && { hint: first.hint }),
  })
}
