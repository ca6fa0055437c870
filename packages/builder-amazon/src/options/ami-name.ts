import type { Facts, FromFacts, Issue } from '@imago/core'
import { formatPath, ImagoError, nameHint, optionSchema, resolveFacts } from '@imago/core'
import * as v from 'valibot'

/** What a name may hold in braces, and what becomes of it. */
const placeholders = {
  /** Seconds since 1970, of the beginning of the build. */
  timestamp: ({ now }: NameContext) => String(Math.floor(now.getTime() / 1000)),
  /** `20261122`, in UTC. */
  date: ({ now }: NameContext) => now.toISOString().slice(0, 10).replaceAll('-', ''),
  /** `20261122T101500Z`, in UTC. */
  datetime: ({ now }: NameContext) => `${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`,
  run: ({ facts }: NameContext) => facts.runId,
  image: ({ facts }: NameContext) => facts.image,
  build: ({ facts }: NameContext) => facts.buildName,
} as const

interface NameContext {
  readonly now: Date
  readonly facts: Facts
}

type Placeholder = keyof typeof placeholders

const pattern = /\{([^{}]*)\}/g

/** What is wrong with a name: AWS takes 3 to 128 letters, digits and `()[] ./-'@_`. */
function problemOf(name: string): string | undefined {
  const strange = /[^\w()[\] ./'@-]/u.exec(name)?.[0]
  if (strange !== undefined) return `must hold letters, digits and ()[] ./-'@_ only, and '${strange}' is none of them`
  return name.length >= 3 && name.length <= 128 ? undefined : 'must be 3 to 128 characters'
}

/** The schema of an AMI's name. */
export const amiNameSchema: v.GenericSchema = optionSchema.fromFacts<string>(
  v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      const unknown = [...dataset.value.matchAll(pattern)].map(([, word = '']) => word).find((word) => !isPlaceholder(word))
      if (unknown !== undefined) {
        addIssue({ message: `'{${unknown}}' stands for nothing (${nameHint(unknown, Object.keys(placeholders))})` })
        return
      }
      const sample = dataset.value.replaceAll(pattern, (whole, word: string) => (word === 'datetime' ? '20261122T101500Z' : 'x'.repeat(8)))
      const problem = problemOf(sample)
      if (problem !== undefined) addIssue({ message: problem })
    }),
  ),
)

/**
 * The name of the AMI of one build.
 * @throws ImagoError `DEFINITION_INVALID` when the facts make it one that AWS would refuse
 */
export function amiName(option: FromFacts<string>, context: NameContext): string {
  const name = resolveFacts(option, context.facts).replaceAll(pattern, (whole, word: string) =>
    isPlaceholder(word) ? placeholders[word](context) : whole,
  )
  const problem = problemOf(name)
  if (problem === undefined) return name
  const path: Issue['path'] = ['ami', 'name']
  throw new ImagoError('DEFINITION_INVALID', `${formatPath(path)} ${problem}: '${name}'`)
}

function isPlaceholder(word: string): word is Placeholder {
  return Object.hasOwn(placeholders, word)
}
