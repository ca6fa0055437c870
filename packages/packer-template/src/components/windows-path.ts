import { currentText } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import type { ComponentContext } from '../mapping/table.ts'

/**
 * The path of a script, `remote_path`, where Windows' own programs take it for one; `undefined`, with a warning, for another: those of
 * Cygwin, which are from templates for SSH, and variables, which only a shell knows.
 */
export function windowsPathOf(path: Model<string> | undefined, endings: RegExp, ctx: ComponentContext): Model<string> | undefined {
  const text = currentText(path)
  if (text === undefined || text === '' || (/^[A-Za-z]:[\\/][^"%!<>|?*\n\r]+$/.test(text) && endings.test(text))) return path
  ctx.warn('remote_path', `'${text}' is no path that Windows runs a script at: the script has a name of its own`)
  return undefined
}
