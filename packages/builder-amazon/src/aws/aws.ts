import type { Operation, Operations, UploadInput } from './aws-sdk.ts'

/** How to reach AWS: what a journal can keep of it, so that another process finds the same account. Plain JSON, and no secret is in it. */
// oxlint-disable-next-line typescript/consistent-type-definitions -- an interface is no JsonObject
export type AwsReference = {
  readonly region: string
  /** A profile of the user's configuration. */
  readonly profile?: string
  readonly credentialsFile?: string
  /** A role that was assumed. */
  readonly roleArn?: string
  readonly externalId?: string
  readonly endpoint?: string
}

/** How to call an operation. */
export interface CallOptions {
  /** Ends the request, and the pause before it is tried again. */
  readonly signal: AbortSignal
}

/** How to upload a file. */
export interface UploadOptions {
  /** Of the file, in bytes. */
  readonly size: number
  readonly onProgress: (bytes: number) => void
}

/**
 * AWS, in one region, with one set of credentials: the seam of this package. Everything that it does at AWS goes through `call`.
 */
export interface Aws {
  readonly region: string
  /** What the journal keeps. */
  readonly reference: AwsReference
  /** What stands for EC2 instead of AWS, where something does. */
  readonly endpoint: string | undefined
  /**
   * Calls an operation of whichever service has it. A request whose answer is lost, or which is throttled, is tried again.
   * @throws ImagoError in terms of ours; `awsCode()` tells AWS's own code of it.
   */
  call<O extends Operation>(operation: O, input: Operations[O]['input'], options: CallOptions): Promise<Operations[O]['output']>
  /** Uploads a file to S3, in parts. */
  upload(input: UploadInput, options: CallOptions & UploadOptions): Promise<void>
  /** The same in another region. */
  in(region: string): Aws
}
