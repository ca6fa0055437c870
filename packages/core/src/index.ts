export type { Artifact, ArtifactFile, ArtifactShape, DockerImageArtifact, FilesArtifact, SameArtifact } from './artifact.ts'
export type {
  Communicator,
  ExecOptions,
  ExecResult,
  Platform,
  RemoteEntry,
  RestartOptions,
  Source,
  TransferOptions,
  TransferProgress,
} from './communicator.ts'
export type { Connection, ConnectionKey, DockerConnection, SshConnection, SshServer } from './connection.ts'
export type {
  Builder,
  Cacheable,
  CacheConditions,
  LocalInput,
  LocalOutput,
  MadeBefore,
  PostProcessor,
  PostProcessorOptions,
  Provisioner,
  Retry,
  Scope,
  Snapshot,
  Snapshots,
  Step,
  StepOptions,
  Takes,
} from './component.ts'
export type {
  ArtifactsContext,
  BuildContext,
  ComponentContext,
  LookupContext,
  PostProcessContext,
  PreflightContext,
  ProvisionContext,
  SaveSnapshot,
  SnapshotContext,
  StepContext,
} from './context.ts'
export type { CachedSnapshot } from './cache/cache-store.ts'
export { cacheStatus } from './cache/cache-status.ts'
export type { CacheStatus, StepCacheStatus } from './cache/cache-status.ts'
export { cachedSnapshots, pruneCache } from './cache/housekeeping.ts'
export type { PrunedSnapshot, PruneOptions } from './cache/housekeeping.ts'
export { inputDigest } from './cache/input-digest.ts'
export { didYouMean, nameHint } from './did-you-mean.ts'
export { formatDuration, milliseconds, parseDuration } from './duration.ts'
export type { Duration } from './duration.ts'
export { abortError, errorToJson, fileSystemError, ImagoError, isImagoError, messageOf, systemCode, toImagoError } from './error.ts'
export type { ErrorCode, ErrorJson, ImagoErrorOptions } from './error.ts'
export type {
  ArtifactRemoved,
  BuildEvent,
  BuildFinished,
  BuildRef,
  BuildStarted,
  Emit,
  EventListener,
  Message,
  Output,
  OutputSink,
  Progress,
  ResourceChanged,
  ResourceRef,
  RunFinished,
  RunStarted,
  Status,
  StepCached,
  StepFinished,
  StepRef,
  StepStarted,
} from './event.ts'
export { factsEnvironment, resolveFacts } from './facts.ts'
export { withFileLock } from './file-lock.ts'
export { replaceFile, writeOutputFile } from './output-file.ts'
export type { OutputContent, OutputContext, OutputOptions } from './output-file.ts'
export type { FileLockOptions } from './file-lock.ts'
export type { Facts, FromFacts } from './facts.ts'
export { artifactOf, defineImage, isArtifactReference, isImage } from './image.ts'
export type { ArtifactReference, Image, ImageDefinition, Retention } from './image.ts'
export { formatPath, prefixIssues } from './issue.ts'
export type { Issue } from './issue.ts'
export type { Json, JsonObject } from './json.ts'
export { runLocal } from './local-process.ts'
export type { LocalCommand } from './local-process.ts'
export * as optionSchema from './option-schema.ts'
export { shellExports, shellJoin, shellQuote } from './posix.ts'
export type { AcquireRequest, DoctorCheck, FoundResource, Plugin, Resource, ResourceKind, ResourceRecord, Resources } from './resources.ts'
export { isSecret, reveal, secret } from './secret.ts'
export type { Secret } from './secret.ts'
export { killProcessTree, openShellSession } from './shell-session.ts'
export type { ProcessTreeOptions, SessionExecOptions, ShellSession, ShellSessionOptions, ShellTransport } from './shell-session.ts'
export { splitStepOptions } from './step-options.ts'
export type { ArtifactOf, BuildName, Builders, Chain } from './wiring.ts'
export { withBases } from './image-graph.ts'
export { isParameterized, parameterized, resolveParameters } from './parameters.ts'
export type { ParameterizedImage, ParameterSources } from './parameters.ts'
export { plan } from './plan.ts'
export type { Plan, PlannedBuild, PlannedStep } from './plan.ts'
export { preflight } from './preflight.ts'
export { isOwnerAlive, processOwner } from './process-owner.ts'
export { noMachine } from './no-machine.ts'
export { progressReporter } from './progress-reporter.ts'
export type { ProgressReporter } from './progress-reporter.ts'
export type { Material } from './provenance/material.ts'
export { digestOf } from './provenance/material.ts'
export type { ProvenArtifact, Provenance } from './provenance/provenance.ts'
export { readAhead } from './read-ahead.ts'
export type { BuildReport, Report, StepReport } from './report.ts'
export { retain } from './retention/retain.ts'
export type { RetainOptions } from './retention/retain.ts'
export type { RetiredArtifact } from './retention/retire.ts'
export { run } from './run.ts'
export type { BuildId } from './selection.ts'
export type {
  CacheOptions,
  EditedDefinition,
  OnError,
  OnErrorAnswer,
  OnErrorPolicy,
  ProvenanceOptions,
  RunOptions,
  Selection,
  StepFailure,
} from './run-options.ts'
export { sweep } from './sweep.ts'
export type { SweepOptions, SweptResource } from './sweep.ts'
export { validate } from './validate.ts'
export { build, BuildError } from './build.ts'
export type { Artifacts } from './build.ts'
export { plugin } from './plugin.ts'
export { timeLimit } from './time-limit.ts'
export { wait } from './wait.ts'
