import { usageError } from '../arguments.ts'
import { isTemplate } from '../load-template.ts'

/**
 * The one template that a command line names.
 * @throws ImagoError `USAGE` when it names none, several, or something else
 */
export function templatePath([path, second]: readonly string[]): string {
  if (path === undefined) throw usageError('name a template of Packer', 'a template is a JSON file: template.json')
  if (second !== undefined) throw usageError(`one template is enough, and '${second}' is a second one`)
  if (!isTemplate(path)) throw usageError(`'${path}' is no template of Packer`, 'a template is a JSON file: template.json')
  return path
}
