import type { JsonMember, JsonNode } from '../json/json-node.ts'
import type { Draft } from './draft.ts'
import type { Fix } from './fix.ts'
import { removed, renamed } from './fix.ts'

/** Outdated spellings of provisioners and post-processors. */
export const stepFixes: readonly Fix[] = [
  { name: 'pp-vagrant-override', kind: 'post-processor', types: /^vagrant$/, apply: fixVagrantOverride },
  renamed({ name: 'manifest-filename', kind: 'post-processor', types: /^manifest$/ }, 'filename', 'output'),
  removed({ name: 'docker-email', kind: 'post-processor', types: /^docker-push$/ }, 'login_email'),
  { name: 'docker-tag-tags', kind: 'post-processor', types: /^docker-tag$/, apply: fixTags },
  { name: 'powershell-escapes', kind: 'provisioner', types: /^powershell$/, apply: fixEscapes },
  renamed({ name: 'galaxy-command', kind: 'provisioner', types: /^ansible-local$/ }, 'galaxycommand', 'galaxy_command'),
]

const providers = ['aws', 'digitalocean', 'virtualbox', 'vmware'] as const

function fixVagrantOverride(draft: Draft): void {
  const found = providers.filter((provider) => draft.get(provider) !== undefined)
  if (found.length === 0) return
  const given = draft.get('override')
  const members = new Map<string, JsonMember>(given?.kind === 'object' ? given.members : [])
  for (const provider of found) {
    const value = draft.get(provider)
    if (value === undefined) continue
    draft.warn(provider, "it belongs into 'override' now")
    draft.remove(provider)
    if (!members.has(provider)) members.set(provider, { at: value.at, value })
  }
  const at = given?.at ?? [...members.values()][0]?.at
  if (at !== undefined) draft.set('override', { kind: 'object', at, members })
}

function fixTags(draft: Draft): void {
  const tag = draft.get('tag')
  if (tag === undefined) return
  draft.warn('tag', "it is a list now, 'tags'")
  draft.remove('tag')
  const tags = draft.get('tags')
  draft.set('tags', { kind: 'array', at: tag.at, items: [...listOf(tag), ...(tags === undefined ? [] : listOf(tags))] })
}

/** A text for a list holds its items between commas. */
function listOf(node: JsonNode): readonly JsonNode[] {
  if (node.kind === 'array') return node.items
  if (node.kind !== 'text') return [node]
  return node.value.split(',').map((value) => ({ ...node, value }))
}

/** PowerShell's own escapes are put in by the provisioner. */
function fixEscapes(draft: Draft): void {
  const variables = draft.get('environment_vars')
  if (variables?.kind === 'array') {
    const items = variables.items.map((item) => withoutEscapes(item))
    if (items.some((item, index) => item !== variables.items[index])) {
      draft.warn('environment_vars', 'special characters stand there without ` now')
      draft.set('environment_vars', { ...variables, items })
    }
  }
  for (const option of ['elevated_user', 'elevated_password']) {
    const value = draft.get(option)
    if (value === undefined || withoutEscapes(value) === value) continue
    draft.warn(option, 'special characters stand there without ` now')
    draft.set(option, withoutEscapes(value))
  }
}

/** Back quotes also enclose the arguments of `{{user}}`, which stay. */
function withoutEscapes(node: JsonNode): JsonNode {
  if (node.kind !== 'text') return node
  const value = node.value.replaceAll(/\{\{.*?\}\}|`([$"'`])/gs, (whole, escaped: string | undefined) => escaped ?? whole)
  return value === node.value ? node : { ...node, value }
}
