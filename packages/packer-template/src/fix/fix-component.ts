import type { JsonObjectNode } from '../json/json-node.ts'
import type { Location, Reports } from '../reports.ts'
import { builderFixes } from './builder-fixes.ts'
import type { ComponentKind } from './draft.ts'
import { Draft } from './draft.ts'
import type { Fix } from './fix.ts'
import { stepFixes } from './step-fixes.ts'

/** The names under which `packer fix` lists what is replaced here. */
export function knownFixes(): readonly string[] {
  return [...new Set(allFixes.map(({ name }) => name))]
}

/** Types of builders that have got other names; `only`, `except` and `override` may still use the old ones. */
export const renamedBuilders: ReadonlyMap<string, string> = new Map([
  ['virtualbox', 'virtualbox-iso'],
  ['vmware', 'vmware-iso'],
  ['proxmox', 'proxmox-iso'],
])

const allFixes: readonly Fix[] = [...builderFixes, ...stepFixes]

/** A component with outdated options replaced, each with a warning that names the old one and the new one. */
export function fixComponent(kind: ComponentKind, object: JsonObjectNode, location: Location, reports: Reports): JsonObjectNode {
  const draft = new Draft(kind, object, location, reports)
  for (const fix of allFixes) {
    if (fix.kind === kind && fix.types?.test(draft.type) !== false) fix.apply(draft)
  }
  return draft.result()
}
