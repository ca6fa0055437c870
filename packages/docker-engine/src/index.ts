export { connectEngine } from './connect-engine.ts'
export type {
  CommitOptions,
  ContainerDetails,
  ContainerPath,
  Containers,
  ContainerSpec,
  ExecRequest,
  ListedContainer,
  RunningExec,
  StopOptions,
} from './containers.ts'
export { containerLost } from './engine-error.ts'
export type { CallOptions, Engine, EngineOptions, EngineVersion, ProgressOptions } from './engine.ts'
export { hasImage } from './has-image.ts'
export type { NetworkDetails, Networks } from './networks.ts'
export type {
  BuildRequest,
  ImageConfig,
  ImageDetails,
  Images,
  ImportOptions,
  ListedImage,
  PullOptions,
  PushedImage,
  PushOptions,
  RegistryOptions,
  RemoveImageOptions,
  RepositoryTag,
} from './images.ts'
