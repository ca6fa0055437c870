import type { JournalEntry } from '@imago/ec2-emulator'

/** What these calls create bears tags from the first moment on. */
const tagged = [
  'CopyImage',
  'CreateFleet',
  'CreateImage',
  'CreateInstanceProfile',
  'CreateLaunchTemplate',
  'CreateMultipartUpload',
  'CreateRole',
  'CreateSecurityGroup',
  'CreateSnapshot',
  'ImportImage',
  'ImportKeyPair',
  'PutObject',
  'RegisterImage',
  'RunInstances',
]

/** Calls that create something, which AWS has not refused. */
export function creations(calls: readonly JournalEntry[]): readonly JournalEntry[] {
  return calls.filter(
    ({ operation, input, outcome }) =>
      (tagged.includes(operation) || operation === 'StartSession') && input['DryRun'] !== true && outcome.type !== 'refused',
  )
}

/** Calls that create something which cannot be found by its tags. */
export function untagged(calls: readonly JournalEntry[]): readonly string[] {
  return creations(calls)
    .filter(({ operation, input }) => tagged.includes(operation) && !JSON.stringify(tagsOf(input)).includes('imago.run'))
    .map(({ operation }) => `${operation} without tags`)
}

function tagsOf({ TagSpecifications, Tags, Tagging }: JournalEntry['input']): unknown {
  return [TagSpecifications, Tags, Tagging]
}
