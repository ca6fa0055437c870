import * as v from 'valibot'

import type { AnyStepPostProcessor } from './applicable-steps.ts'
import { appliesTo } from './applicable-steps.ts'
import type { ArtifactShape } from './artifact.ts'
import { checkScope } from './check-scope.ts'
import type { Step, Takes } from './component.ts'
import { componentIssues } from './component-checks.ts'
import { referencesIn } from './definition-values.ts'
import { milliseconds } from './duration.ts'
import { nameHint } from './did-you-mean.ts'
import type { Image } from './image.ts'
import type { Issue } from './issue.ts'
import { prefixIssues } from './issue.ts'
import { duration, schemaIssues } from './option-schema.ts'
import { checkRetention } from './retention/check-retention.ts'

/** Names of images become names of files and repositories, which know no capitals; names of builds are keys of a record. */
const imageName = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/
const buildName = /^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/

const stepSchema = v.object({
  name: v.optional(v.string()),
  pauseBefore: v.optional(duration),
  timeout: v.optional(
    v.pipe(
      duration,
      v.check((timeout) => milliseconds(timeout) > 0, 'must be more than 0, or be left out'),
    ),
  ),
  retry: v.optional(
    v.union([
      v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(0, 'must be 0 or more')),
      v.strictObject({
        retries: v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(0, 'must be 0 or more')),
        delay: v.optional(duration),
        factor: v.optional(v.pipe(v.number(), v.minValue(1, 'must be 1 or more'))),
        maxDelay: v.optional(duration),
      }),
    ]),
  ),
  continueOnError: v.optional(v.boolean()),
  expectDisconnect: v.optional(v.boolean()),
  cache: v.optional(v.union([v.boolean(), v.strictObject({ maxAge: v.optional(duration), also: v.optional(v.function()) })])),
  keepInputArtifact: v.optional(v.boolean()),
  only: v.optional(v.array(v.string())),
  except: v.optional(v.array(v.string())),
})

/** Every problem of a definition that can be seen without looking at this machine: names, options, wiring. Pure. */
export function checkImage(image: Image): Issue[] {
  return [
    ...checkNames(image),
    ...Object.entries(image.builders).flatMap(([build, builder]) =>
      prefixIssues(['builders', build], [...componentIssues(builder), ...checkReferences(builder.options)]),
    ),
    ...image.provisioners.flatMap((step, index) => prefixIssues(['provisioners', index], checkStep(image, step))),
    ...image.errorCleanup.flatMap((step, index) => prefixIssues(['errorCleanup', index], checkStep(image, step))),
    ...checkRetention(image),
    // seen without its types, which the compiler has checked where it could
    ...image.postProcessors.flatMap((chain, index) =>
      prefixIssues(['postProcessors', index], checkChain(image, chain as readonly AnyStepPostProcessor[])),
    ),
  ]
}

function checkNames(image: Image): Issue[] {
  const builds = Object.keys(image.builders)
  const issues: Issue[] = builds
    .filter((build) => !buildName.test(build))
    .map((build) => ({ path: ['builders', build], message: `'${build}' cannot be the name of a build`, hint: nameRule('letters') }))
  if (!imageName.test(image.name)) {
    issues.unshift({ path: ['name'], message: `'${image.name}' cannot be the name of an image`, hint: nameRule('lower case letters') })
  }
  if (builds.length === 0) issues.push({ path: ['builders'], message: 'there is no builder', hint: 'an image needs one or more' })
  return issues
}

function nameRule(letters: string): string {
  return `use ${letters} and digits, with '.', '_' or '-' between them`
}

function checkReferences(options: object): Issue[] {
  return referencesIn(options)
    .filter((reference) => !Object.hasOwn(reference.image.builders, reference.build))
    .map((reference) => ({
      path: [],
      message: `image '${reference.image.name}' has no builder '${reference.build}'`,
      hint: nameHint(reference.build, Object.keys(reference.image.builders)),
    }))
}

function checkStep(image: Image, step: Step): Issue[] {
  return [...schemaIssues(stepSchema, step), ...checkScope(image, step), ...componentIssues(step)]
}

function checkChain(image: Image, chain: readonly AnyStepPostProcessor[]): Issue[] {
  const at = (index: number): Issue['path'] => (chain.length === 1 ? [] : [index])
  const issues = chain.flatMap((step, index) =>
    prefixIssues(at(index), [...checkStep(image, step), ...checkKeep(step), ...checkConnection(step), ...checkPlace(step, index)]),
  )
  const [head] = chain
  if (head === undefined) return [{ path: [], message: 'an empty chain of post-processors' }]
  return [...issues, ...checkFit(image, chain)]
}

function checkKeep(step: AnyStepPostProcessor): Issue[] {
  if (step.keepInputArtifact !== false || step.input !== 'needed') return []
  return [
    {
      path: ['keepInputArtifact'],
      message: `what '${step.type}' makes is nothing without its input, which must be kept`,
      hint: 'leave keepInputArtifact out',
    },
  ]
}

function checkConnection({ expectDisconnect, type }: Step): Issue[] {
  if (expectDisconnect === undefined) return []
  return [{ path: ['expectDisconnect'], message: `'${type}' has no connection to the machine`, hint: 'it belongs on provisioners' }]
}

function checkPlace(step: Step, index: number): Issue[] {
  if (index === 0 || (step.only === undefined && step.except === undefined)) return []
  return [{ path: [step.only === undefined ? 'except' : 'only'], message: 'only and except belong on the first post-processor of a chain' }]
}

/** Follows each build's artifact through the chain; one message for each place where it does not fit. */
function checkFit(image: Image, chain: readonly AnyStepPostProcessor[]): Issue[] {
  const issues = new Map<string, Issue>()
  for (const [build, builder] of Object.entries(image.builders)) {
    if (chain[0] === undefined || !appliesTo(chain[0], build)) continue
    let shape = builder.makes
    for (const [index, step] of chain.entries()) {
      if (!fits(shape, step.takes)) {
        const maker = index === 0 ? `builder '${build}'` : `'${chain[index - 1]?.type}' before it`
        const message = `'${step.type}' cannot take what ${maker} makes (${shape.type})`
        issues.set(message, { path: chain.length === 1 ? [] : [index], message, ...(index === 0 && { hint: 'limit it with only: [...]' }) })
        break
      }
      shape = step.makes === 'same' ? shape : step.makes
    }
  }
  return [...issues.values()]
}

function fits(shape: ArtifactShape, takes: Takes): boolean {
  if (takes === 'any') return true
  return takes === 'files' ? shape.files : takes.includes(shape.type)
}
