import type { Issue } from '@imago/core'

import type { Aws, CallOptions } from '../aws/aws.ts'
import { ownImageNamed } from '../aws/images.ts'
import type { AmiOptions } from '../options/ami.ts'
import { copyRegions } from '../options/ami.ts'
import { homeRegion, isKnownRegion, regionIssues } from '../options/region.ts'

/** Whether the regions exist that a build works in. Its own is asked for only when it is not known to exist, or others are. */
export async function unknownRegions(
  aws: Aws,
  ami: Pick<AmiOptions, 'regions' | 'skipRegionCheck'> | false,
  options: CallOptions,
): Promise<readonly Issue[]> {
  const copies = ami === false ? [] : [...copyRegions(ami, aws.region).keys()]
  const skips = ami === false ? isKnownRegion(aws.region) : ami.skipRegionCheck === true
  if (skips) return []
  const { Regions = [] } = await aws.in(homeRegion(aws.region)).call('DescribeRegions', {}, options)
  const existing = Regions.map(({ RegionName = '' }) => RegionName)
  const wanted = copies.map((region) => ({ region, path: ['ami', 'regions'] }))
  return regionIssues([{ region: aws.region, path: ['region'] }, ...wanted], existing)
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
