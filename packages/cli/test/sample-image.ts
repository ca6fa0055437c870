import type { Builder, Image, Provisioner } from '@imago/core'
import { defineImage } from '@imago/core'

/** A builder that makes nothing. */
const builder: Builder = {
  kind: 'builder',
  type: 'fake',
  options: {},
  makes: { type: 'fake', files: false },
  build: () => Promise.resolve({ type: 'fake', id: 'nothing' }),
}

/** A provisioner that does nothing. */
const provisioner: Provisioner<string> = {
  kind: 'provisioner',
  type: 'shell',
  title: 'apt-get update',
  options: {},
  provision: () => Promise.resolve(),
}

/** An image with builds of these names. */
export function sampleImage(name = 'hello', builds: readonly string[] = ['docker']): Image {
  return defineImage({ name, builders: Object.fromEntries(builds.map((build) => [build, builder])), provisioners: [provisioner] })
}
