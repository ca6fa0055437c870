import type { BuildCacheOptions, CachedStep } from './build-cache.ts'
import type { KeyedStep } from './step-keys.ts'

/** The steps from the first on that one snapshot stands for, which is there. */
export async function longestPrefix(
  steps: readonly KeyedStep[],
  { builder, store, lookup, options }: Pick<BuildCacheOptions, 'builder' | 'store' | 'lookup' | 'options'>,
): Promise<readonly CachedStep[]> {
  const { snapshots } = builder
  if (snapshots === undefined) return []
  const now = Date.now()
  const known = await Promise.all(
    steps.map(async ({ key, ...step }) => ({ ...step, key, record: key === undefined ? undefined : await store.snapshot(key) })),
  )
  const usable: { readonly step: CachedStep; readonly has: () => Promise<boolean> }[] = []
  for (const { ref, key, maxAgeMs, record } of known) {
    if (key === undefined || isNamed(ref, options.from)) break
    const isOld = maxAgeMs !== undefined && (record === undefined || now - Date.parse(record.ranAt) > maxAgeMs)
    if (isOld) break
    const has = async (): Promise<boolean> => record !== undefined && (await snapshots.has(record, lookup))
    usable.push({ step: { ref, ranAt: record?.ranAt ?? '' }, has })
  }
  while (usable.length > 0 && !(await usable.at(-1)?.has())) usable.pop()
  return usable.map(({ step }) => step)
}

/** Whether a step is the one that people mean by its place, name or title. */
export function isNamed(ref: { readonly id: string; readonly title: string }, name: string | undefined): boolean {
  return name !== undefined && (ref.id === name || ref.title === name)
}
