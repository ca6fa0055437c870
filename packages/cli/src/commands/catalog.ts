import type { Row } from '../help.ts'
import { formatRows } from '../help.ts'
import type { Command } from './command.ts'

/** What is known of a command before it is loaded. */
export interface CatalogEntry {
  readonly name: string
  readonly summary: string
  load(): Promise<Command>
}

/** The commands of `imago`. None is loaded before it is used. */
export const catalog: readonly CatalogEntry[] = [
  { name: 'build', summary: 'Build images.', load: async () => (await import('./build.ts')).buildCommand },
  { name: 'plan', summary: 'Show what would be built, step by step.', load: async () => (await import('./plan.ts')).planCommand },
  { name: 'shell', summary: 'Look into the machine of a build.', load: async () => (await import('./shell.ts')).shellCommand },
  { name: 'graph', summary: 'Draw images, builds and steps, in Mermaid.', load: async () => (await import('./graph.ts')).graphCommand },
  { name: 'validate', summary: 'Look for problems in image files.', load: async () => (await import('./validate.ts')).validateCommand },
  {
    name: 'convert',
    summary: 'Write a template of Packer as an image file.',
    load: async () => (await import('./convert.ts')).convertCommand,
  },
  {
    name: 'inspect',
    summary: 'Show what a template of Packer has in it.',
    load: async () => (await import('./inspect.ts')).inspectCommand,
  },
  {
    name: 'sweep',
    summary: 'Remove what builds that were killed have left behind.',
    load: async () => (await import('./sweep.ts')).sweepCommand,
  },
  {
    name: 'retain',
    summary: 'Remove what earlier builds have made, but for the latest.',
    load: async () => (await import('./retain.ts')).retainCommand,
  },
  {
    name: 'cache',
    summary: 'List and remove the snapshots that builds start from.',
    load: async () => (await import('./cache.ts')).cacheCommand,
  },
  {
    name: 'policy',
    summary: 'Write the IAM policy that builds at AWS need.',
    load: async () => (await import('./policy.ts')).policyCommand,
  },
  { name: 'init', summary: 'Write a first project.', load: async () => (await import('./init.ts')).initCommand },
  { name: 'doctor', summary: 'Say what this machine can build with.', load: async () => (await import('./doctor.ts')).doctorCommand },
]

/** The help of the whole command. */
export function overview(): string {
  const commands = catalog.map(({ name, summary }): Row => [name, summary])
  return `Usage: imago <command> [options]

Builds machine images from definitions in TypeScript.

Commands:
${formatRows(commands).join('\n')}

Options:
${formatRows([
  ['-h, --help', 'Show this help, or that of a command.'],
  ['-V, --version', 'Show the version.'],
]).join('\n')}

Examples:
  $ imago init
      Write a first project into the current folder.
  $ imago build
      Build everything that ./image.ts defines.
  $ imago build --help
      Show the options of build.

Exit codes: 0 all went well, 1 a build failed, 2 usage or definition, 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP.`
}
