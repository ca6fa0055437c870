/** How often a fault strikes, and where. */
export interface FaultScope {
  /** @default any */
  readonly region?: string
  /** How often it strikes; `Infinity` for as long as it is injected. @default 1 */
  readonly times?: number
  /** How many matching occasions it lets pass first. @default 0 */
  readonly after?: number
}

/** Which calls a fault strikes. */
export interface CallScope extends FaultScope {
  /** `RunInstances`, or several. @default any */
  readonly operation?: string | readonly string[]
}

/** A call is refused: `{ type: 'error', operation: 'RunInstances', code: 'VcpuLimitExceeded' }`. */
export interface ErrorFault extends CallScope {
  readonly type: 'error'
  readonly code: string
  /** @default the code */
  readonly message?: string
  /** Of the HTTP answer. @default the one that Amazon has for this code */
  readonly status?: number
}

/** A call comes too often: `RequestLimitExceeded`, and `Throttling` from services other than EC2. */
export interface ThrottleFault extends CallScope {
  readonly type: 'throttle'
}

/** The connection is cut before the call has its effect (`lost-request`), or after it (`lost-response`). */
export interface LostFault extends CallScope {
  readonly type: 'lost-request' | 'lost-response'
}

/** The answer comes late; with `Infinity`, never. */
export interface SlowAnswerFault extends CallScope {
  readonly type: 'slow-answer'
  readonly ms: number
}

/** No machine is free: `InsufficientInstanceCapacity`. */
export interface NoCapacityFault extends FaultScope {
  readonly type: 'no-capacity'
  /** @default any */
  readonly instanceType?: string
  /** `us-east-1a` @default any */
  readonly zone?: string
}

/** What is created cannot be seen yet (eventual consistency): describing it by id says that it is not there. */
export interface InvisibleFault extends FaultScope {
  readonly type: 'invisible'
  /** As tag specifications name it: `instance`, `image`, `key-pair`, `security-group`, `snapshot`, `instance-profile`. @default any */
  readonly resource?: string
  readonly ms: number
}

/** A new image fails: its state becomes `failed`. */
export interface ImageFailedFault extends FaultScope {
  readonly type: 'image-failed'
  /** Of the image. @default any */
  readonly name?: string
  /** @default both */
  readonly operation?: 'CreateImage' | 'CopyImage'
  /** What `StateReason` says. */
  readonly reason?: string
}

/** A new image takes longer than others. */
export interface SlowImageFault extends FaultScope {
  readonly type: 'slow-image'
  readonly ms: number
  /** Of the image. @default any */
  readonly name?: string
  /** @default both */
  readonly operation?: 'CreateImage' | 'CopyImage'
}

/** The next instance that runs is terminated by Amazon, so many milliseconds later. */
export interface TerminatedFault extends FaultScope {
  readonly type: 'terminated'
  readonly ms: number
  /** The code of its `StateReason`. @default 'Server.InternalError' */
  readonly code?: string
  readonly message?: string
}

/** The next spot instance that runs is interrupted, so many milliseconds later. */
export interface SpotInterruptionFault extends FaultScope {
  readonly type: 'spot-interruption'
  readonly ms: number
}

/** The credentials that the call comes with are worth nothing from then on. Others work. */
export interface ExpiredCredentialsFault extends CallScope {
  readonly type: 'expired-credentials'
}

/** The endpoint's clock is wrong by so many milliseconds: calls signed more than five minutes off it are refused. */
export interface ClockSkewFault {
  readonly type: 'clock-skew'
  readonly ms: number
}

/** The security groups of an instance stay in use for so much longer after its end: `DependencyViolation`. */
export interface SlowReleaseFault extends FaultScope {
  readonly type: 'slow-release'
  readonly ms: number
}

/** Something that goes wrong. Plain data. */
export type Fault =
  | ErrorFault
  | ThrottleFault
  | LostFault
  | SlowAnswerFault
  | NoCapacityFault
  | InvisibleFault
  | ImageFailedFault
  | SlowImageFault
  | TerminatedFault
  | SpotInterruptionFault
  | ExpiredCredentialsFault
  | ClockSkewFault
  | SlowReleaseFault
