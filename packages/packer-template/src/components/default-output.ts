import type { Facts, FromFacts } from '@imago/core'

import type { Known } from '../mapping/known.ts'
import { known } from '../mapping/known.ts'
import type { OptionContext } from '../mapping/option-context.ts'
import { code, joined, textExpression } from '../typescript/expression.ts'

/** What Packer calls a file that a post-processor writes: `packer_`, the build's name and the builder's type. */
export function defaultOutput({ build, buildIsFact }: OptionContext, suffix = ''): Known<FromFacts<string>> {
  if (!buildIsFact) {
    const name = `packer_${build.name}_${build.type}${suffix}`
    return known({ value: name, key: JSON.stringify(name), code: () => textExpression(name) })
  }
  return known({
    value: ({ buildName, builderType }: Facts) => `packer_${buildName}_${builderType}${suffix}`,
    key: `late:packer_${suffix}`,
    code: () => ({
      kind: 'arrow',
      parameters: '(facts)',
      body: joined([
        textExpression('packer_'),
        code('facts.buildName'),
        textExpression('_'),
        code('facts.builderType'),
        textExpression(suffix),
      ]),
    }),
  })
}
