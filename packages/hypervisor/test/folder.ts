import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { onTestFinished } from 'vitest'

/** A folder that is removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'imago-hypervisor-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** A signal that is never aborted. */
export const patient: AbortSignal = new AbortController().signal
