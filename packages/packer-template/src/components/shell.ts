import type { StepOptions } from '@imago/core'
import type { ShellOptions } from '@imago/provisioner-shell'

import { always, flag, text } from '../mapping/coercions.ts'
import { environmentList, environmentMap } from '../mapping/environment.ts'
import { currentText, isYes, joinedTexts } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import { isKnown } from '../mapping/known.ts'
import { integers, lateTexts } from '../mapping/list-coercions.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { as, defineTable, meaningless, taken } from '../mapping/table.ts'
import { commandPieces } from '../shell/command-piece.ts'
import { executionFrom, executionOf } from '../shell/execution-options.ts'
import { inlineOf } from '../shell/inline-script.ts'
import { verbatimCommand } from '../shell/verbatim-command.ts'
import { buildValues } from '../text/field-table.ts'

/** `shell` */
export const shellTable: ComponentTable = defineTable<ShellOptions & StepOptions>()({
  factory: { name: 'shell', package: '@imago/provisioner-shell' },
  load: async () => (await import('@imago/provisioner-shell')).shell,
  options: {
    inline: taken(lateTexts(buildValues)),
    script: as('script', always(localPath)),
    scripts: as('scripts', localPaths),
    environment_vars: taken(environmentList),
    env: taken(environmentMap),
    valid_exit_codes: as('validExitCodes', integers),
    inline_shebang: taken(text),
    execute_command: taken(commandPieces),
    remote_path: taken(text),
    remote_folder: taken(text),
    remote_file: taken(text),
    binary: taken(flag),
    expect_disconnect: as('expectDisconnect', flag),
    pause_after: meaningless('the step after it waits'),
    skip_clean: meaningless('a script is no file of the machine'),
    start_retry_timeout: meaningless('the connection is made again by itself'),
    use_env_var_file: meaningless('the environment goes over the connection'),
    env_var_format: meaningless('the environment goes over the connection'),
  },
  compose(given) {
    const command = isKnown(given.execute_command) ? given.execute_command.value : undefined
    const execution = executionFrom(command)
    const env = { ...given.environment_vars, ...given.env, ...execution?.env }
    const binary = isYes(given.binary)
    const path = given.remote_path ?? pathIn(given.remote_folder, given.remote_file)
    const remotePath = given.remote_path ?? (binary || execution === undefined ? path : undefined)
    const verbatim = execution === undefined && command !== undefined ? verbatimCommand(command, { path, env }) : undefined
    return {
      ...inlineOf(given.inline, given.inline_shebang, execution),
      ...(Object.keys(env).length > 0 && { env }),
      ...(remotePath !== undefined && { remotePath }),
      ...(binary && { binary: true }),
      ...(verbatim === undefined ? executionOf(execution) : { wrap: verbatim }),
    }
  },
})

function pathIn(folder: Model<string> | undefined, file: Model<string> | undefined): Model<string> {
  const rest = `/${currentText(file) ?? 'script.sh'}`
  return isKnown(folder) ? joinedTexts([folder, rest]) : `/tmp${rest}`
}
