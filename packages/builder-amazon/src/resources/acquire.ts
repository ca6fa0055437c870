import type { ComponentContext, Resource } from '@imago/core'
import { isImagoError } from '@imago/core'

import type { Aws, AwsReference } from '../aws/aws.ts'
import { awsCode, isPassing } from '../aws/aws-error.ts'
import type { KindName } from './resource-kinds.ts'
import { resourceKind } from './resource-kinds.ts'

/** What to create. */
export interface Creation<T> {
  readonly kind: KindName
  /** Derived from the run. */
  readonly name: string
  create(signal: AbortSignal): Promise<T>
  id(value: T): string
}

/** Creates something at AWS that goes when the build ends. */
export async function acquire<T>(aws: Aws, ctx: Pick<ComponentContext, 'resources'>, creation: Creation<T>): Promise<Resource<T>> {
  const kind = resourceKind(creation.kind, ({ region }) => Promise.resolve(aws.in(region)))
  let wasRefused = false
  return await ctx.resources.acquire<T, AwsReference>({
    name: creation.name,
    data: aws.reference,
    id: (value) => creation.id(value),
    // what AWS has refused to create need not be looked for
    kind: { ...kind, destroy: async (record, signal) => (wasRefused ? undefined : kind.destroy(record, signal)) },
    create: async (signal) => {
      try {
        return await creation.create(signal)
      } catch (error) {
        wasRefused = isRefusal(error)
        throw error
      }
    },
  })
}

/** Whether AWS has answered, and said no. */
function isRefusal(error: unknown): boolean {
  if (isImagoError(error, 'CANCELLED') || isImagoError(error, 'TIMEOUT') || isPassing(error)) return false
  return awsCode(error) !== undefined || isImagoError(error, 'PROVIDER_UNAVAILABLE') // that there is no capacity is an answer, too
}
