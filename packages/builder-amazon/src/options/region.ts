import type { Issue } from '@imago/core'
import { didYouMean } from '@imago/core'
import * as v from 'valibot'

/** For hints, and to know where to ask: AWS opens new ones, and says at the beginning of a build which there are. */
const knownRegions = (
  'us-east-1 us-east-2 us-west-1 us-west-2 us-gov-east-1 us-gov-west-1 ca-central-1 ca-west-1 mx-central-1 sa-east-1 eu-west-1 eu-west-2 ' +
  'eu-west-3 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 ap-east-1 ap-east-2 ap-south-1 ap-south-2 ap-northeast-1 ' +
  'ap-northeast-2 ap-northeast-3 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ' +
  'ap-southeast-7 me-south-1 me-central-1 il-central-1 af-south-1 cn-north-1 cn-northwest-1'
).split(' ')

/** A name that has the form of a region's. Whether there is one, AWS says. */
export const region: v.GenericSchema<string> = v.pipe(
  v.string(),
  v.regex(/^[a-z]{2,4}(-[a-z]+)+-\d+$/, "must be a region such as 'eu-west-1'"),
)

/** Whether a name is that of a region that was there when this was written. */
export function isKnownRegion(name: string): boolean {
  return knownRegions.includes(name)
}

/** Where to ask which regions there are: not in one that may not exist, for its address would not either. */
export function homeRegion(name: string): string {
  if (isKnownRegion(name)) return name
  if (name.startsWith('us-gov-')) return 'us-gov-west-1'
  if (name.startsWith('cn-')) return 'cn-north-1'
  // the secret and the sovereign regions are not known elsewhere
  return /^[a-z]{2}-(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-\d+$/.test(name) ? 'us-east-1' : name
}

/** Whether AWS has these regions. `places` are where the options name them. */
export function regionIssues(
  wanted: readonly { readonly region: string; readonly path: Issue['path'] }[],
  existing: readonly string[],
): readonly Issue[] {
  return wanted
    .filter((each) => !existing.includes(each.region))
    .map((each) => ({ path: each.path, message: `the account has no region '${each.region}'`, ...nearest(each.region, existing) }))
}

function nearest(name: string, existing: readonly string[]): { readonly hint: string } {
  if (isKnownRegion(name)) return { hint: 'the region must be enabled in the account first' }
  const close = didYouMean(name, existing) ?? didYouMean(name, knownRegions)
  if (close === undefined) return { hint: `it has ${existing.join(', ')}` }
  return { hint: existing.includes(close) ? `did you mean '${close}'?` : 'the region must be enabled in the account first' }
}
