import type { Flags, ParsedArguments } from '../arguments.ts'
import { parseArguments } from '../arguments.ts'
import type { HelpText } from '../help.ts'
import { formatHelp } from '../help.ts'
import type { Host } from '../host.ts'

/** A command of `imago`. */
export interface Command {
  /**
   * Runs it with the arguments that follow its name.
   * @returns the exit code
   * @throws ImagoError what went wrong
   */
  run(args: readonly string[], host: Host): Promise<number>
  help(): string
}

/** What a command is made of. */
export interface CommandDefinition<F extends Flags> extends HelpText {
  readonly flags: F
  run(input: ParsedArguments<F>, host: Host): Promise<number>
}

const help = { type: 'boolean', short: 'h', help: 'Show this help.' } as const

/** Makes a command, with `--help`. */
export function defineCommand<const F extends Flags>(definition: CommandDefinition<F>): Command {
  const flags: F & Flags = { ...definition.flags, help }
  const text = (): string => formatHelp({ ...definition, flags })
  return {
    help: text,
    async run(args, host) {
      const input = parseArguments(flags, args)
      if (input.values.help === true) {
        host.stdout.write(`${text()}\n`)
        return 0
      }
      return definition.run(input, host)
    },
  }
}
