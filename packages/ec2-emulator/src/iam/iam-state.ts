import { apiError } from '../api-error.ts'
import type { IamInstanceProfile, IamInstanceProfileSpecification } from '../aws-sdk.ts'

/** What roles and profiles have in common. */
export interface IamEntity {
  readonly name: string
  readonly arn: string
  readonly id: string
  readonly path: string
  readonly createdAt: Date
  /** Others see it from then on. Milliseconds since 1970. */
  readonly visibleAt: number
  /** There from the start. */
  readonly seeded: boolean
  readonly tags: Map<string, string>
}

/** A role. */
export interface Role extends IamEntity {
  readonly assumeRolePolicy: string
  readonly description: string | undefined
  /** Seconds. */
  readonly maxSession: number
  /** Inline policies by their names. */
  readonly policies: Map<string, string>
  /** ARNs of managed policies. */
  readonly attached: Set<string>
}

/** An instance profile: how a role is given to instances. */
export interface InstanceProfile extends IamEntity {
  /** The name of its role; it can have one. */
  role: string | undefined
}

/** Identity and access management: one for all regions. */
export class IamState {
  readonly roles: Map<string, Role> = new Map()
  readonly profiles: Map<string, InstanceProfile> = new Map()

  /** @throws ApiError `NoSuchEntity` */
  requireRole(name: string | undefined, now: number): Role {
    const role = this.roles.get(name ?? '')
    if (role !== undefined && role.visibleAt <= now) return role
    throw apiError('NoSuchEntity', `The role with name ${name} cannot be found.`)
  }

  /** @throws ApiError `NoSuchEntity` */
  requireInstanceProfile(name: string | undefined, now: number): InstanceProfile {
    const profile = this.profiles.get(name ?? '')
    if (profile !== undefined && profile.visibleAt <= now) return profile
    throw apiError('NoSuchEntity', `Instance Profile ${name} cannot be found.`)
  }

  /**
   * What EC2 makes of a profile that a request names; `undefined` when it names none.
   * @throws ApiError `InvalidParameterValue` when there is none, or EC2 does not know of it yet
   */
  requireProfile({ Arn: arn, Name: name }: IamInstanceProfileSpecification, now: number): IamInstanceProfile | undefined {
    if (arn === undefined && name === undefined) return undefined
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
