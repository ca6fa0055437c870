import { fixComponent } from '../fix/fix-component.ts'
import type { JsonMember, JsonNode, JsonObjectNode, JsonTextNode } from '../json/json-node.ts'
import { describeNode } from '../json/json-node.ts'
import { parseJson } from '../json/parse-json.ts'
import type { Location, Reports } from '../reports.ts'
import { inside } from '../reports.ts'
import { Fields } from './fields.ts'
import { isSupportedVersion, isVersion, packerVersion } from './packer-version.ts'
import { asComponent, readPostProcessors, readProvisioner, typeOf } from './read-steps.ts'
import type { BuilderConfig, Template, VariableDeclaration } from './template.ts'

const rootKeys = [
  'builders',
  'description',
  'error-cleanup-provisioner',
  'min_packer_version',
  'post-processors',
  'provisioners',
  'push',
  'sensitive-variables',
  'variables',
] as const

/**
 * Reads the structure of a template. What is wrong with it is reported; what can be read is.
 * @throws ImagoError `DEFINITION_INVALID` when it is no JSON
 */
export function readTemplate(text: string, file: string, reports: Reports): Template {
  const { root, warnings } = parseJson(text, file)
  reports.warnings.push(...warnings)
  const location: Location = { at: root.at, path: [] }
  if (root.kind !== 'object') {
    reports.problem(location, `a template is an object, and this is ${describeNode(root)}`)
    return { file, variables: new Map(), sensitive: [], builders: [], provisioners: [], postProcessors: [] }
  }
  const fields = new Fields(withKnownNames(root), location, reports)
  checkRoot(root, fields, reports)
  const builders = readBuilders(fields, reports)
  const reading = { builders: builders.map(({ name }) => name), reports }
  const description = fields.text('description')
  const cleanup = fields.get('error-cleanup-provisioner')
  const errorCleanup = cleanup && readProvisioner(cleanup.value, inside(location, cleanup.value.at, 'error-cleanup-provisioner'), reading)
  return {
    file,
    ...(description !== undefined && { description }),
    variables: readVariables(fields, reports),
    sensitive: fields.names('sensitive-variables', { mayBeText: true }) ?? [],
    builders,
    provisioners: fields
      .list('provisioners')
      .flatMap((item, index) => readProvisioner(item, inside(location, item.at, 'provisioners', index), reading) ?? []),
    ...(errorCleanup !== undefined && { errorCleanup }),
    postProcessors: readPostProcessors(
      fields.list('post-processors'),
      inside(location, fields.get('post-processors')?.at ?? root.at, 'post-processors'),
      reading,
    ),
  }
}

/** Go finds the members of an object whatever their capitals. */
function withKnownNames(root: JsonObjectNode): JsonObjectNode {
  const members = [...root.members].map(([name, member]): readonly [string, JsonMember] => [
    rootKeys.find((key) => key === name) ?? rootKeys.find((key) => key === name.toLowerCase() && !root.members.has(key)) ?? name,
    member,
  ])
  return { ...root, members: new Map(members) }
}

function checkRoot(root: JsonObjectNode, fields: Fields, reports: Reports): void {
  for (const [name, { at, value }] of withKnownNames(root).members) {
    if (name.startsWith('_')) {
      if (value.kind !== 'text')
        reports.strictProblem(inside(fields.location, at, name), `a comment must be a string, not ${describeNode(value)}`)
    } else if (!rootKeys.some((key) => key === name)) fields.unknown(name, at, rootKeys, 'part of a template')
  }
  const push = fields.get('push')
  if (push !== undefined) reports.warn(inside(fields.location, push.at, 'push'), "'push' is ignored: the service that it was for is gone")
  const version = fields.text('min_packer_version')
  if (version !== undefined) checkVersion(version, inside(fields.location, version.at, 'min_packer_version'), reports)
}

function checkVersion({ value }: JsonTextNode, where: Location, reports: Reports): void {
  if (!isVersion(value)) reports.strictProblem(where, `'${value}' is no version`)
  else if (!isSupportedVersion(value)) {
    reports.strictProblem(where, `the template needs Packer ${value}; templates are read here as Packer ${packerVersion} reads them`)
  }
}

function readBuilders(fields: Fields, reports: Reports): readonly BuilderConfig[] {
  const items = fields.list('builders')
  const builders = items.flatMap((item, index) => readBuilder(item, inside(fields.location, item.at, 'builders', index), reports) ?? [])
  if (items.length === 0) reports.problem(fields.location, 'there is no builder: a template needs one or more')
  for (const [index, builder] of builders.entries()) {
    const other = builders.slice(0, index).find(({ name }) => name === builder.name)
    if (other !== undefined) reports.problem(builder, `another builder is called '${builder.name}' too`, "give one a 'name'")
  }
  return builders
}

function readBuilder(node: JsonNode, location: Location, reports: Reports): BuilderConfig | undefined {
  const object = asComponent(node, location, reports)
  if (object === undefined) return undefined
  const fields = new Fields(fixComponent('builder', object, location, reports), location, reports)
  const type = typeOf(fields, reports)
  if (type === undefined) return undefined
  const name = fields.text('name')?.value
  return { ...location, type, name: name === undefined || name === '' ? type : name, options: fields.others(['type', 'name']) }
}

function readVariables(fields: Fields, reports: Reports): ReadonlyMap<string, VariableDeclaration> {
  const variables = fields.object('variables')
  if (variables === undefined) return new Map()
  return new Map(
    [...variables.members].flatMap(([name, { at, value }]) => {
      const where = inside(fields.location, at, 'variables', name)
      const text = defaultOf(value, where, reports)
      return text === 'wrong' ? [] : [[name, { ...where, name, default: text }] as const]
    }),
  )
}

function defaultOf(value: JsonNode, where: Location, reports: Reports): JsonTextNode | undefined | 'wrong' {
  if (value.kind === 'text') return value
  if (value.kind === 'plain' && value.value === null) return undefined
  reports.strictProblem(where, `the default of a variable must be a string or null, not ${describeNode(value)}`)
  return value.kind === 'plain' ? { kind: 'text', at: value.at, value: String(value.value) } : 'wrong'
}
