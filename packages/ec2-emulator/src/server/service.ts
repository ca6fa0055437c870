import type { OperationSchema, SdkService } from '../aws-sdk.ts'
import { loadOperations } from '../aws-sdk.ts'
import { ec2Operations } from '../ec2/operations.ts'
import { instanceProfileOperations } from '../iam/instance-profiles.ts'
import { roleOperations } from '../iam/roles.ts'
import { keyOperations } from '../kms/keys.ts'
import type { Operation } from '../operation.ts'
import { secretOperations } from '../secrets/secrets.ts'
import { parameterOperations } from '../ssm/parameters.ts'
import { sessionOperations } from '../ssm/sessions.ts'
import { tokenServiceOperations } from '../sts/token-service.ts'

/** How a service's requests and answers are written. */
export type Protocol = 'ec2' | 'query' | 'json'

/** A service, as the dispatcher needs it. */
export interface Service {
  /** As signatures name it. */
  readonly name: SdkService
  readonly protocol: Protocol
  /** XML namespace of its answers. */
  readonly namespace: string
  /** All that Amazon has, by name. */
  schemas(): ReadonlyMap<string, OperationSchema>
  /** Those that the emulator answers. */
  readonly operations: Readonly<Record<string, Operation>>
}

/** The services that are called with operations; S3 is apart. */
export function services(): ReadonlyMap<string, Service> {
  const all = [
    service('ec2', { protocol: 'ec2', namespace: 'http://ec2.amazonaws.com/doc/2016-11-15/', operations: ec2Operations }),
    service('iam', {
      protocol: 'query',
      namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
      operations: { ...roleOperations, ...instanceProfileOperations },
    }),
    service('sts', { protocol: 'query', namespace: 'https://sts.amazonaws.com/doc/2011-06-15/', operations: tokenServiceOperations }),
    service('ssm', { protocol: 'json', namespace: '', operations: { ...parameterOperations, ...sessionOperations } }),
    service('kms', { protocol: 'json', namespace: '', operations: keyOperations }),
    service('secretsmanager', { protocol: 'json', namespace: '', operations: secretOperations }),
  ]
  return new Map(all.map((each) => [each.name, each]))
}

/** A service whose schemas are loaded when it is first called: each client's package takes its time. */
function service(name: SdkService, rest: Omit<Service, 'name' | 'schemas'>): Service {
  let loaded: ReadonlyMap<string, OperationSchema> | undefined
  return { name, ...rest, schemas: () => (loaded ??= loadOperations(name)) }
}
