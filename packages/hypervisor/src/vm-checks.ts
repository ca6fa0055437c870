import { relative } from 'node:path'

import type { Issue, LocalInput } from '@imago/core'
import { prefixIssues } from '@imago/core'
import * as v from 'valibot'

import { bootCommandIssues } from './boot-command-issues.ts'
import type { PortRange } from './free-port.ts'
import { isPattern, matchingFiles, patternFolder } from './matching-files.ts'
import type { MediaSource } from './media-source.ts'
import { isRemote, localPath } from './source-url.ts'
import type { VmOptions } from './vm-options.ts'
import { mediaSourceSchema, vmEntries } from './vm-schema.ts'

/** What the options of `VmOptions` mean together, wherever they stand; what their schemas report is not looked at. Pure. */
export function vmIssuesTogether(options: object): readonly Issue[] {
  const { http, cd, floppy, boot } = sound(options)
  return [
    ...(boot?.command === undefined || typeof boot.command === 'function'
      ? []
      : prefixIssues(['boot', 'command'], bootCommandIssues(boot.command))),
    ...emptyIssues('http', http, ['directory', 'content']),
    ...emptyIssues('cd', cd, ['files', 'content']),
    ...emptyIssues('floppy', floppy, ['files', 'content']),
    ...portIssues(http?.ports),
  ]
}

/** What a machine that nobody can enter (communicator: 'none') cannot be asked for, wherever it stands. Pure. */
export function unreachableIssues(options: object): readonly Issue[] {
  if (memberOf(options, 'communicator') !== 'none') return []
  const rules: readonly [broken: boolean, issue: Issue][] = [
    [memberOf(options, 'ssh') !== undefined, { path: ['ssh'], message: "cannot stand beside communicator: 'none'" }],
    [
      memberOf(options, 'clearAuthorizedKey') === true,
      { path: ['clearAuthorizedKey'], message: "has nothing to remove: communicator is 'none', and no key is made" },
    ],
    [
      memberOf(options, 'result', 'format') === 'rootfs' || memberOf(options, 'result', 'rootfs') !== undefined,
      { path: ['result'], message: "cannot hold the file system: communicator is 'none', and it is taken over SSH" },
    ],
    [
      memberOf(options, 'shutdown', 'command') !== undefined,
      { path: ['shutdown', 'command'], message: "cannot run: communicator is 'none'" },
    ],
  ]
  return rules.flatMap(([broken, issue]) => (broken ? [issue] : []))
}

/** An option, or a member of it, of options that may be anything. */
export function memberOf(options: object, option: string, member?: string): unknown {
  const value: unknown = Reflect.get(options, option)
  if (member === undefined) return value
  return typeof value === 'object' && value !== null ? Reflect.get(value, member) : undefined
}

/** The local files that `VmOptions` name, as far as they are known before the build. Pure. */
export function vmInputs(options: object): readonly LocalInput[] {
  const { http, cd, floppy, boot } = sound(options)
  const command = typeof boot?.command === 'object' ? boot.command : []
  return [
    ...(http?.directory === undefined ? [] : [{ path: http.directory, at: ['http', 'directory'], kind: 'directory' as const }]),
    ...(cd?.files ?? []).flatMap((path, index) => fileInput(path, ['cd', 'files', index])),
    ...(floppy?.files ?? []).flatMap((path, index) => fileInput(path, ['floppy', 'files', index])),
    ...command.flatMap((element, index) =>
      typeof element === 'object' && element.type === 'wait-for-screen'
        ? [{ path: element.reference, at: ['boot', 'command', index, 'reference'], kind: 'file' as const }]
        : [],
    ),
  ]
}

/** A file or folder, or the folder of a pattern, unless that is the definition's own: nobody looks at all of that. */
function fileInput(path: string, at: LocalInput['at']): readonly LocalInput[] {
  if (!isPattern(path)) return [{ path, at }]
  const folder = patternFolder(path)
  return /^[./]*$/.test(folder) ? [] : [{ path: folder, at, kind: 'directory' }]
}

/**
 * The files and folders that patterns in `VmOptions` stand for now; `vmInputs` has no more than the folders that they are in.
 * @throws ImagoError `INPUT_MISSING` when nothing matches one
 */
export async function matchedInputs(options: object, directory: string): Promise<readonly LocalInput[]> {
  const { cd, floppy } = sound(options)
  const media = Object.entries({ cd, floppy }).flatMap(([name, medium]) =>
    (medium?.files ?? []).map((path, index) => ({ path, at: [name, 'files', index] })),
  )
  const found = media
    .filter(({ path }) => isPattern(path))
    .map(async ({ path, at }) =>
      (await matchingFiles(path, directory)).map((match): LocalInput => ({ path: relative(directory, match), at })),
    )
  return (await Promise.all(found)).flat()
}

/** The local file that a `MediaSource` is, or its file of checksums; none where there are mirrors to choose from. Pure. */
export function mediaInputs(source: unknown, at: LocalInput['at']): readonly LocalInput[] {
  if (!v.is(mediaSourceSchema, source)) return []
  const { url, checksum } = source as MediaSource // says its schema
  const urls = typeof url === 'string' ? [url] : url
  const file = (each: string, name: string): LocalInput[] =>
    isRemote(each) ? [] : [{ path: pathOf(each), at: [...at, name], kind: 'file' }]
  return [
    ...(urls.length === 1 ? urls.flatMap((each) => file(each, 'url')) : []),
    ...(typeof checksum === 'object' ? file(checksum.url, 'checksum') : []),
  ]
}

/** As it stands, for paths that are relative. */
function pathOf(url: string): string {
  return /^file:/i.test(url) ? localPath(url, '/') : url
}

/** The options that their schemas have nothing against. */
function sound(options: object): VmOptions {
  const entries = Object.entries(vmEntries).filter(([name, schema]) => v.is(schema, Reflect.get(options, name)))
  return Object.fromEntries(entries.map(([name]) => [name, Reflect.get(options, name)]))
}

function emptyIssues(name: string, option: object | undefined, either: readonly [string, string]): readonly Issue[] {
  if (option === undefined || either.some((member) => Reflect.get(option, member) !== undefined)) return []
  return [{ path: [name], message: `needs '${either[0]}' or '${either[1]}'` }]
}

function portIssues(ports: PortRange | undefined): readonly Issue[] {
  if (ports === undefined || ports[0] <= ports[1]) return []
  return [{ path: ['http', 'ports'], message: `the lowest port, ${ports[0]}, is higher than the highest, ${ports[1]}` }]
}
