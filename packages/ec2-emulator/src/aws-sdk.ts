import { createRequire } from 'node:module'

import type * as Ec2Module from '@aws-sdk/client-ec2'
import type * as IamModule from '@aws-sdk/client-iam'
import type * as KmsModule from '@aws-sdk/client-kms'
import type * as SecretsModule from '@aws-sdk/client-secrets-manager'
import type * as SsmModule from '@aws-sdk/client-ssm'
import type * as StsModule from '@aws-sdk/client-sts'
import type * as SchemaModule from '@smithy/core/schema'
import type { NormalizedSchema } from '@smithy/core/schema'

/** The types of the EC2 API as Amazon's own client declares them: requests and answers of the emulator are held to them. */
export type * from '@aws-sdk/client-ec2'
export type { InstanceProfile as ApiInstanceProfile, Role as ApiRole } from '@aws-sdk/client-iam'
export type { NormalizedSchema } from '@smithy/core/schema'

/** Input and output of each operation, by name, of a client's package. */
type OperationsOf<Module> = {
  readonly [Name in keyof Module as Name extends `${infer Operation}Command` ? Operation : never]: CommandTypes<Module[Name]>
}

type CommandTypes<Command> = Command extends abstract new (...args: never) => {
  readonly input: infer Input
  resolveMiddleware(...args: never): (...args: never) => Promise<{ readonly output: infer Output }>
}
  ? { readonly input: Input; readonly output: Omit<Output, '$metadata'> }
  : never

/** The operations of EC2 with the types of their inputs and outputs. */
export type Ec2Api = OperationsOf<typeof Ec2Module>
/** Those of Identity and Access Management. */
export type IamApi = OperationsOf<typeof IamModule>
/** Those of the Key Management Service. */
export type KmsApi = OperationsOf<typeof KmsModule>
/** Those of Systems Manager. */
export type SsmApi = OperationsOf<typeof SsmModule>
/** Those of Secrets Manager. */
export type SecretsApi = OperationsOf<typeof SecretsModule>
/** Those of the Security Token Service. */
export type StsApi = OperationsOf<typeof StsModule>

/** An operation as a client's package describes it: what Amazon's model says, not what we say. */
export interface OperationSchema {
  readonly name: string
  readonly input: NormalizedSchema
  readonly output: NormalizedSchema
}

const clientPackages = {
  ec2: '@aws-sdk/client-ec2',
  iam: '@aws-sdk/client-iam',
  kms: '@aws-sdk/client-kms',
  secretsmanager: '@aws-sdk/client-secrets-manager',
  ssm: '@aws-sdk/client-ssm',
  sts: '@aws-sdk/client-sts',
} as const

/** A service whose operations a client's package describes. */
export type SdkService = keyof typeof clientPackages

/**
 * The operations of a service, from the schemas that its client exports. Loaded with `require`: an `import` of these packages takes
 * twice as long.
 */
export function loadOperations(service: SdkService): ReadonlyMap<string, OperationSchema> {
  const require = createRequire(import.meta.url)
  const schema = require('@smithy/core/schema') as typeof SchemaModule // what the path holds
  const exported = Object.values(require(clientPackages[service]) as Readonly<Record<string, unknown>>) // a module's exports
  return new Map(
    exported
      .filter(isOperation)
      .map(([, , name, , input, output]) => [
        name,
        { name, input: schema.NormalizedSchema.of(input), output: schema.NormalizedSchema.of(output) },
      ]),
  )
}

type SchemaReference = Parameters<typeof NormalizedSchema.of>[0]
type StaticOperation = readonly [id: 9, namespace: string, name: string, traits: unknown, input: SchemaReference, output: SchemaReference]

/** A schema is an array whose first member says what it describes; 9 is an operation. */
function isOperation(value: unknown): value is StaticOperation {
  return Array.isArray(value) && value[0] === 9
}
