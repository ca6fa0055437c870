import type { Ec2Api, IamApi, KmsApi, SecretsApi, SsmApi, StsApi } from './aws-sdk.ts'
import type { Region } from './state/region.ts'
import type { World } from './state/world.ts'

/** What a handler gets beside its input. */
export interface Call {
  readonly world: World
  readonly region: Region
  /** The access key that signed the request. */
  readonly accessKeyId: string
  /** Milliseconds since 1970, by the endpoint's clock. */
  readonly now: number
}

/** Types of an operation. */
export interface OperationTypes {
  readonly input: object
  readonly output: object
}

/** How an operation is answered. */
export interface Operation<T extends OperationTypes = OperationTypes> {
  /** Refuses what is wrong, and changes nothing: all that a `DryRun` does. */
  check?(input: T['input'], call: Call): void
  run(input: T['input'], call: Call): T['output'] | Promise<T['output']>
}

/** Handlers for some operations of EC2, held to the types of Amazon's own client. */
export type Ec2Operations<Name extends keyof Ec2Api> = { readonly [N in Name]: Operation<Ec2Api[N]> }

/** Those of Identity and Access Management. */
export type IamOperations<Name extends keyof IamApi> = { readonly [N in Name]: Operation<IamApi[N]> }

/** Those of the Key Management Service. */
export type KmsOperations<Name extends keyof KmsApi> = { readonly [N in Name]: Operation<KmsApi[N]> }

/** Those of Secrets Manager. */
export type SecretsOperations<Name extends keyof SecretsApi> = { readonly [N in Name]: Operation<SecretsApi[N]> }

/** Those of Systems Manager. */
export type SsmOperations<Name extends keyof SsmApi> = { readonly [N in Name]: Operation<SsmApi[N]> }

/** Those of the Security Token Service. */
export type StsOperations<Name extends keyof StsApi> = { readonly [N in Name]: Operation<StsApi[N]> }
