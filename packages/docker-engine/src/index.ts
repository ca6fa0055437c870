export type {
  CommitOptions,
  ContainerDetails,
  ContainerPath,
  Containers,
  ContainerSpec,
  ExecRequest,
  ListedContainer,
  RunningExec,
} from './containers.ts'
export type { CallOptions, Engine, EngineOptions, EngineVersion, ProgressOptions, RegistryLogin } from './engine.ts'
export type {
  BuildRequest,
  ImageConfig,
  ImageDetails,
  Images,
  ImportOptions,
  PullOptions,
  PushedImage,
  PushOptions,
  RemoveImageOptions,
  RepositoryTag,
} from './images.ts'
