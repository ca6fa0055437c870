import type { ReadyAgent, StagedFile } from '@imago/configuration-management'
import { ImagoError } from '@imago/core'

import type { LocalFormula } from './fetch-formula.ts'
import type { SaltMasterlessOptions } from './salt-options.ts'

/** The trees, and a configuration that leads to them, above the user's own. What Salt keeps for itself stays among them. */
export function stagedFiles(options: SaltMasterlessOptions, formulas: readonly LocalFormula[]): readonly StagedFile[] {
  const { states, statesDirectory, pillar, pillarDirectory, minionConfig, grains } = options
  const isKept = statesDirectory !== undefined
  const roots = isKept ? ['states'] : ['states', ...formulas.map((_, index) => `formulas/${index}`)]
  const configuration = (directory: string): string =>
    json({
      file_client: 'local',
      file_roots: { base: isKept ? [statesDirectory] : roots.map((path) => `${directory}/${path}`) },
      pillar_roots: { base: pillar === undefined ? [] : [pillarDirectory ?? `${directory}/pillar`] },
      cachedir: `${directory}/cache`,
      pki_dir: `${directory}/pki`,
      log_file: `${directory}/log`,
    })
  const staged = formulas.map(({ path, name }, index) => ({ to: below(roots[index + 1] ?? 'states', name), path }))
  return [
    // in one tree, what is searched first is written last
    ...(isKept ? [...staged.toReversed(), { to: 'states', path: states }] : [{ to: 'states', path: states }, ...staged]),
    ...(pillar === undefined ? [] : [{ to: 'pillar', path: pillar }]),
    { to: 'config/minion', ...(minionConfig === undefined ? { content: '{}\n' } : { path: minionConfig }) },
    { to: 'config/minion.d/imago.conf', content: configuration },
    ...(grains === undefined
      ? []
      : [{ to: 'config/grains', ...(typeof grains === 'string' ? { path: grains } : { content: json(grains) }) }]),
  ]
}

const keep = 'rm -rf -- "$2" && mkdir -p -- "${2%/*}" && mv -- "$1" "$2" && chown -R "$(id -u):$(id -g)" "$2"'

/**
 * Puts the trees where they are to stay.
 * @throws ImagoError `COMMAND_FAILED`
 */
export async function keepTrees({ statesDirectory, pillarDirectory }: SaltMasterlessOptions, ready: ReadyAgent): Promise<void> {
  for (const [name, given] of Object.entries({ states: statesDirectory, pillar: pillarDirectory })) {
    if (given === undefined) continue
    const to = given.replace(/\/+$/, '')
    const exitCode = await ready.run({ program: 'sh', args: ['-c', keep, 'sh', `${ready.directory}/${name}`, to] })
    if (exitCode === 0) continue
    throw new ImagoError('COMMAND_FAILED', `the ${name} cannot be put to '${to}' in the machine: exit code ${exitCode}`, {
      exitCode,
      hint: 'see its output; without sudo, the folder must be one that the user may write',
    })
  }
}

function below(folder: string, name: string | undefined): string {
  return name === undefined ? folder : `${folder}/${name}`
}

/** Plain data as Salt reads it: JSON is YAML. */
function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
