import { isDeepStrictEqual } from 'node:util'

import { literalText, lineDiff, similarity } from './closest-match.ts'
import type { CommandPattern } from './command-pattern.ts'
import { matchesCommand } from './command-pattern.ts'
import type { CommandRecord, UploadedFile, UploadRecord } from './machine-record.ts'

/** A text that is exactly this, or that a regular expression finds something in. */
export type TextPattern = string | RegExp

/** What else is expected of a command. What is left out may be anything. */
export interface CommandDetails {
  /** Variables that the command gets, among others. */
  readonly env?: Readonly<Record<string, TextPattern>>
  readonly cwd?: string
  /** What it gets on standard input. */
  readonly stdin?: TextPattern
}

/** What else is expected of an uploaded file. What is left out may be anything. */
export interface UploadDetails {
  readonly content?: TextPattern | Uint8Array
  /** Permission bits. */
  readonly mode?: number
  /** As asked for: `uid:gid`, or names. `'0:0'` when none was asked for. */
  readonly owner?: string
}

/** An upload as a whole, or one file of it. */
export type Uploaded = UploadedFile | UploadRecord

/** How a command differs from what is expected, a line each; nothing when it fits. */
export function commandDifferences(pattern: CommandPattern, details: CommandDetails, record: CommandRecord): readonly string[] {
  const wrong = matchesCommand(pattern, record) ? [] : [textDifference(pattern, closestLine(pattern, record))]
  for (const [name, expected] of Object.entries(details.env ?? {})) {
    const actual = record.env[name]
    if (!fits(expected, actual)) wrong.push(difference(`env ${name}: `, shown(expected), actual === undefined ? 'not set' : shown(actual)))
  }
  if (details.cwd !== undefined && details.cwd !== record.cwd) wrong.push(difference('cwd: ', details.cwd, record.cwd ?? 'not set'))
  if (details.stdin !== undefined && !fits(details.stdin, record.stdin)) {
    wrong.push(`stdin:\n${textDifference(details.stdin, record.stdin ?? '')}`)
  }
  return wrong
}

/** How close a command is to what is expected: 2 when at most details differ. */
export function commandCloseness(pattern: CommandPattern, record: CommandRecord): number {
  if (matchesCommand(pattern, record)) return 2
  const wanted = patternText(pattern)
  return Math.max(similarity(wanted, record.text), ...record.text.split('\n').map((line) => similarity(wanted, line)))
}

/** How an upload differs from what is expected, a line each; nothing when it fits. */
export function uploadDifferences(path: TextPattern, details: UploadDetails, upload: Uploaded): readonly string[] {
  const wrong = fits(path, pathOf(upload)) ? [] : [difference('', shown(path), pathOf(upload))]
  const file = 'kind' in upload ? upload.files.find((each) => each.path === upload.destination) : upload
  const { content, mode, owner } = details
  if (content !== undefined && !hasContent(content, file)) wrong.push(contentDifference(content, file))
  if (mode !== undefined && mode !== file?.mode) wrong.push(difference('mode: ', octal(mode), octal(file?.mode)))
  const actualOwner = file?.owner ?? ('kind' in upload ? upload.owner : undefined)
  if (owner !== undefined && owner !== actualOwner) wrong.push(difference('owner: ', owner, actualOwner ?? 'not asked for'))
  return wrong
}

/** How close a path is to what is expected: 2 when it fits. */
export function pathCloseness(expected: TextPattern, path: string): number {
  return fits(expected, path) ? 2 : similarity(patternText(expected), path)
}

/** Where an upload went. */
export function pathOf(upload: Uploaded): string {
  return 'kind' in upload ? upload.destination : upload.path
}

/** A pattern as a message shows it. */
export function shown(pattern: TextPattern): string {
  return typeof pattern === 'string' ? pattern : String(pattern)
}

/** Whether a text is what is expected. */
export function fits(expected: TextPattern, actual: string | undefined): boolean {
  if (actual === undefined) return false
  return typeof expected === 'string' ? expected === actual : new RegExp(expected, expected.flags.replace(/[gy]/g, '')).test(actual)
}

function hasContent(expected: TextPattern | Uint8Array, file: UploadedFile | undefined): boolean {
  if (file === undefined) return false
  if (expected instanceof Uint8Array) return isDeepStrictEqual(Uint8Array.from(expected), Uint8Array.from(file.content))
  return fits(expected, Buffer.from(file.content).toString('utf8'))
}

function contentDifference(expected: TextPattern | Uint8Array, file: UploadedFile | undefined): string {
  if (file === undefined) return '- content of a file\n+ a directory'
  if (expected instanceof Uint8Array) return difference('content: ', `${expected.length} bytes`, `${file.content.length} other bytes`)
  return `content:\n${textDifference(expected, Buffer.from(file.content).toString('utf8'))}`
}

function closestLine(pattern: CommandPattern, record: CommandRecord): string {
  if (patternText(pattern).includes('\n')) return record.text
  const wanted = patternText(pattern)
  const scored = record.text.split('\n').map((line) => ({ line: line.trim(), score: similarity(wanted, line) }))
  return scored.toSorted((a, b) => b.score - a.score)[0]?.line ?? ''
}

function textDifference(expected: TextPattern, actual: string): string {
  return typeof expected === 'string' ? lineDiff(expected, actual) : lineDiff(String(expected), actual)
}

function patternText(pattern: TextPattern): string {
  return typeof pattern === 'string' ? pattern : literalText(pattern)
}

function difference(what: string, expected: string, actual: string): string {
  return `- ${what}${expected}\n+ ${what}${actual}`
}

function octal(mode: number | undefined): string {
  return mode === undefined ? 'none' : `0o${mode.toString(8)}`
}
