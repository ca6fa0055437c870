import type { ListedImage } from '@imago/docker-engine'

/** What an image says of its making. */
export interface Origin {
  readonly image: string
  readonly build: string
  readonly runId: string
  /** ISO 8601, UTC. */
  readonly madeAt: string
  /** The name that it was given when it was made; empty when it got none. */
  readonly name: string
  /** How many entries its history has. Images that are made from it inherit its labels, and have more. */
  readonly history: number
}

/** Other labels than those of containers: whatever bears these is an image, and `imago sweep` leaves it alone. */
const prefix = 'imago.artifact.'

/** The labels of an image that a build has made. */
export function originLabels({ image, build, runId, madeAt, name, history }: Origin): Record<string, string> {
  const values = { image, build, run: runId, made: madeAt, name, history: String(history) }
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}${key}`, value]))
}

/** The label of all images that builds of an image have made. */
export function labelOfImage(image: string): Record<string, string> {
  return { [`${prefix}image`]: image }
}

/** What the labels of an image say, when they are whole. They may be those of an image that it was made from. */
export function originOf({ labels }: Pick<ListedImage, 'labels'>): Origin | undefined {
  const [image, build, runId, madeAt, name, history] = ['image', 'build', 'run', 'made', 'name', 'history'].map(
    (key) => labels[prefix + key],
  )
  if (image === undefined || build === undefined || runId === undefined || madeAt === undefined || history === undefined) return undefined
  if (Number.isNaN(Date.parse(madeAt)) || !/^\d+$/.test(history)) return undefined
  return { image, build, runId, madeAt, name: name ?? '', history: Number(history) }
}
