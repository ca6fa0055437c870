import type { JournalEntry } from '@imago/ec2-emulator'
import { expect } from 'vitest'

/** Requests of an operation, those that only ask apart. */
export function requests(calls: readonly JournalEntry[], operation: string): readonly object[] {
  return calls.filter((call) => call.operation === operation && call.input['DryRun'] !== true).map(({ input }) => input)
}

/** Matches tag specifications that give things of a type a tag with this key. */
export const tagged = (type: string, key: string): unknown =>
  expect.arrayContaining([
    expect.objectContaining({ ResourceType: type, Tags: expect.arrayContaining([expect.objectContaining({ Key: key })]) }),
  ])
