import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import { formatDuration, ImagoError, messageOf, wait } from '@imago/core'

import type { WaitForScreen } from './boot-wait.ts'
import { decodePicture } from './picture.ts'
import type { Screen } from './screen.ts'
import { screenDifference } from './screen-difference.ts'

/** How to wait for a screen. */
export interface AwaitScreenOptions {
  readonly screen: Screen
  readonly directory: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Resolves when the screen looks as in the reference. Looks every 100 ms at first, then every half a second.
 * @throws ImagoError `INPUT_MISSING` when the reference cannot be read, `UNSUPPORTED` when it is no picture, `TIMEOUT` with how much the
 * screen differs
 */
export async function awaitScreen(wanted: WaitForScreen, { screen, directory, timeoutMs, signal }: AwaitScreenOptions): Promise<void> {
  const { tolerance = 1, region } = wanted
  const path = resolve(directory, wanted.reference)
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new ImagoError('INPUT_MISSING', `'${path}' cannot be read: ${messageOf(cause)}`, { cause })
  })
  const reference = await decodePicture(bytes, path)
  const deadline = performance.now() + timeoutMs
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 1.5, 500)) {
    const seen = await decodePicture(await screen.capture(signal), 'the screenshot')
    const difference = screenDifference(seen, reference, region)
    if ('percent' in difference && difference.percent <= tolerance) return
    if (performance.now() > deadline) {
      const how = 'percent' in difference ? `it differs by ${difference.percent.toFixed(1)} %, and ${tolerance} % may` : difference.because
      throw new ImagoError('TIMEOUT', `the screen did not look like '${wanted.reference}' within ${formatDuration(timeoutMs)}; ${how}`, {
        hint: 'compare the picture with a screenshot of now; give a tolerance, a region, or a longer timeout',
      })
    }
    await wait(pauseMs, signal)
  }
}
