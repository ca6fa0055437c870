import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

import { ImagoError } from '@imago/core'
import type { Engine } from '@imago/docker-engine'
import { packEntries } from '@imago/tar'

import { guestFolder } from '../guest-folder.ts'

/** The repository of guest images in the engine's store. */
const repository = 'imago-ec2-guest'

const files = ['Dockerfile', 'init', 'power', 'cloud-init'] as const

/** The main process of a guest. */
export const guestInit = '/usr/lib/ec2-guest/init'

/**
 * The image that seeded images boot: a base image with an SSH server and a small cloud-init. It is built once, and stays in the engine's
 * store.
 * @returns its id
 * @throws ImagoError `IMAGE_NOT_FOUND` when there is no such base image here and none in its registry; `PROVIDER_FAILED` when it cannot be built
 */
export async function guestImage(engine: Engine, base: string): Promise<string> {
  const found = (await engine.images.inspect(base)) ?? (await pulled(engine, base))
  const contents = await Promise.all(files.map((name) => readFile(new URL(name, guestFolder))))
  const digest = createHash('sha256').update(found.id)
  for (const content of contents) digest.update(content)
  const tag = digest.digest('hex').slice(0, 16)
  const built = await engine.images.inspect(`${repository}:${tag}`)
  if (built !== undefined) return built.id
  const entries = files.map((name, index) => {
    const content = contents[index] ?? Buffer.alloc(0)
    return {
      type: 'file',
      name,
      mode: name === 'Dockerfile' ? 0o644 : 0o755,
      uid: 0,
      gid: 0,
      mtime: 0,
      size: content.length,
      content,
    } as const
  })
  const id = await engine.images.build({ context: packEntries(entries), args: { BASE: base } })
  await engine.images.tag(id, { repository, tag })
  return id
}

async function pulled(engine: Engine, base: string): Promise<{ readonly id: string }> {
  await engine.images.pull(base)
  const found = await engine.images.inspect(base)
  if (found === undefined) throw new ImagoError('IMAGE_NOT_FOUND', `the guests' base image '${base}' is not there`)
  return found
}
