import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { AcceleratorChoice } from './accelerator.ts'
import { chooseAccelerator } from './accelerator.ts'
import type { QemuOptions } from './qemu-options.ts'
import { systemProgram } from './system-program.ts'

/** What runs a machine with these options, and what speaks against a faster accelerator. */
export async function acceleratorOf(
  options: Pick<QemuOptions, 'accelerator' | 'arch' | 'programs'>,
  signal: AbortSignal,
): Promise<AcceleratorChoice> {
  const { accelerator = 'auto', arch = 'x86_64' } = options
  if (accelerator !== 'auto') return { accelerator }
  const directory = await mkdtemp(join(tmpdir(), 'imago-probe-'))
  try {
    return await chooseAccelerator({ program: systemProgram(options), arch, directory, signal })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
