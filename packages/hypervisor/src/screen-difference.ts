import type { ScreenRegion } from './boot-wait.ts'
import type { Picture } from './picture.ts'

/** Pixels whose colours are nearer than this, of 255, are the same: pictures that were scaled or compressed on the way. */
const colourTolerance = 24

/** How much two pictures differ, or why they cannot be compared. */
export type ScreenDifference = { readonly percent: number } | { readonly because: string }

/** How many percent of the pixels differ, in all of the screen or a region of it. */
export function screenDifference(seen: Picture, reference: Picture, region?: ScreenRegion): ScreenDifference {
  if (seen.width !== reference.width || seen.height !== reference.height) {
    return { because: `the screen has ${sizeOf(seen)} pixels, and the picture ${sizeOf(reference)}` }
  }
  const { x, y, width, height } = region ?? { x: 0, y: 0, width: seen.width, height: seen.height }
  if (x + width > seen.width || y + height > seen.height) {
    return { because: `the region ends at ${x + width}x${y + height}, outside of the screen, which has ${sizeOf(seen)} pixels` }
  }
  let different = 0
  for (let row = y; row < y + height; row++) {
    for (let column = x; column < x + width; column++) {
      if (differs(seen, reference, (row * seen.width + column) * 3)) different++
    }
  }
  return { percent: (100 * different) / (width * height) }
}

function differs(a: Picture, b: Picture, at: number): boolean {
  for (let colour = at; colour < at + 3; colour++) {
    if (Math.abs((a.rgb[colour] ?? 0) - (b.rgb[colour] ?? 0)) > colourTolerance) return true
  }
  return false
}

function sizeOf({ width, height }: Picture): string {
  return `${width}x${height}`
}
