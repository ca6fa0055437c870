import type { StepOptions } from '@imago/core'
import type { WindowsShellOptions } from '@imago/provisioner-powershell'

import { always, text } from '../mapping/coercions.ts'
import { currentText } from '../mapping/current-value.ts'
import { environmentList, environmentMap } from '../mapping/environment.ts'
import { isKnown } from '../mapping/known.ts'
import { integers, lateTexts } from '../mapping/list-coercions.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { as, defineTable, meaningless, taken } from '../mapping/table.ts'
import { commandPieces } from '../shell/command-piece.ts'
import { runsBatchFile, verbatimWindowsCommand } from '../shell/windows-command.ts'
import { buildValues } from '../text/field-table.ts'
import { windowsPathOf } from './windows-path.ts'

/** Where Packer puts batch files. */
const defaultPath = 'c:/Windows/Temp/script.bat'

/** `windows-shell` */
export const windowsShellTable: ComponentTable = defineTable<WindowsShellOptions & StepOptions>()({
  factory: { name: 'windowsShell', package: '@imago/provisioner-powershell' },
  load: async () => (await import('@imago/provisioner-powershell')).windowsShell,
  options: {
    inline: as('inline', lateTexts(buildValues)),
    script: as('script', always(localPath)),
    scripts: as('scripts', localPaths),
    environment_vars: taken(environmentList),
    env: taken(environmentMap),
    valid_exit_codes: as('validExitCodes', integers),
    remote_path: taken(text),
    execute_command: taken(commandPieces),
    binary: meaningless('the lines of batch files end with CRLF'),
    env_var_format: meaningless('the environment goes over the connection'),
    start_retry_timeout: meaningless('the connection is made again by itself'),
    pause_after: meaningless('the step after it waits'),
  },
  compose(given, ctx) {
    const env = { ...given.environment_vars, ...given.env }
    const remotePath = windowsPathOf(given.remote_path, /\.(?:bat|cmd)$/i, ctx)
    const path = currentText(remotePath) ?? defaultPath
    const pieces = isKnown(given.execute_command) ? given.execute_command.value : undefined
    // where the script is said to be, or with Cygwin's name for the same
    const isOwn = pieces !== undefined && !runsBatchFile(pieces, path) && !runsBatchFile(pieces, currentText(given.remote_path) ?? path)
    // a command may name the path that the script has
    const namesPath = isOwn && !pieces.some(({ kind }) => kind === 'path')
    return {
      ...(Object.keys(env).length > 0 && { env }),
      ...(remotePath !== undefined ? { remotePath } : namesPath && { remotePath: path }),
      ...(isOwn && { command: verbatimWindowsCommand(pieces, '') }),
    }
  },
})
