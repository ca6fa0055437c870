import { apiError } from '../api-error.ts'
import type { NormalizedSchema } from '../aws-sdk.ts'
import type { QueryNode, QueryTree } from './query-tree.ts'

/** The two kinds of the Query protocol: EC2's own (`ec2Query`), and the one of IAM and STS (`awsQuery`). */
export type QueryFlavour = 'ec2' | 'query'

/**
 * Reads the parameters of a request by the schema of its operation.
 * @throws ApiError `UnknownParameter` for what the operation does not have, `MissingParameter` for what it needs, and
 *   `InvalidParameterValue` for what is no number, time or truth value
 */
export function decodeQuery(schema: NormalizedSchema, tree: QueryTree, flavour: QueryFlavour): unknown {
  const rest = new Map([...tree].filter(([name]) => name !== 'Action' && name !== 'Version'))
  return readStruct(schema, rest, { flavour, path: '' })
}

interface Place {
  readonly flavour: QueryFlavour
  /** Of the parameter, as the request names it: `BlockDeviceMapping.1.Ebs`. */
  readonly path: string
}

function below({ flavour, path }: Place, name: string): Place {
  return { flavour, path: path === '' ? name : `${path}.${name}` }
}

function readNode(schema: NormalizedSchema, node: QueryNode, place: Place): unknown {
  if (schema.isListSchema()) return readList(schema, node, place)
  if (schema.isMapSchema()) return readMap(schema, node, place)
  if (schema.isStructSchema()) return readStruct(schema, asTree(node, place), place)
  if (typeof node !== 'string') throw apiError('UnknownParameter', `The parameter ${place.path} is not recognized`)
  return readScalar(schema, node, place)
}

function readStruct(schema: NormalizedSchema, tree: QueryTree, place: Place): unknown {
  const value: Record<string, unknown> = {}
  const known = new Set<string>()
  for (const [name, member] of schema.structIterator()) {
    const key = memberKey(name, member, place.flavour)
    known.add(key)
    const node = tree.get(key)
    if (node !== undefined && !isBlank(name, node, place)) value[name] = readNode(member, node, below(place, key))
    else if (isRequired(schema, name))
      throw apiError('MissingParameter', `The request must contain the parameter ${below(place, key).path}`)
  }
  const unknown = [...tree.keys()].find((key) => !known.has(key))
  if (unknown !== undefined) throw apiError('UnknownParameter', `The parameter ${below(place, unknown).path} is not recognized`)
  return value
}

/** EC2 takes an empty parameter for none, as some clients write it. The value of a tag can be empty. */
function isBlank(name: string, node: QueryNode, { flavour }: Place): boolean {
  return flavour === 'ec2' && node === '' && name !== 'Value'
}

/** A structure's schema lists its required members first, and says how many there are. */
function isRequired(schema: NormalizedSchema, member: string): boolean {
  const structure: unknown = schema.getSchema()
  if (!Array.isArray(structure)) return false
  const [, , , , names, , required] = structure as readonly unknown[] // see StaticStructureSchema
  return Array.isArray(names) && typeof required === 'number' && names.indexOf(member) < required
}

/** The name of a structure's member in a request. */
export function memberKey(name: string, member: NormalizedSchema, flavour: QueryFlavour): string {
  const { ec2QueryName, xmlName = name } = member.getMergedTraits()
  if (flavour === 'query') return xmlName
  if (typeof ec2QueryName === 'string') return ec2QueryName
  return `${xmlName.charAt(0).toUpperCase()}${xmlName.slice(1)}`
}

function readList(schema: NormalizedSchema, node: QueryNode, place: Place): unknown[] {
  if (node === '') return []
  const tree = asTree(node, place)
  const member = schema.getValueSchema()
  const isFlat = place.flavour === 'ec2' || schema.getMergedTraits().xmlFlattened !== undefined
  const itemName = member.getMergedTraits().xmlName ?? 'member'
  const inner = isFlat ? tree : asTree(tree.get(itemName) ?? new Map<string, QueryNode>(), place)
  const items = [...inner].map(([index, item]) => [Number(index), item] as const)
  if (items.some(([index]) => !Number.isInteger(index))) throw apiError('UnknownParameter', `The parameter ${place.path} is not recognized`)
  return items.toSorted(([a], [b]) => a - b).map(([index, item]) => readNode(member, item, below(place, String(index))))
}

function readMap(schema: NormalizedSchema, node: QueryNode, place: Place): unknown {
  if (node === '') return {}
  const tree = asTree(node, place)
  const isFlat = schema.getMergedTraits().xmlFlattened !== undefined
  const entries: QueryTree = isFlat ? tree : asTree(tree.get('entry') ?? new Map<string, QueryNode>(), place)
  const keyName = schema.getKeySchema().getMergedTraits().xmlName ?? 'key'
  const valueName = schema.getValueSchema().getMergedTraits().xmlName ?? 'value'
  return Object.fromEntries(
    [...entries].map(([index, entry]) => {
      const parts = asTree(entry, below(place, index))
      const at = below(place, `${index}.${valueName}`)
      return [textOf(parts.get(keyName)), readNode(schema.getValueSchema(), parts.get(valueName) ?? '', at)]
    }),
  )
}

function textOf(node: QueryNode | undefined): string {
  return typeof node === 'string' ? node : ''
}

function asTree(node: QueryNode, place: Place): QueryTree {
  if (node instanceof Map) return node
  if (node === '') return new Map<string, QueryNode>() // how clients write a structure without members
  throw apiError('InvalidParameterValue', `Value (${node}) for parameter ${place.path} is invalid. It is not a structure`)
}

function readScalar(schema: NormalizedSchema, text: string, { path }: Place): unknown {
  if (schema.isBooleanSchema()) {
    if (/^true$/i.test(text)) return true
    if (/^false$/i.test(text)) return false
    throw invalid(text, path, 'It is neither true nor false')
  }
  if (schema.isNumericSchema()) {
    const number = Number(text)
    if (text.trim() === '' || Number.isNaN(number)) throw invalid(text, path, 'It is not a number')
    return number
  }
  if (schema.isTimestampSchema()) {
    const time = new Date(/^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : text)
    if (Number.isNaN(time.getTime())) throw invalid(text, path, 'It is not a time')
    return time
  }
  if (schema.isBlobSchema()) return Uint8Array.from(Buffer.from(text, 'base64'))
  return text
}

function invalid(text: string, path: string, reason: string): Error {
  return apiError('InvalidParameterValue', `Value (${text}) for parameter ${path} is invalid. ${reason}`)
}
