/** More lines than these on both sides are not compared one by one. */
const maxLines = 500

/** How much two texts have in common, from 0 to 1: the share of letter pairs (Sørensen–Dice). */
export function similarity(a: string, b: string): number {
  if (a === b) return 1
  const left = pairs(a)
  const right = pairs(b)
  let common = 0
  for (const [pair, count] of left.counts) common += Math.min(count, right.counts.get(pair) ?? 0)
  return left.size + right.size === 0 ? 0 : (2 * common) / (left.size + right.size)
}

/** The one of the candidates with the highest score, the first of equals. */
export function closest<T>(candidates: readonly T[], score: (candidate: T) => number): T | undefined {
  let best: { readonly candidate: T; readonly score: number } | undefined
  for (const candidate of candidates) {
    const value = score(candidate)
    if (best === undefined || value > best.score) best = { candidate, score: value }
  }
  return best?.candidate
}

/** What was expected (`-`) and what was there (`+`), line by line, with what both have. */
export function lineDiff(expected: string, actual: string): string {
  const [a, b] = [expected.split('\n'), actual.split('\n')]
  if (a.length > maxLines || b.length > maxLines) return [`- ${a.length} lines`, `+ ${b.length} other lines`].join('\n')
  const common = commonLengths(a, b)
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`  ${a[i]}`)
      i++
      j++
    } else if (i < a.length && (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0)) lines.push(`- ${a[i++]}`)
    else if (j < b.length) lines.push(`+ ${b[j++]}`)
    else lines.push(`- ${a[i++]}`)
  }
  return lines.join('\n')
}

/** The literal words of a regular expression, to look for something like it. */
export function literalText(pattern: RegExp): string {
  return pattern.source
    .replaceAll(/\\[bBdDsSwW]/g, ' ')
    .replaceAll(/\\(.)/g, '$1')
    .replaceAll(/[\^$*+?()[\]{}|]/g, ' ')
}

/** For each pair of positions, how long the longest common rest of two lists is. */
function commonLengths(a: readonly string[], b: readonly string[]): readonly (readonly number[])[] {
  const table = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0))
  for (let i = a.length - 1; i >= 0; i--) {
    const [row, below] = [table[i], table[i + 1]]
    if (row === undefined || below === undefined) continue
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] = a[i] === b[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0)
    }
  }
  return table
}

function pairs(text: string): { readonly counts: ReadonlyMap<string, number>; readonly size: number } {
  const counts = new Map<string, number>()
  const padded = ` ${text.toLowerCase().replaceAll(/\s+/g, ' ').trim()} `
  for (let at = 0; at < padded.length - 1; at++) {
    const pair = padded.slice(at, at + 2)
    counts.set(pair, (counts.get(pair) ?? 0) + 1)
  }
  return { counts, size: padded.length - 1 }
}
