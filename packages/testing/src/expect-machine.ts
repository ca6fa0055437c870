import { AssertionError } from 'node:assert/strict'

import { closest } from './closest-match.ts'
import type { CommandPattern } from './command-pattern.ts'
import { matchesCommand, showPattern } from './command-pattern.ts'
import type { FakeMachine } from './fake-machine.ts'
import type { CommandDetails, TextPattern, UploadDetails, Uploaded } from './machine-matchers.ts'
import { commandCloseness, commandDifferences, fits, pathCloseness, pathOf, shown, uploadDifferences } from './machine-matchers.ts'
import type { CommandRecord, MachineRecord } from './machine-record.ts'

/** One of the things that {@link MachineExpectation.inOrder} looks for: a command, an upload, a download or a restart. */
export type OrderedStep =
  | CommandPattern
  | ({ readonly command: CommandPattern } & CommandDetails)
  | ({ readonly upload: TextPattern } & UploadDetails)
  | { readonly download: TextPattern }
  | { readonly restart: true }

/** How often something is expected. */
export interface Times {
  /** @default at least once */
  readonly times?: number
}

/** What is expected of a machine. Each method throws an `AssertionError` that shows the closest thing that did happen. */
export class MachineExpectation {
  readonly #machine: FakeMachine

  constructor(machine: FakeMachine) {
    this.#machine = machine
  }

  /** A command ran: a whole command or line of one as text, or a regular expression on all of it, and its standard input. */
  toHaveRun(pattern: CommandPattern, details: CommandDetails & Times = {}): this {
    const { commands } = this.#machine
    const found = commands.filter((record) => commandDifferences(pattern, details, record).length === 0)
    if (details.times === undefined ? found.length > 0 : found.length === details.times) return this
    const what = `a command ${showPattern(pattern)}`
    if (found.length > 0) return this.#fail(`expected ${what} ${details.times} times, but it ran ${found.length} times`)
    const near = closest(commands, (record) => commandCloseness(pattern, record))
    return this.#fail(
      `expected ${what}`,
      near === undefined ? 'no command ran' : describeNear(commands, near, commandDifferences(pattern, details, near)),
    )
  }

  /** No such command ran. */
  notToHaveRun(pattern: CommandPattern): this {
    const { commands } = this.#machine
    const found = commands.find((record) => matchesCommand(pattern, record))
    if (found === undefined) return this
    return this.#fail(`expected no command ${showPattern(pattern)}, but there was ${numbered(commands, found)}\n${indent(found.text)}`)
  }

  /** A file came to this path of the machine: by itself, or in a directory. A directory counts where it was uploaded as such. */
  toHaveUploaded(path: TextPattern, details: UploadDetails & Times = {}): this {
    const uploads = this.#uploads()
    const found = uploads.filter((upload) => uploadDifferences(path, details, upload).length === 0)
    if (details.times === undefined ? found.length > 0 : found.length === details.times) return this
    const what = `an upload to ${shown(path)}`
    if (found.length > 0) return this.#fail(`expected ${what} ${details.times} times, but there were ${found.length}`)
    const near = closest(uploads, (upload) => pathCloseness(path, pathOf(upload)))
    return this.#fail(
      `expected ${what}`,
      near === undefined ? 'nothing was uploaded' : describeNear(uploads, near, uploadDifferences(path, details, near)),
    )
  }

  /** Nothing came to this path. */
  notToHaveUploaded(path: TextPattern): this {
    const found = this.#uploads().find((upload) => uploadDifferences(path, {}, upload).length === 0)
    if (found === undefined) return this
    return this.#fail(`expected no upload to ${shown(path)}, but there was one to ${pathOf(found)}`)
  }

  /** A file or directory of the machine was downloaded. */
  toHaveDownloaded(source: TextPattern): this {
    const downloads = this.#machine.records.filter((record) => record.kind === 'download')
    if (downloads.some((record) => fits(source, record.source))) return this
    const near = closest(downloads, (record) => pathCloseness(source, record.source))
    return this.#fail(
      `expected a download of ${shown(source)}`,
      near === undefined ? 'nothing was downloaded' : `the closest is one of ${near.source}`,
    )
  }

  /** The machine was restarted. */
  toHaveRestarted({ times }: Times = {}): this {
    const count = this.#machine.records.filter((record) => record.kind === 'restart').length
    if (times === undefined ? count > 0 : count === times) return this
    if (count === 0) return this.#fail('expected a restart, but there was none')
    return this.#fail(`expected ${times} restarts, but there were ${count}`)
  }

  /** These happened in this order; other things may have happened in between. */
  inOrder(steps: readonly OrderedStep[]): this {
    const { records } = this.#machine
    let at = 0
    for (const [index, step] of steps.entries()) {
      const found = records.findIndex((record, position) => position >= at && isStep(step, record))
      if (found === -1) return this.#failOrder(steps, index, at)
      at = found + 1
    }
    return this
  }

  #failOrder(steps: readonly OrderedStep[], index: number, at: number): never {
    const { records } = this.#machine
    const step = steps[index]
    const before = step === undefined ? -1 : records.findIndex((record) => isStep(step, record))
    const last = steps[index - 1]
    const place = last === undefined ? '' : ` after ${showStep(last)}`
    const earlier = before !== -1 && before < at ? `, but it came before that, as ${before + 1} of ${records.length}` : ''
    const list = records.map((record, position) => `${position + 1}. ${showRecord(record)}`).join('\n')
    return this.#fail(
      `expected ${step === undefined ? 'a step' : showStep(step)}${place}${earlier}`,
      list === '' ? 'nothing happened' : `what happened:\n${indent(list)}`,
    )
  }

  #uploads(): readonly Uploaded[] {
    return this.#machine.records
      .filter((record) => record.kind === 'upload')
      .flatMap((record) => [...(record.files.some(({ path }) => path === record.destination) ? [] : [record]), ...record.files])
  }

  #fail(...lines: readonly string[]): never {
    throw new AssertionError({ message: `${this.#machine.name}: ${lines.join('\n')}` })
  }
}

