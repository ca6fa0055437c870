import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { ProvisionContext } from '@imago/core'
import { ImagoError } from '@imago/core'

import { parseApkInstalled } from './apk-installed.ts'
import { parseDpkgStatus } from './dpkg-status.ts'
import type { InstalledPackage, Inventory } from './installed-package.ts'
import { parseOsRelease } from './os-release.ts'
import { parseRpmQuery, rpmQuery } from './rpm-query.ts'

type Context = Pick<ProvisionContext, 'machine' | 'signal' | 'workDirectory'>

const osReleasePaths = ['/etc/os-release', '/usr/lib/os-release']
const dpkgStatus = '/var/lib/dpkg/status'
/** One file a package, in images that have no dpkg. */
const dpkgStatusFolder = '/var/lib/dpkg/status.d'
const apkInstalled = ['/lib/apk/db/installed', '/usr/lib/apk/db/installed']
const rpmFolders = ['/var/lib/rpm', '/usr/lib/sysimage/rpm']

/**
 * Looks at what a machine's package managers have installed. Files are read as they are, so that neither a shell nor dpkg or apk need be
 * there; rpm answers for itself.
 * @throws ImagoError `UNSUPPORTED` when none of them has been used, `TOOL_MISSING` when there are packages of rpm, and no rpm.
 */
export async function takeInventory(ctx: Context): Promise<Inventory> {
  const release = await firstFile(ctx, osReleasePaths)
  const packages = [...(await debPackages(ctx)), ...(await apkPackages(ctx)), ...(await rpmPackages(ctx))]
  if (packages.length === 0) {
    throw new ImagoError('UNSUPPORTED', 'the machine has no packages of dpkg, rpm or apk', {
      hint: 'list what you put there by hand, or leave the step out with except',
    })
  }
  return { system: parseOsRelease(release ?? ''), packages: packages.toSorted(byName) }
}

async function debPackages(ctx: Context): Promise<InstalledPackage[]> {
  const status = await firstFile(ctx, [dpkgStatus])
  const own = await ctx.machine.stat(dpkgStatusFolder, { signal: ctx.signal })
  if (own?.kind !== 'directory') return parseDpkgStatus(status ?? '')
  const folder = join(ctx.workDirectory, 'dpkg-status.d')
  await ctx.machine.download(dpkgStatusFolder, folder, { signal: ctx.signal })
  const names = (await readdir(folder)).filter((name) => !name.endsWith('.md5sums'))
  const pieces = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return [status ?? '', ...pieces].flatMap(parseDpkgStatus)
}

async function apkPackages(ctx: Context): Promise<InstalledPackage[]> {
  return parseApkInstalled((await firstFile(ctx, apkInstalled)) ?? '')
}

async function rpmPackages({ machine, signal }: Context): Promise<InstalledPackage[]> {
  const found = await Promise.all(rpmFolders.map((path) => machine.stat(path, { signal })))
  if (!found.some((entry) => entry?.kind === 'directory')) return []
  const output = { stdout: '', stderr: '' }
  const decoder = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  const { exitCode } = await machine.exec(rpmQuery, {
    signal,
    onOutput: (stream, chunk) => void (output[stream] += decoder[stream].decode(chunk, { stream: true })),
  })
  if (exitCode === 126 || exitCode === 127) {
    throw new ImagoError('TOOL_MISSING', "the machine has packages of rpm, and no 'rpm' to ask for them", {
      hint: 'take the step before rpm is removed',
    })
  }
  if (exitCode !== 0)
    throw new ImagoError('COMMAND_FAILED', `rpm -qa failed with exit code ${exitCode}: ${output.stderr.trim()}`, { exitCode })
  return parseRpmQuery(output.stdout)
}

/** The text of the first of these files that is there. */
async function firstFile({ machine, signal, workDirectory }: Context, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if ((await machine.stat(path, { signal }))?.kind !== 'file') continue
    const copy = join(workDirectory, path.replaceAll('/', '_'))
    await machine.download(path, copy, { signal })
    return await readFile(copy, 'utf8')
  }
  return undefined
}

function byName(a: InstalledPackage, b: InstalledPackage): number {
  const [first, second] = [a, b].map(({ type, name, version, architecture }) => [type, name, version, architecture].join('\0'))
  if (first === undefined || second === undefined || first === second) return 0
  return first < second ? -1 : 1
}
