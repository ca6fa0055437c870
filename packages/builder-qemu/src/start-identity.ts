import { createHash } from 'node:crypto'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import type { Facts, LookupContext } from '@imago/core'
import { inputDigest, isArtifactReference } from '@imago/core'
import type { MediaSource } from '@imago/hypervisor'
import { digestFile, matchedInputs, mediaInputs } from '@imago/hypervisor'

import { acceleratorOf } from './accelerator-of.ts'
import type { Media } from './fetch-media.ts'
import { machineInputs } from './machine-inputs.ts'
import { needsKeyPair } from './needs-key-pair.ts'
import type { QemuOptions } from './qemu-options.ts'
import { runTool } from './run-tool.ts'
import { systemProgram } from './system-program.ts'

type Looking = Pick<LookupContext, 'directory' | 'cacheDirectory' | 'signal'>

/**
 * What determines a machine when it is reached for the first time: the images that it starts from, by their digests, the files that it is
 * given, and how it is made. With `live`, also what runs it, since its memory is of use to nothing else.
 * @param media where the images are, once they have been fetched
 * @returns `undefined` when an image must be fetched to know
 */
export async function startIdentity(options: QemuOptions, ctx: Looking, media?: Media): Promise<object | undefined> {
  const { iso, disk, extraCds = [], live = false } = options
  const digests = await Promise.all([
    iso === undefined ? 'none' : mediumDigest(iso, media?.iso, ctx),
    disk === undefined ? 'none' : isArtifactReference(disk) ? disk : mediumDigest(disk, media?.disk, ctx),
    ...extraCds.map((cd, index) => mediumDigest(cd, media?.extraCds[index], ctx)),
  ])
  if (digests.includes(undefined)) return undefined
  const inputs = [...machineInputs(options), ...(await matchedInputs(options, ctx.directory))]
  return {
    media: digests,
    files: await Promise.all(inputs.map(async ({ path, at }) => ({ at, digest: await digestOf(path, ctx) }))),
    machine: computable(machineOptions(options)),
    ownKey: needsKeyPair(options),
    ...(live && { live: await runsOn(options, ctx.signal) }),
  }
}

async function digestOf(path: string, { directory, signal }: Looking): Promise<string> {
  return await inputDigest(resolve(directory, path), { signal, linksOut: 'followed' })
}

/** Options that make no difference to what is in the machine are left out. */
function machineOptions(options: QemuOptions): object {
  const { arch, cpus, memory, cpuModel, machineType, firmware, tpm, diskInterface, diskSize, extraDisks } = options
  const { topology, vga, nic, extraNics, kernel, qemuArgs, communicator, http, cd, floppy, cloudInit, boot, live, imgArgs } = options
  const { create, resize } = imgArgs ?? {}
  const disks = create === undefined && resize === undefined ? {} : { imgArgs: { create, resize } }
  const made = { ...disks, arch, cpus, memory, cpuModel, machineType, firmware, tpm, diskInterface, diskSize, extraDisks }
  return { ...made, topology, vga, nic, extraNics, kernel, qemuArgs, communicator, http, cd, floppy, cloudInit, boot, live }
}

/** The digest of an image: that which it must have, or that which it has. */
async function mediumDigest(source: MediaSource, fetched: string | undefined, ctx: Looking): Promise<string | undefined> {
  const { checksum } = source
  if (typeof checksum === 'string' && checksum !== 'none') return checksum.toLowerCase()
  const local = mediaInputs(source, []).find(({ at }) => at[0] === 'url')?.path
  const path = local === undefined ? fetched : resolve(ctx.directory, local)
  return path === undefined ? undefined : `sha256:${await knownDigest(path, ctx)}`
}

/** The digest of a large file, which is read again only when its size or its time has changed. */
async function knownDigest(path: string, { cacheDirectory, signal }: Looking): Promise<string> {
  const name = createHash('sha256').update(path).digest('hex').slice(0, 16)
  const record = join(cacheDirectory, `digest-${name}.json`)
  const { size, mtimeMs, ino } = await stat(path)
  const state = [path, size, mtimeMs, ino].join(' ')
  const known = await readFile(record, 'utf8').then((text) => text.split('\n'), () => []) // prettier-ignore
  if (known[0] === state && known[1] !== undefined) return known[1]
  const { sha256 } = await digestFile(path, signal)
  await mkdir(cacheDirectory, { recursive: true, mode: 0o700 })
  await writeFile(record, `${state}\n${sha256}\n`)
  return sha256
}

/** Functions of the facts, as functions of those that are known beforehand: the build's key and its server stand for themselves. */
function computable(value: unknown): unknown {
  if (typeof value === 'function') {
    const known: Readonly<Record<string, string>> = { sshPublicKey: "<the build's key>", httpUrl: "<the build's server>" }
    return (facts: Facts): unknown =>
      value(new Proxy(facts, { get: (target, name) => (typeof name === 'string' && known[name]) || Reflect.get(target, name) }))
  }
  if (Array.isArray(value)) return value.map(computable)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, computable(member)]))
}

async function runsOn(options: QemuOptions, signal: AbortSignal): Promise<object> {
  const program = systemProgram(options)
  const { stdout } = await runTool([program, '--version'], { signal })
  return { qemu: stdout.split('\n', 1)[0] ?? '', accelerator: (await acceleratorOf(options, signal)).accelerator }
}
