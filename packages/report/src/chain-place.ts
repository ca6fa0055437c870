import type { StepRef } from '@imago/core'

/** Where a post-processor stands: which chain, and where in it. */
export interface ChainPlace {
  readonly chain: number
  readonly index: number
}

/** The place of a post-processor, which its id tells; of another step `undefined`. */
export function chainPlace({ id }: StepRef): ChainPlace | undefined {
  const match = /^postProcessors\[(\d+)\]\[(\d+)\]$/.exec(id)
  return match === null ? undefined : { chain: Number(match[1]), index: Number(match[2]) }
}

/** Compares steps so that those of one chain are together and in order, after all others. */
export function byChain(a: StepRef, b: StepRef): number {
  const [x, y] = [chainPlace(a), chainPlace(b)]
  if (x === undefined || y === undefined) return Number(x !== undefined) - Number(y !== undefined)
  return x.chain - y.chain || x.index - y.index
}
