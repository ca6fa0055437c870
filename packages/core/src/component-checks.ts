import type { Builder, LocalInput, LocalOutput, Step } from './component.ts'
import { messageOf } from './error.ts'
import type { Issue } from './issue.ts'

type Component = Pick<Builder | Step, 'type' | 'validate' | 'inputs' | 'outputs'>

/** What a component says of its options, also when they are so wrong that it fails to. */
export function componentIssues(component: Component): readonly Issue[] {
  try {
    return component.validate?.() ?? []
  } catch (error) {
    return [{ path: [], message: `the options of '${component.type}' cannot be checked: ${messageOf(error)}` }]
  }
}

/** The local files that a component reads and writes; none while its options are so wrong that it cannot tell, which `validate` reports. */
export function localFiles(component: Component): { readonly inputs: readonly LocalInput[]; readonly outputs: readonly LocalOutput[] } {
  try {
    return { inputs: component.inputs?.() ?? [], outputs: component.outputs?.() ?? [] }
  } catch (error) {
    if (componentIssues(component).length === 0) throw error
    return { inputs: [], outputs: [] }
  }
}
