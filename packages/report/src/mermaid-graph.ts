import type { Plan, PlannedBuild, PlannedStep } from '@imago/core'

import { cut } from './cut.ts'
import { singleLine } from './output-text.ts'
import { stepTitle } from './step-title.ts'

/** A label is cut to so many characters. */
const longestLabel = 80

/**
 * The images, builds and steps of plans as a flowchart in Mermaid's language, which GitHub, GitLab and others draw: each build with its
 * provisioners in order, what it makes, and the chains of post-processors behind that; dotted lines go to builds of other images that start
 * from it. Bases that no plan is given of stand for themselves.
 * See https://mermaid.js.org/syntax/flowchart.html
 * @example writeFile('graph.mmd', mermaidGraph([plan(base), plan(web)]))
 */
export function mermaidGraph(plans: readonly Plan[]): string {
  const builds = plans.flatMap(({ image, builds: list }) => list.map((build) => `${image}.${build.build}`))
  const idOf = new Map(builds.map((name, index) => [name, `b${index + 1}`]))
  const known = new Set(builds)
  const bases = [...new Set(plans.flatMap((plan) => plan.builds.flatMap(({ after }) => after)).filter((name) => !known.has(name)))]
  for (const [index, name] of bases.entries()) idOf.set(name, `x${index + 1}`)
  const id = (name: string): string => idOf.get(name) ?? name
  return [
    'flowchart TD',
    ...bases.map((name) => `  ${id(name)}_made[(${label(name)})]`),
    ...plans.flatMap((plan, index) => imageLines(plan, `i${index + 1}`, id)),
    ...plans.flatMap(({ image, builds: list }) =>
      list.flatMap(({ build, after }) => after.map((base) => `  ${id(base)}_made -.-> ${id(`${image}.${build}`)}_from`)),
    ),
    '',
  ].join('\n')
}

function imageLines({ image, builds }: Plan, imageId: string, id: (name: string) => string): string[] {
  return [
    `  subgraph ${imageId}[${label(image)}]`,
    ...builds.flatMap((build) => buildLines(build, id(`${image}.${build.build}`))).map((line) => `    ${line}`),
    '  end',
  ]
}

function buildLines({ build, builderType, makes, provisioners, postProcessors }: PlannedBuild, id: string): string[] {
  const steps = provisioners.map((step, index) => ({ id: `${id}_p${index + 1}`, step }))
  const main = [`${id}_from`, ...steps.map((step) => step.id), `${id}_made`]
  const chains = postProcessors.map((chain, index) => chain.map((step, at) => ({ id: `${id}_c${index + 1}_${at + 1}`, step })))
  return [
    `subgraph ${id}[${label(build)}]`,
    '  direction TB',
    `  ${id}_from([${label(builderType)}])`,
    ...[...steps, ...chains.flat()].map((node) => `  ${node.id}[${labelOf(node.step)}]`),
    `  ${id}_made[(${label(makes.type)})]`,
    `  ${main.join(' --> ')}`,
    ...chains.map((chain) => `  ${[`${id}_made`, ...chain.map((node) => node.id)].join(' --> ')}`),
    'end',
  ]
}

function labelOf(step: PlannedStep): string {
  return label(stepTitle(step))
}

/** A label in quotes. Whatever could mean something to Mermaid, or to the Markdown in it, is written as its character's number. */
function label(text: string): string {
  const line = cut(singleLine(text), longestLabel)
  return `"${line.replaceAll(/[^\p{L}\p{M}\p{N} …,.:/=()+'_-]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|^\P{L}|:(?=\/|fa-)|(?<=^www)\./gu, (character) => `#${character.codePointAt(0) ?? 0};`)}"`
}
