import type { InspectedStep, InspectedVariable, TemplateInspection } from '@imago/packer-template'

import type { Style } from './style.ts'

/** What a template has in it, for people. */
export function inspectionLines({ name, description, ...parts }: TemplateInspection, style: Style): string[] {
  const chains = parts.postProcessors.map((chain) => chain.map((step) => describe(step, style)).join(' → '))
  return [
    `${style('bold', name)}${description === undefined ? '' : `  ${style('dim', description)}`}`,
    ...section(
      'variables',
      parts.variables.map((variable) => variableLine(variable, style)),
    ),
    ...section(
      'builds',
      parts.builds.map((build) => `${style('cyan', build.name)} (${build.type})${missing(build.supported, style)}`),
    ),
    ...section(
      'provisioners',
      parts.provisioners.map((step) => describe(step, style)),
    ),
    ...section(
      'if a step fails',
      parts.errorCleanup.map((step) => describe(step, style)),
    ),
    ...section('post-processors', chains),
  ]
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)]
}

function variableLine({ name, required, sensitive, ...variable }: InspectedVariable, style: Style): string {
  const value = required ? style('yellow', 'required') : JSON.stringify(variable.default)
  return `${style('cyan', name)} ${value}${sensitive ? style('dim', ' (sensitive)') : ''}`
}

function describe({ type, title, supported, only }: InspectedStep, style: Style): string {
  const builds = only === undefined ? '' : style('dim', ` (only ${only.join(', ')})`)
  return `${type}${title === '' ? '' : `: ${title}`}${builds}${missing(supported, style)}`
}

function missing(supported: boolean, style: Style): string {
  return supported ? '' : style('yellow', ' (not there yet)')
}
