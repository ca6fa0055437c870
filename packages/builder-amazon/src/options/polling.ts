import type { Duration } from '@imago/core'
import { milliseconds, optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { Pace } from '../aws/poll.ts'

/** How to wait for AWS. Packer: `aws_polling`. */
export interface PollingOptions {
  /** The longest pause between two looks; the first ones are shorter. Packer: `delay_seconds`. @default '3s' */
  readonly interval?: Duration
  /** How long instances, volumes and groups may take. Packer: `max_attempts`, times the delay. @default '10m' */
  readonly timeout?: Duration
  /** How long images, their copies and snapshots may take. Packer: `max_attempts`, times the delay. @default '2h' */
  readonly imageTimeout?: Duration
}

/** {@link PollingOptions} in milliseconds. */
export interface Polling {
  readonly pace: Pace
  readonly timeoutMs: number
  readonly imageTimeoutMs: number
}

/** The first look again comes after so many milliseconds. */
const firstMs = 100

/** The options with their defaults. */
export function pollingOf({ interval = '3s', timeout = '10m', imageTimeout = '2h' }: PollingOptions = {}): Polling {
  const lastMs = Math.max(milliseconds(interval), 1)
  return {
    pace: { firstMs: Math.min(firstMs, lastMs), lastMs },
    timeoutMs: milliseconds(timeout),
    imageTimeoutMs: milliseconds(imageTimeout),
  }
}

/** The schema of {@link PollingOptions}. */
export const pollingSchema: v.GenericSchema = v.strictObject({
  interval: v.optional(optionSchema.duration),
  timeout: v.optional(optionSchema.duration),
  imageTimeout: v.optional(optionSchema.duration),
})
