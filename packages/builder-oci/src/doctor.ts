import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { DoctorCheck } from '@imago/core'

import { findProgram } from './host/programs.ts'
import { openRoot } from './root/open-root.ts'
import type { RootLimit } from './root/root.ts'
import { removeRoot } from './root/root-resource.ts'

/** Says whether this machine can build OCI images by itself, and how well: it sets up an empty root, and removes it. */
export async function doctor(signal: AbortSignal): Promise<readonly DoctorCheck[]> {
  const limits = await limitsOf(signal)
  return [
    check('OCI images: commands', 'run in namespaces of their own', limits, 'commands'),
    check('OCI images: users', 'files can belong to anybody', limits, 'users'),
    check('OCI images: layers', 'by overlay', limits, 'overlay'),
    await checkDebootstrap(limits),
  ]
}

async function checkDebootstrap(limits: readonly RootLimit[]): Promise<DoctorCheck> {
  const name = 'debootstrap'
  const program = await findProgram(name)
  if (program === undefined) {
    return { name, status: 'missing', detail: 'there is no such program', hint: "install 'debootstrap' to start from Debian packages" }
  }
  const isAlone = limits.some(({ what }) => what !== 'overlay')
  return isAlone ? { name, status: 'limited', detail: `${program} needs commands and users` } : { name, status: 'ok', detail: program }
}

async function limitsOf(signal: AbortSignal): Promise<readonly RootLimit[]> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-doctor-'))
  try {
    const directory = join(folder, 'root')
    await mkdir(directory, { mode: 0o700 })
    await using root = await openRoot(directory, signal)
    const machine = await root.start({ env: {}, cwd: '/' }, signal)
    await machine.stop(signal)
    return machine.limits
  } finally {
    await removeRoot(folder, signal).catch(() => rm(folder, { recursive: true, force: true }))
  }
}

function check(name: string, works: string, limits: readonly RootLimit[], what: RootLimit['what']): DoctorCheck {
  const limit = limits.find((each) => each.what === what)
  if (limit === undefined) return { name, status: 'ok', detail: works }
  return { name, status: 'limited', detail: limit.text, ...(limit.hint !== undefined && { hint: limit.hint }) }
}
