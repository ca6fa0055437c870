import type { OperationSchema } from '../aws-sdk.ts'
import { loadOperations } from '../aws-sdk.ts'
import type { Operation } from '../operation.ts'

/** How a service's requests and answers are written. */
export type Protocol = 'ec2' | 'query' | 'json'

/** A service, as the dispatcher needs it. */
export interface Service {
  /** As signatures name it. */
  readonly name: string
  readonly protocol: Protocol
  /** XML namespace of its answers. */
  readonly namespace: string
  /** All that Amazon has, by name. */
  readonly schemas: ReadonlyMap<string, OperationSchema>
  /** Those that the emulator answers. */
  readonly operations: Readonly<Record<string, Operation>>
}

/** EC2, as far as the emulator has it. */
export function ec2Service(operations: Readonly<Record<string, Operation>>): Service {
  return {
    name: 'ec2',
    protocol: 'ec2',
    namespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
    schemas: loadOperations('ec2'),
    operations,
  }
}
