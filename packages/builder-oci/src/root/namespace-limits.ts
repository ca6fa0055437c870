import { readFile } from 'node:fs/promises'

import { ImagoError, messageOf } from '@imago/core'

/** A setting of the system that forbids user namespaces, and what to do about it. */
interface NamespaceLimit {
  readonly path: string
  readonly forbids: (value: string) => boolean
  readonly hint: string
}

const limits: readonly NamespaceLimit[] = [
  {
    path: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    forbids: (value) => value === '1',
    hint: "AppArmor keeps user namespaces from users: allow them with 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0'",
  },
  {
    path: '/proc/sys/kernel/unprivileged_userns_clone',
    forbids: (value) => value === '0',
    hint: "the kernel keeps user namespaces from users: allow them with 'sudo sysctl kernel.unprivileged_userns_clone=1'",
  },
  {
    path: '/proc/sys/user/max_user_namespaces',
    forbids: (value) => value === '0',
    hint: "no user namespaces are allowed: allow some with 'sudo sysctl user.max_user_namespaces=10000'",
  },
]

const containerHint =
  "inside a container, its engine must allow them: 'docker run --privileged', or with '--security-opt' seccomp=unconfined, " +
  'apparmor=unconfined and systempaths=unconfined'

/** What probably keeps this process from making user namespaces, as a hint; `undefined` when nothing is known to. */
export async function namespaceHint(): Promise<string | undefined> {
  const isRoot = process.getuid?.() === 0
  for (const { path, forbids, hint } of limits) {
    const value = await readFile(path, 'utf8').catch(() => undefined)
    if (value !== undefined && forbids(value.trim()) && !(isRoot && path.includes('unprivileged'))) return hint
  }
  return (await isContainer()) ? containerHint : undefined
}

async function isContainer(): Promise<boolean> {
  const marks = await Promise.all(['/.dockerenv', '/run/.containerenv'].map((path) => readFile(path).then(Boolean, () => false)))
  return marks.includes(true)
}

/** Why commands cannot run in a root, as the error of each attempt to run one. */
export async function explainNamespaces(cause: unknown): Promise<ImagoError> {
  const hint = await namespaceHint()
  return new ImagoError('UNSUPPORTED', `commands cannot run in a root of their own here: ${messageOf(cause)}`, {
    cause,
    hint: hint ?? "'imago doctor' says what is missing; images from 'file' steps alone can be built all the same",
  })
}
