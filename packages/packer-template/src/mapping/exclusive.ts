import type { ComponentContext } from './table.ts'

/** Reports two options of a component that cannot stand beside each other. */
export function exclusive(first: string, second: string, ctx: ComponentContext): void {
  const { members } = ctx.options
  const isGiven = (name: string): boolean => {
    const value = members.get(name)?.value
    if (value === undefined || value.kind === 'plain') return value !== undefined && value.value !== null
    if (value.kind === 'text') return value.value !== ''
    return value.kind === 'array' ? value.items.length > 0 : value.members.size > 0
  }
  if (isGiven(first) && isGiven(second)) ctx.reports.problem(ctx, `'${first}' and '${second}' exclude each other`)
}
