import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { ArchiveEntry } from '@imago/archive'
import { writeArchive } from '@imago/archive'
import type {
  Artifact,
  ArtifactFile,
  DockerImageArtifact,
  FilesArtifact,
  JsonObject,
  PostProcessContext,
  PostProcessorOptions,
} from '@imago/core'
import { ImagoError, progressReporter, resolveFacts } from '@imago/core'

import { awsBox } from './aws-box.ts'
import { checkCatalogue, enterBox } from './box-catalogue.ts'
import type { BoxContent } from './box-content.ts'
import type { Provider } from './box-input.ts'
import { providerOfType } from './box-input.ts'
import { imageBox, rootfsBox } from './docker-box.ts'
import { lookUpImage } from './docker-image.ts'
import { checkNames, includedFiles } from './included-files.ts'
import { libvirtBox } from './libvirt-box.ts'
import type { VagrantOptions } from './vagrant.ts'
import { userContent, vagrantfileText } from './vagrantfile.ts'
import { virtualBoxBox } from './virtualbox-box.ts'

/** A Vagrant box. */
export interface VagrantBoxArtifact extends FilesArtifact {
  readonly type: 'vagrant-box'
  /** The path of the box. */
  readonly id: string
  readonly files: readonly [ArtifactFile]
  readonly provider: Provider
  /** As Vagrant names it: `amd64`. Absent when nobody could tell. */
  readonly architecture?: string
}

/** The options, and the user's word on the input. */
type BoxOrder = VagrantOptions & Pick<PostProcessorOptions, 'keepInputArtifact'>

/** Makes the box, and enters it in its catalogue; both, or neither. @throws ImagoError as `vagrant` says */
export async function makeBox(input: Artifact, options: BoxOrder, ctx: PostProcessContext): Promise<VagrantBoxArtifact> {
  const provider = options.provider ?? providerOfType(input.type)
  if (provider === undefined) {
    throw new ImagoError('UNSUPPORTED', `no box can be made of '${input.id}' (${input.type})`, { hint: "say for whom with 'provider'" })
  }
  const content = await contents[provider](input, options, ctx.signal)
  const architecture = options.architecture ?? content.architecture
  const about = { provider, ...(architecture !== undefined && { architecture }) }
  const withFacts = { ...ctx, facts: { ...ctx.facts, ...about } }
  const name = options.output === undefined ? `${ctx.image}-${ctx.build}.box` : resolveFacts(options.output, withFacts.facts)
  const path = resolve(ctx.directory, name)
  const { catalogue } = options
  if (catalogue !== undefined) await checkCatalogue(catalogue, withFacts)
  const entries = await boxEntries({ ...about, ...content.metadata }, content, options, withFacts)
  const total = entries.reduce((sum, { size }) => sum + size, 0)
  const { compressionLevel: level, threads } = options
  const onRead = progressReporter(`pack ${name}`, ctx.emit, total).add
  const file = await writeArchive(path, entries, { format: 'tar.gz', level, threads, onRead }, ctx)
  try {
    if (catalogue !== undefined) await enterBox(catalogue, { ...about, file }, withFacts)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
  return { type: 'vagrant-box', id: path, files: [file], ...about }
}

/** Says what a provider needs in a box, of an artifact. */
type Content = (input: Artifact, order: BoxOrder, signal: AbortSignal) => Promise<BoxContent>

const contents: Readonly<Record<Provider, Content>> = {
  virtualbox: (input, _, signal) => virtualBoxBox(input, signal),
  libvirt: (input) => libvirtBox(input),
  docker: async (input, order, signal) =>
    isDockerImage(input) ? imageBox(await lookUpImage(checkKept(input, order, input.digests.length > 0), signal)) : await rootfsBox(input),
  aws: (input, order) => Promise.resolve(awsBox(checkKept(input, order, false))),
}

function isDockerImage(input: Artifact): input is DockerImageArtifact {
  return input.type === 'docker-image'
}

/** A box that names an image is nothing when that image is removed, unless it is elsewhere too. */
function checkKept<A extends Artifact>(input: A, { keepInputArtifact }: BoxOrder, isElsewhere: boolean): A {
  if (keepInputArtifact !== false || isElsewhere) return input
  throw new ImagoError('DEFINITION_INVALID', `the box would name the image '${input.id}', which keepInputArtifact: false removes`, {
    hint: `leave keepInputArtifact out${input.type === 'docker-image' ? ', or push the image first' : ''}`,
  })
}

/** What Vagrant reads first comes first. Times are those of the machine's files, modes are not: the same files make the same box. */
async function boxEntries(
  metadata: JsonObject,
  content: BoxContent,
  { vagrantfile, include }: VagrantOptions,
  ctx: PostProcessContext,
): Promise<readonly ArchiveEntry[]> {
  const included = await includedFiles(include, ctx)
  const mtimeMs = Math.max(0, ...[...content.entries, ...included].map((entry) => entry.mtimeMs))
  const text = (name: string, value: string): ArchiveEntry => {
    const bytes = Buffer.from(value)
    return { name, size: bytes.length, mode: 0o644, mtimeMs, content: bytes }
  }
  const entries = [
    text('metadata.json', `${JSON.stringify(metadata, undefined, 2)}\n`),
    text('Vagrantfile', vagrantfileText(content.vagrantfile, await userContent(vagrantfile, ctx))),
    ...included,
    ...content.entries.map((entry) => ({ ...entry, mode: 0o644 })),
  ]
  checkNames(entries)
  return entries
}
