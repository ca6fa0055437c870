import type { Facts, FromFacts } from '@imago/core'
import type { Provider, VagrantfileSource, VagrantOptions } from '@imago/post-processor-vagrant'

import type { JsonObjectNode } from '../json/json-node.ts'
import { always, flag, integer, lateText, text } from '../mapping/coercions.ts'
import { currentText, isYes } from '../mapping/current-value.ts'
import { group } from '../mapping/group.ts'
import type { Known, Model } from '../mapping/known.ts'
import { isKnown, known } from '../mapping/known.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import type { Coercion, OptionContext } from '../mapping/option-context.ts'
import type { ComponentContext, ComponentTable } from '../mapping/table.ts'
import { as, defineTable, inCompose, taken } from '../mapping/table.ts'
import type { FieldTable } from '../text/field-table.ts'
import { otherFact, outputFields } from '../text/field-table.ts'
import { code, joined, textExpression } from '../typescript/expression.ts'

type VagrantfilePath = Extract<VagrantfileSource, { readonly path: unknown }>

const boxFields: FieldTable = { ...outputFields, Provider: otherFact('provider'), Architecture: otherFact('architecture') }

const own = defineTable<VagrantOptions>()({
  factory: { name: 'vagrant', package: '@imago/post-processor-vagrant' },
  load: async () => (await import('@imago/post-processor-vagrant')).vagrant,
  options: {
    output: taken(lateText(boxFields)),
    compression_level: taken(level),
    include: as('include', localPaths),
    vagrantfile_template: taken(localPath),
    vagrantfile_template_generated: taken(flag),
    provider_override: taken(text),
    architecture: as('architecture', text),
    override: inCompose, // what it holds for the build's provider stands in the place of the options already
  },
  compose(given, ctx) {
    const provider = givenProvider(currentText(given.provider_override), ctx)
    const template = given.vagrantfile_template
    const path = template !== undefined && isYes(given.vagrantfile_template_generated) ? madeByBuild(template) : template
    const vagrantfile = group<VagrantfilePath>({ path })
    return {
      output: given.output ?? defaultBox(ctx),
      ...(provider !== undefined && { provider }),
      ...(vagrantfile !== undefined && { vagrantfile }),
      ...(given.compression_level !== undefined && { compressionLevel: given.compression_level }),
    }
  },
})

/** `vagrant` */
export const vagrantTable: ComponentTable = { ...own, map: (options, ctx) => own.map(withOverride(options, ctx), ctx) }

/** How hard to compress. Here 0 means not at all; Packer's -1 stands for the default. */
function level(...[node, ctx]: Parameters<Coercion<number>>): Model<number> | undefined {
  if ((node.kind === 'plain' && node.value === 0) || (node.kind === 'text' && node.value.trim() === '0')) return 0
  const value = always(integer)(node, ctx)
  return isKnown(value) ? (value.value === -1 ? undefined : value) : value === -1 ? undefined : value
}

/** Whom Packer makes boxes for, of what its builders make. */
function providerOf(builderType: string): Provider | undefined {
  if (builderType.startsWith('virtualbox-')) return 'virtualbox'
  if (builderType === 'qemu') return 'libvirt'
  if (builderType === 'amazon-ebs' || builderType === 'amazon-ebssurrogate') return 'aws'
  return builderType === 'docker' ? 'docker' : undefined
}

function givenProvider(name: string | undefined, ctx: ComponentContext): Provider | undefined {
  if (name === 'virtualbox' || name === 'libvirt' || name === 'docker' || name === 'aws') return name
  if (name !== undefined) ctx.noCounterpart('provider_override', 'boxes are made for virtualbox, libvirt, docker and aws')
  return undefined
}

/** The options with those that `override` has for the provider in their place. */
function withOverride(options: JsonObjectNode, { build }: OptionContext): JsonObjectNode {
  const override = options.members.get('override')?.value
  const member = override?.kind === 'object' ? override.members.get(providerOf(build.type) ?? '')?.value : undefined
  return member?.kind === 'object' ? { ...options, members: new Map([...options.members, ...member.members]) } : options
}

/** What Packer calls a box. */
function defaultBox({ build, buildIsFact }: OptionContext): Known<FromFacts<string>> {
  const nameOf = ({ buildName }: Facts): string => (buildIsFact ? buildName : build.name)
  const [provider, architecture] = [otherFact('provider'), otherFact('architecture')]
  return known({
    value: (facts: Facts) => `packer_${nameOf(facts)}_${provider.read(facts)}_${architecture.read(facts)}.box`,
    key: `late:packer_${buildIsFact ? '' : build.name}.box`,
    code: () => ({
      kind: 'arrow',
      parameters: '(facts)',
      body: joined([
        textExpression('packer_'),
        buildIsFact ? code('facts.buildName') : textExpression(build.name),
        textExpression('_'),
        provider.code,
        textExpression('_'),
        architecture.code,
        textExpression('.box'),
      ]),
    }),
  })
}

/** A path that is not looked for before the build, which makes the file. */
function madeByBuild(path: Model<string>): Known<FromFacts<string>> {
  const value = currentText(path) ?? ''
  return known({
    value: () => value,
    key: `late:${JSON.stringify(value)}`,
    code: (writer) => ({ kind: 'arrow', parameters: '()', body: isKnown(path) ? path.code(writer) : textExpression(value) }),
  })
}
