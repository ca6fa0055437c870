import type { Issue, PreflightContext } from '@imago/core'

import { whyNotHere } from './from/needs-linux.ts'
import { findProgram } from './host/programs.ts'
import type { OciOptions } from './oci-options.ts'

/** Looks for what the source needs of this machine: Linux, and programs. */
export async function preflight({ from }: OciOptions, _ctx: PreflightContext): Promise<readonly Issue[]> {
  const reason = whyNotHere(from.kind)
  if (reason !== undefined) return [{ path: ['from'], message: reason.message, ...(reason.hint !== undefined && { hint: reason.hint }) }]
  if (from.kind === 'host-binaries') {
    const issues = await Promise.all(from.commands.map((name, index) => programIssues(name, ['from', 'commands', index])))
    return issues.flat()
  }
  return from.kind === 'debootstrap' ? await programIssues('debootstrap', ['from']) : []
}

async function programIssues(name: string, path: Issue['path']): Promise<Issue[]> {
  if ((await findProgram(name)) !== undefined) return []
  return [{ path, message: `this machine has no program '${name}'`, hint: 'install it, or check the name and PATH' }]
}
