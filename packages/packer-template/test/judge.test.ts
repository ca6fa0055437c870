import { describe, expect, test } from 'vitest'

import { breaks } from './broken-variants.ts'
import type { JudgedSample } from './judged-sample.ts'
import { judgedSample, ourVerdict, theirVerdict } from './judged-sample.ts'
import { withoutPacker } from './packer.ts'
import type { Sample } from './samples.ts'
import { samples, withoutSamples } from './samples.ts'

const without = withoutSamples === '' ? withoutPacker : withoutSamples

/** What Packer accepts and we do not, and why. */
const stricter: Readonly<Record<string, RegExp>> = {
  // There is no communicator for Windows yet.
  StefanScherer__packer: /communicator/,
  rgl__windows: /communicator/,
}

/** Does something for each, a few at a time. */
async function each<T, R>(items: readonly T[], act: (item: T, index: number) => Promise<R>): Promise<readonly R[]> {
  const queue = [...items.entries()]
  const results: R[] = []
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await act(next[1], next[0])
  }
  await Promise.all([worker(), worker(), worker()])
  return results
}

interface Judged {
  readonly sample: Sample
  readonly judged: JudgedSample | undefined
  readonly theirs: 'accepted' | 'refused' | 'none'
  readonly refused: string | undefined
}

async function judge(sample: Sample): Promise<Judged> {
  const judged = await judgedSample(sample)
  if (judged === undefined) return { sample, judged, theirs: 'none', refused: undefined }
  const { verdict } = await theirVerdict(judged, judged.template)
  return { sample, judged, theirs: verdict, refused: await ourVerdict(judged, judged.template) }
}

describe(`Packer 1.6.6 is the judge${without}`, () => {
  test('of every sample, and of variants of those that it accepts that are broken', { timeout: 240_000 }, async ({ skip }) => {
    skip(without !== '')
    const all = await each(samples(), judge)
    const accepted = all.filter(({ theirs }) => theirs === 'accepted')
    const isExcepted = ({ sample, refused }: Judged): boolean =>
      Object.entries(stricter).some(([name, why]) => sample.name.startsWith(name) && why.test(refused ?? ''))
    const wrong = accepted.filter((judged) => judged.refused !== undefined && !isExcepted(judged))
    const unlike = wrong.map(({ sample, refused }) => `${sample.name}: ${refused}`)
    const count = (verdict: Judged['theirs']): number => all.filter(({ theirs }) => theirs === verdict).length
    process.stdout.write(
      `\n${all.length} samples: Packer 1.6.6 accepts ${accepted.length}, refuses ${count('refused')}, cannot tell of ${count('none')}; ` +
        `of what it accepts, we refuse ${accepted.filter(isExcepted).length} on purpose, and ${wrong.length} otherwise\n`,
    )
    expect(unlike).toEqual([])
    expect(accepted.length).toBeGreaterThanOrEqual(54)

    const names = Object.keys(breaks)
    const ours = accepted.filter(({ refused }) => refused === undefined)
    // Each sample in two ways, all ways in turn.
    const variants = ours.flatMap(({ judged }, index) =>
      [2 * index, 2 * index + 1].map((at) => ({ judged, name: names[at % names.length] ?? '' })),
    )
    const outcomes = await each(variants, async ({ judged, name }, index) => {
      const template = judged === undefined ? undefined : breaks[name]?.(judged.template, judged.only[0] ?? '')
      if (judged === undefined || template === undefined) return { name, theirs: 'none', refused: undefined } as const
      const { verdict, said } = await theirVerdict(judged, template, `broken-${index}.json`)
      return { name, theirs: verdict, refused: await ourVerdict(judged, template), said, sample: judged.name }
    })
    const broken = outcomes.filter(({ theirs }) => theirs === 'refused')
    const kinds = new Set(broken.map(({ name }) => name))
    process.stdout.write(
      `${outcomes.length} broken variants, in ${names.length} ways: Packer refuses ${broken.length}, in ${kinds.size} ways, ` +
        `and we refuse ${broken.filter(({ refused }) => refused !== undefined).length} of these\n`,
    )
    expect(broken.filter(({ refused }) => refused === undefined)).toEqual([])
    expect(kinds.size).toBeGreaterThanOrEqual(names.length - 3)
    expect(broken.length).toBeGreaterThanOrEqual(80)
  })
})
