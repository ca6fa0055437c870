import { apiError } from '../api-error.ts'
import type { IamInstanceProfile, IamInstanceProfileSpecification } from '../aws-sdk.ts'

/** A role. */
export interface Role {
  readonly name: string
  readonly arn: string
  readonly id: string
  readonly path: string
  readonly createdAt: number
  readonly assumeRolePolicy: string
  readonly description: string | undefined
  readonly tags: Map<string, string>
  /** Inline policies by their names. */
  readonly policies: Map<string, string>
  /** ARNs of managed policies. */
  readonly attached: Set<string>
}

/** An instance profile: how a role is given to instances. */
export interface InstanceProfile {
  readonly name: string
  readonly arn: string
  readonly id: string
  readonly path: string
  readonly createdAt: number
  /** EC2 knows of it from then on. Milliseconds since 1970. */
  readonly visibleAt: number
  readonly tags: Map<string, string>
  /** The name of its role; it can have one. */
  role: string | undefined
}

/** Identity and access management: one for all regions. */
export class IamState {
  readonly roles: Map<string, Role> = new Map<string, Role>()
  readonly profiles: Map<string, InstanceProfile> = new Map<string, InstanceProfile>()

  /**
   * What EC2 makes of a profile that a request names.
   * @throws ApiError `InvalidParameterValue` when there is none, or EC2 does not know of it yet
   */
  requireProfile({ Arn: arn, Name: name }: IamInstanceProfileSpecification, now: number): IamInstanceProfile {
    if (arn !== undefined && name !== undefined) {
      throw apiError(
        'InvalidParameterCombination',
        "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
      )
    }
    const found = [...this.profiles.values()].find((profile) => (arn === undefined ? profile.name === name : profile.arn === arn))
    if (found !== undefined && found.visibleAt <= now) return { Arn: found.arn, Id: found.id }
    const member = arn === undefined ? 'name' : 'arn'
    throw apiError(
      'InvalidParameterValue',
      `Value (${arn ?? name}) for parameter iamInstanceProfile.${member} is invalid. Invalid IAM Instance Profile ${member}`,
    )
  }
}
