import { archiveFormats } from '@imago/archive'
import type { FromFacts, LocalInput, LocalOutput, PostProcessor, PostProcessorOptions, Scope } from '@imago/core'
import { optionSchema, splitStepOptions } from '@imago/core'
import * as v from 'valibot'

import type { BoxInput, Provider } from './box-input.ts'
import { providers, typesFor } from './box-input.ts'
import { versionRule } from './box-catalogue.ts'
import type { VagrantBoxArtifact } from './make-box.ts'
import { makeBox } from './make-box.ts'
import { nameIssues } from './included-files.ts'

/**
 * Ruby that is added to the box's Vagrantfile: from a file, relative to the definition, or as it stands here. A path that a function makes
 * is not looked for before the build, which may write the file. Packer: `vagrantfile_template`, `vagrantfile_template_generated`.
 */
export type VagrantfileSource = { readonly path: FromFacts<string> } | { readonly content: FromFacts<string> }

/** Where the box is entered, so that `vagrant box add` finds its versions. */
export interface CatalogueOptions {
  /** The JSON file, relative to the definition. Several builds, images and runs may share one. */
  readonly path: string
  /** The version of the box: digits, with dots between them. Made again, it replaces what stands there for the provider and processor. */
  readonly version: FromFacts<string>
  /** What the box is called when it is added: `'daisy/cow'`. A catalogue holds one box. @default the image's name */
  readonly boxName?: string
  /** Where users of the catalogue get the box: `'https://boxes.example.com/cow-1.2.box'`. @default the file's place on this machine, as `file:` */
  readonly url?: FromFacts<string>
  /** What the box is, for people. @default what the catalogue says already */
  readonly description?: string
}

/** What {@link vagrant} takes beside the common options. */
export interface VagrantOptions<P extends Provider | undefined = Provider | undefined> {
  /**
   * The file to write. A function gets the facts `provider` and `architecture` besides. What stands there is replaced.
   * Packer: `output`. @default `<image>-<build>.box`
   */
  readonly output?: FromFacts<string>
  /**
   * Whom the box is for. Named, any artifact of the right files will do: an OVA or OVF for `virtualbox`, qcow2 disks for `libvirt`.
   * Packer: `provider_override`. @default what the artifact is for
   */
  readonly provider?: P
  /** The processor, as Vagrant names it: `amd64`, `arm64`. Packer: `architecture`. @default what the artifact says, if it does */
  readonly architecture?: string
  /** Added to the box's Vagrantfile, after what the provider needs. @default nothing */
  readonly vagrantfile?: VagrantfileSource
  /** Files that go into the box beside its own, under their base names. Packer: `include`. @default none */
  readonly include?: FromFacts<readonly string[]>
  /** How hard to compress, as zlib counts: 0 (store) to 9. Packer: `compression_level`. @default 2 */
  readonly compressionLevel?: number
  /** How many cores to use. @default all */
  readonly threads?: number
  /** Enter the box in a catalogue. @default none is written */
  readonly catalogue?: CatalogueOptions
}

const [lowest, highest] = archiveFormats['tar.gz'].levels ?? [0, 9]
const schema = v.strictObject({
  output: v.optional(optionSchema.fromFacts(optionSchema.text)),
  provider: v.optional(v.picklist(providers)),
  architecture: v.optional(optionSchema.text),
  vagrantfile: v.optional(
    v.pipe(
      v.strictObject({
        path: v.exactOptional(optionSchema.fromFacts(optionSchema.text)),
        content: v.exactOptional(optionSchema.fromFacts(v.string())),
      }),
      v.check(({ path, content }) => (path === undefined) !== (content === undefined), "must have either 'path' or 'content'"),
    ),
  ),
  include: v.optional(optionSchema.fromFacts(v.array(optionSchema.text))),
  compressionLevel: v.optional(
    v.pipe(
      v.number(),
      v.integer('must be a whole number'),
      v.minValue(lowest, `must be ${lowest} to ${highest}`),
      v.maxValue(highest, `must be ${lowest} to ${highest}`),
    ),
  ),
  threads: v.optional(v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(1, 'must be 1 or more'))),
  catalogue: v.optional(
    v.strictObject({
      path: optionSchema.text,
      version: optionSchema.fromFacts(v.pipe(v.string(), v.regex(versionRule, "must be a version such as '1.2.0'"))),
      boxName: v.optional(optionSchema.text),
      url: v.optional(optionSchema.fromFacts(optionSchema.text)),
      description: v.optional(v.string()),
    }),
  ),
})

/**
 * Makes a Vagrant box of a machine: for VirtualBox of its OVA or OVF, for libvirt of qcow2 disks, for Docker of an image's name or of a
 * root file system, for AWS of the names of AMIs. It is read from where it is straight into the box, and compressed on all cores; nothing is copied first.
 * @throws ImagoError (from `process`) `UNSUPPORTED` when the artifact does not fit the provider, `INPUT_MISSING`, `TRANSFER_FAILED` for
 * an OVA that is damaged, `IMAGE_NOT_FOUND` when the engine has lost the image, `DEFINITION_INVALID` when what stands at the catalogue's
 * path is none of this box, `DISK_FULL`, `OUTPUT_UNWRITABLE`, `CANCELLED`
 * @example vagrant({ output: 'out/cow.box', catalogue: { path: 'out/cow.json', version: '1.2.0' } })
 */
export function vagrant<const P extends Provider | undefined = undefined, const O extends string = never, const X extends string = never>(
  options: VagrantOptions<P> & PostProcessorOptions & Scope<O, X> = {},
): PostProcessor<BoxInput<NoInfer<P>>, VagrantBoxArtifact, NoInfer<O>, NoInfer<X>> {
  const { common, own: parts } = splitStepOptions(options)
  const own: VagrantOptions = parts
  const { output, provider } = own
  return {
    kind: 'post-processor',
    type: 'vagrant',
    ...common,
    options: own,
    title: typeof output === 'string' ? output : 'vagrant',
    takes: provider === 'virtualbox' || provider === 'libvirt' ? 'files' : typesFor(provider),
    makes: { type: 'vagrant-box', files: true },
    input: 'kept',
    validate: () => [...optionSchema.schemaIssues(schema, own), ...nameIssues(own.include)],
    inputs: () => inputsOf(own),
    outputs: () => outputsOf(own),
    process: (input, ctx) => makeBox(input, { ...common, ...own }, ctx),
  }
}

/** Also of options that validation reports. What a function of facts names may be made by the build, and is looked for then. */
function inputsOf({ vagrantfile, include }: VagrantOptions): readonly LocalInput[] {
  const template = typeof vagrantfile === 'object' && 'path' in vagrantfile ? vagrantfile.path : undefined
  const files = Array.isArray(include) ? include : []
  return [
    ...(typeof template === 'string' ? [{ path: template, at: ['vagrantfile', 'path'], kind: 'file' as const }] : []),
    ...files.flatMap((path: unknown, index) => (typeof path === 'string' ? [{ path, at: ['include', index], kind: 'file' as const }] : [])),
  ]
}

function outputsOf({ output, catalogue }: VagrantOptions): readonly LocalOutput[] {
  return [
    ...(typeof output === 'string' ? [{ path: output, at: ['output'] }] : []),
    ...(typeof catalogue?.path === 'string' ? [{ path: catalogue.path, at: ['catalogue', 'path'], shared: true }] : []),
  ]
}
