import type { Image } from '@imago/core'
import { defineImage } from '@imago/core'

import { amazonEbs } from '../src/index.ts'
import type { AmazonEbsOptions } from '../src/index.ts'

/** An instance as most tests launch it, which nobody enters. */
export const instance = {
  region: 'us-west-2',
  sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
  instanceType: 't3.small',
  connect: { communicator: 'none' },
  polling: { interval: '50ms' },
} as const satisfies Partial<AmazonEbsOptions>

/** An AMI of such an instance, that is copied to another region. */
export const base = { ...instance, ami: { name: 'cow', regions: ['eu-west-1'] } } as const satisfies AmazonEbsOptions

/** An image of {@link base}, with some options changed. */
export function cowImage(options: Partial<AmazonEbsOptions> = {}): Image {
  return defineImage({ name: 'cow', builders: { aws: amazonEbs({ ...base, ...options }) } })
}
