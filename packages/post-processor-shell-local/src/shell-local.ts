import type { Artifact, PostProcessContext, PostProcessor, PostProcessorOptions, SameArtifact, Scope } from '@imago/core'
import { factsEnvironment, splitStepOptions } from '@imago/core'
import type { LocalScriptOptions } from '@imago/script'
import { localScriptIssues, runLocalScripts, scriptInputs, scriptTitle } from '@imago/script'

/** What `shellLocal` takes beside the common options of post-processors. */
export type ShellLocalOptions = LocalScriptOptions

/**
 * Runs shell scripts on this machine with the artifact at hand: as JSON on standard input and, in the environment, as
 * `IMAGO_ARTIFACT_TYPE`, `IMAGO_ARTIFACT_ID` and `IMAGO_ARTIFACT_FILES` (a path a line). The next post-processor of a chain gets the
 * same artifact.
 *
 * Fails with `COMMAND_FAILED` and the exit code when a script ends with another than `validExitCodes`, and with `TOOL_MISSING` when
 * there is no such interpreter.
 * @example shellLocal({ inline: ['scp "$IMAGO_ARTIFACT_FILES" mirror:/srv/images/'], only: ['oci'] })
 */
export function shellLocal<const O extends string = never, const X extends string = never>(
  options: ShellLocalOptions & PostProcessorOptions & Scope<O, X>,
): PostProcessor<Artifact, SameArtifact, NoInfer<O>, NoInfer<X>> {
  const { common, own: parts } = splitStepOptions(options)
  const own = parts as ShellLocalOptions // what is left when the common options are gone
  return {
    kind: 'post-processor',
    type: 'shell-local',
    ...common,
    options: own,
    title: scriptTitle(own, 'shell-local'),
    takes: 'any',
    makes: 'same',
    input: 'needed',
    validate: () => localScriptIssues(own),
    inputs: () => scriptInputs(own),
    cacheable: { never: 'it may do anything on this machine' },
    process: (artifact, context) => process(own, artifact, context),
  }
}

async function process(options: ShellLocalOptions, artifact: Artifact, context: PostProcessContext): Promise<SameArtifact> {
  const env = { ...factsEnvironment(context.facts), ...artifactEnvironment(artifact) }
  await runLocalScripts(options, context, { env, stdin: `${JSON.stringify(artifact)}\n` })
  return artifact as SameArtifact // stands for whatever type came in: see the type's description
}

function artifactEnvironment({ type, id, files = [] }: Artifact): Record<string, string> {
  return {
    IMAGO_ARTIFACT_TYPE: type,
    IMAGO_ARTIFACT_ID: id,
    IMAGO_ARTIFACT_FILES: files.map(({ path }) => path).join('\n'),
  }
}
