import type { DockerOptions, DockerResult } from '@imago/builder-docker'

import type { OptionContext } from '../mapping/option-context.ts'
import type { Composed } from '../mapping/table.ts'
import type { CommandPiece, CommandPieces } from '../shell/command-piece.ts'

type ContainerOptions = Composed<DockerOptions<DockerResult>>

/** Options of `docker run` that have no argument and mean something here. */
const switches: Readonly<Record<string, ContainerOptions>> = { '--privileged': { privileged: true }, '--init': { init: true } }
/** Those that mean nothing here: the container always runs in the background, and goes when the build is done. */
const meaninglessSwitches = new Set(['--detach', '--interactive', '--tty', '--rm', '--entrypoint', '--name'])

/** Short names of options of `docker run`. */
const longNames: Readonly<Record<string, string>> = {
  '-d': '--detach',
  '-i': '--interactive',
  '-t': '--tty',
  '-v': '--volume',
  '-e': '--env',
  '-u': '--user',
  '-w': '--workdir',
  '-h': '--hostname',
  '-m': '--memory',
  '--net': '--network',
}

/** What `run_command` says of the container: the options of `docker run`. What they say in vain is reported. */
export function containerOptions(words: readonly CommandPieces[] | undefined, ctx: OptionContext): ContainerOptions {
  if (words === undefined) return {}
  const reader = new RunCommand(words.map(wordText))
  const { options, unknown } = reader.read()
  for (const word of unknown) {
    ctx.reports.problem(ctx, `'run_command' has ${word}, for which there is no counterpart yet`)
  }
  return options
}

/** Marks where the image's name stands. */
const image = '\u{e000}'

function wordText(pieces: CommandPieces): string {
  return pieces.map(pieceText).join('')
}

function pieceText(piece: CommandPiece): string {
  switch (piece.kind) {
    case 'text':
      return piece.text
    case 'value':
      return piece.value.value
    default:
      return image
  }
}

class RunCommand {
  readonly #words: string[]
  readonly #options: Record<string, unknown> = {}
  readonly #unknown: string[] = []

  constructor(words: readonly string[]) {
    this.#words = [...words]
  }

  read(): { readonly options: ContainerOptions; readonly unknown: readonly string[] } {
    for (let word = this.#words.shift(); word !== undefined; word = this.#words.shift()) {
      if (word === '--') continue
      if (!word.startsWith('-')) {
        this.#command()
        break
      }
      this.#option(word)
    }
    return { options: this.#options, unknown: this.#unknown }
  }

  #option(word: string): void {
    // `-dit` is `-d -i -t`.
    if (/^-[dit]{2,}$/.test(word)) return
    const [written = word, inline] = word.split(/=(.*)/s)
    const name = longNames[written] ?? written
    if (switches[name] !== undefined) {
      Object.assign(this.#options, switches[name])
      return
    }
    if (meaninglessSwitches.has(name)) {
      if (name === '--entrypoint' || name === '--name') void (inline ?? this.#words.shift())
      return
    }
    const value = inline ?? this.#words.shift() ?? ''
    this.#value(name, value)
  }

  #value(name: string, value: string): void {
    switch (name) {
      case '--volume':
        this.#add('volumes', value)
        break
      case '--tmpfs':
        this.#add('tmpfs', value)
        break
      case '--device':
        this.#add('devices', value)
        break
      case '--env': {
        const [variable = '', content = ''] = value.split(/=(.*)/s)
        this.#options.env = { ...asObject(this.#options.env), [variable]: content }
        break
      }
      case '--add-host': {
        const [host = '', address = ''] = value.split(/:(.*)/s)
        this.#options.extraHosts = { ...asObject(this.#options.extraHosts), [host]: address }
        break
      }
      case '--cap-add':
      case '--cap-drop': {
        const key = name === '--cap-add' ? 'add' : 'drop'
        const capabilities = asObject(this.#options.capabilities)
        this.#options.capabilities = { ...capabilities, [key]: [...asList(capabilities[key]), value] }
        break
      }
      case '--network':
      case '--user':
      case '--workdir':
      case '--hostname':
      case '--platform':
      case '--runtime':
      case '--memory':
        this.#options[name.slice(2)] = value
        break
      default:
        this.#unknown.push(`'${name}'`)
    }
  }

  /** What stands after the image runs in the container while it is idle. A shell is no more than that. */
  #command(): void {
    const command = this.#words.splice(0)
    const [program = ''] = command
    if (command.length === 0 || /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|a)?sh$/.test(program)) return
    this.#unknown.push(`the command '${command.join(' ')}'`)
  }

  #add(option: string, value: string): void {
    this.#options[option] = [...asList(this.#options[option]), value]
  }
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