/**
 * Says what is expected of a fake machine. Works in every test runner.
 * @throws AssertionError when it is not so, with the closest thing that did happen.
 * @example expectMachine(machine).toHaveRun(/apt-get install/).toHaveUploaded('/etc/motd', { mode: 0o644 })
 */
export function expectMachine(machine: FakeMachine): MachineExpectation {
  return new MachineExpectation(machine)
}

function isStep(step: OrderedStep, record: MachineRecord): boolean {
  if (typeof step === 'string' || step instanceof RegExp) return record.kind === 'command' && matchesCommand(step, record)
  if ('command' in step) return record.kind === 'command' && commandDifferences(step.command, step, record).length === 0
  if ('download' in step) return record.kind === 'download' && fits(step.download, record.source)
  if ('restart' in step) return record.kind === 'restart'
  return record.kind === 'upload' && [record, ...record.files].some((upload) => uploadDifferences(step.upload, step, upload).length === 0)
}

function showStep(step: OrderedStep): string {
  if (typeof step === 'string' || step instanceof RegExp) return `a command ${showPattern(step)}`
  if ('command' in step) return `a command ${showPattern(step.command)}`
  if ('restart' in step) return 'a restart'
  return 'upload' in step ? `an upload to ${shown(step.upload)}` : `a download of ${shown(step.download)}`
}

function showRecord(record: MachineRecord): string {
  if (record.kind === 'command') return `command ${record.text.replaceAll('\n', '\n   ')}`
  if (record.kind === 'upload') return `upload to ${record.destination}`
  return record.kind === 'download' ? `download of ${record.source}` : 'restart'
}

function describeNear<T extends CommandRecord | Uploaded>(all: readonly T[], near: T, differences: readonly string[]): string {
  return `the closest is ${numbered(all, near)}:\n${indent(differences.join('\n'))}`
}

function numbered<T extends CommandRecord | Uploaded>(all: readonly T[], one: T): string {
  const what = 'text' in one ? 'command' : 'upload'
  return `${what} ${all.indexOf(one) + 1} of ${all.length}`
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '  ')
}
