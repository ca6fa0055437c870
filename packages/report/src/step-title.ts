import type { StepRef } from '@imago/core'

import { singleLine } from './output-text.ts'

/** A step as reports call it: `shell: apt-get update`, or the builder's own words for what it does. */
export function stepTitle({ kind, type, title }: StepRef): string {
  const text = singleLine(title)
  return kind === 'builder' || text === type || text === '' ? text || type : `${type}: ${text}`
}
