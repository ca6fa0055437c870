import { apiError } from '../api-error.ts'
import type { IpPermission, SecurityGroup, SecurityGroupRule } from '../aws-sdk.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import { describe, view } from '../state/describe.ts'
import type { FilterFields } from '../state/filters.ts'
import type { Region } from '../state/region.ts'
import type { Resource } from '../state/table.ts'
import { readTagSpecifications } from '../state/tags.ts'
import { checkPermissions, permissionKey, splitPermissions } from './ip-permissions.ts'

const filters: FilterFields<Resource<SecurityGroup>> = {
  'group-id': ({ id }) => id,
  'group-name': ({ data }) => data.GroupName,
  description: ({ data }) => data.Description,
  'vpc-id': ({ data }) => data.VpcId,
  'owner-id': ({ data }) => data.OwnerId,
  'ip-permission.cidr': ({ data }) => data.IpPermissions?.flatMap(({ IpRanges = [] }) => IpRanges.map(({ CidrIp }) => CidrIp)),
  'ip-permission.from-port': ({ data }) => data.IpPermissions?.map(({ FromPort }) => FromPort),
  'ip-permission.to-port': ({ data }) => data.IpPermissions?.map(({ ToPort }) => ToPort),
  'ip-permission.protocol': ({ data }) => data.IpPermissions?.map(({ IpProtocol }) => IpProtocol),
}

/** Everything out: what a group starts with. */
const allowAll: IpPermission = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }

/** The rules that the emulator knows of a group. */
export interface GroupRequest {
  readonly GroupId?: string | undefined
  readonly GroupName?: string | undefined
  readonly IpPermissions?: IpPermission[] | undefined
  readonly IpProtocol?: string | undefined
  readonly FromPort?: number | undefined
  readonly ToPort?: number | undefined
  readonly CidrIp?: string | undefined
}

/** Security groups. */
export const securityGroupOperations: Ec2Operations<
  | 'CreateSecurityGroup'
  | 'DescribeSecurityGroups'
  | 'DeleteSecurityGroup'
  | 'AuthorizeSecurityGroupIngress'
  | 'AuthorizeSecurityGroupEgress'
  | 'RevokeSecurityGroupIngress'
  | 'RevokeSecurityGroupEgress'
> = {
  CreateSecurityGroup: {
    check({ GroupName: name = '', Description: description = '', VpcId, TagSpecifications }, { region, now }) {
      readTagSpecifications(TagSpecifications, ['security-group'])
      checkText(name, 'GroupName')
      checkText(description, 'GroupDescription')
      if (name.startsWith('sg-')) throw apiError('InvalidParameterValue', `Group names may not be in the format sg-*: '${name}'`)
      const vpc = region.vpcs.require(VpcId ?? defaultVpc(region), now).id
      if (region.securityGroups.all().some(({ data }) => data.GroupName === name && data.VpcId === vpc)) {
        throw apiError('InvalidGroup.Duplicate', `The security group '${name}' already exists for VPC '${vpc}'`)
      }
    },
    run({ GroupName, Description, VpcId, TagSpecifications }, { world, region }) {
      const { securityGroups } = region
      const tags = readTagSpecifications(TagSpecifications, ['security-group'])('security-group')
      const data: SecurityGroup = { GroupName, Description, VpcId: VpcId ?? defaultVpc(region), OwnerId: world.account }
      const group = world.create(region, securityGroups.names, { data, tags })
      Object.assign(group.data, { GroupId: group.id, IpPermissions: [], IpPermissionsEgress: [allowAll] })
      securityGroups.add(group)
      return { GroupId: group.id, Tags: view(group).Tags }
    },
  },
  DescribeSecurityGroups: {
    run({ GroupIds, GroupNames = [], Filters, ...page }, { world, region }) {
      const names = GroupNames.length === 0 ? [] : [{ Name: 'group-name', Values: GroupNames }]
      const request = { ids: GroupIds, filters: [...(Filters ?? []), ...names], fields: filters, ...page }
      const { items, nextToken } = describe(world, region.securityGroups, request)
      const missing = GroupNames.find((name) => !items.some(({ data }) => data.GroupName === name))
      if (missing !== undefined) throw apiError('InvalidGroup.NotFound', `The security group '${missing}' does not exist in default VPC`)
      return { SecurityGroups: items.map(view), NextToken: nextToken }
    },
  },
  DeleteSecurityGroup: {
    check(input, call) {
      const group = requireGroup(input, call)
      if (group.data.GroupName === 'default')
        throw apiError('CannotDelete', `the specified group: "${group.id}" name: "default" cannot be deleted by a user`)
      const user = call.region.instances.all().find(({ data, releasedAt = Infinity }) => {
        return releasedAt > call.now && data.SecurityGroups?.some(({ GroupId }) => GroupId === group.id) === true
      })
      const referrer = call.region.securityGroups.all().find(({ id, data }) => id !== group.id && refersTo(data, group.id))
      if (user !== undefined || referrer !== undefined) {
        throw apiError('DependencyViolation', `resource ${group.id} has a dependent object`)
      }
    },
    run(input, call) {
      const group = requireGroup(input, call)
      call.region.securityGroups.remove(group.id)
      return { Return: true, GroupId: group.id }
    },
  },
  AuthorizeSecurityGroupIngress: {
    check: (input, call) => void addedRules(input, call, 'IpPermissions'),
    run: (input, call) => authorize(input, call, 'IpPermissions'),
  },
  AuthorizeSecurityGroupEgress: {
    check: (input, call) => void addedRules(input, call, 'IpPermissionsEgress'),
    run: (input, call) => authorize(input, call, 'IpPermissionsEgress'),
  },
  RevokeSecurityGroupIngress: { run: (input, call) => revoke(input, call, 'IpPermissions') },
  RevokeSecurityGroupEgress: { run: (input, call) => revoke(input, call, 'IpPermissionsEgress') },
}

type Direction = 'IpPermissions' | 'IpPermissionsEgress'

function addedRules(input: GroupRequest, call: Call, direction: Direction) {
  const group = requireGroup(input, call)
  const permissions = permissionsOf(input)
  checkPermissions(permissions)
  const rules = splitPermissions(permissions)
  const known = new Set((group.data[direction] ?? []).map(permissionKey))
  const twice = rules.find((rule) => known.has(permissionKey(rule)))
  if (twice !== undefined) throw apiError('InvalidPermission.Duplicate', `the specified rule "${describeRule(twice)}" already exists`)
  return { group, rules }
}

function authorize(input: GroupRequest, call: Call, direction: Direction) {
  const { group, rules } = addedRules(input, call, direction)
  group.data[direction] = [...(group.data[direction] ?? []), ...rules]
  return { Return: true, SecurityGroupRules: rules.map((rule) => apiRule(rule, group, direction === 'IpPermissionsEgress')) }
}

function revoke(input: GroupRequest, call: Call, direction: Direction) {
  const group = requireGroup(input, call)
  const keys = new Set(splitPermissions(permissionsOf(input)).map(permissionKey))
  const before = group.data[direction] ?? []
  const after = before.filter((rule) => !keys.has(permissionKey(rule)))
  if (after.length + keys.size !== before.length) {
    throw apiError('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.')
  }
  group.data[direction] = after
  return { Return: true }
}

/** One rule can be given without the list. */
function permissionsOf({ IpPermissions, IpProtocol, FromPort, ToPort, CidrIp }: GroupRequest): readonly IpPermission[] {
  if (IpProtocol === undefined) return IpPermissions ?? []
  return [...(IpPermissions ?? []), { IpProtocol, FromPort, ToPort, IpRanges: CidrIp === undefined ? [] : [{ CidrIp }] }]
}

function requireGroup({ GroupId, GroupName }: GroupRequest, { region, now }: Call): Resource<SecurityGroup> {
  if (GroupId !== undefined) return region.securityGroups.require(GroupId, now)
  const group = region.securityGroups.all().find(({ data }) => data.GroupName === GroupName && data.VpcId === defaultVpc(region))
  if (group === undefined) throw apiError('InvalidGroup.NotFound', `The security group '${GroupName}' does not exist in default VPC`)
  return group
}

function refersTo({ IpPermissions = [], IpPermissionsEgress = [] }: SecurityGroup, id: string): boolean {
  return [...IpPermissions, ...IpPermissionsEgress].some(({ UserIdGroupPairs = [] }) =>
    UserIdGroupPairs.some(({ GroupId }) => GroupId === id),
  )
}

function apiRule(rule: IpPermission, { id, data }: Resource<SecurityGroup>, isEgress: boolean): SecurityGroupRule {
  const { IpProtocol, FromPort = -1, ToPort = -1, IpRanges, Ipv6Ranges } = rule
  return {
    GroupId: id,
    GroupOwnerId: data.OwnerId,
    IsEgress: isEgress,
    IpProtocol,
    FromPort,
    ToPort,
    CidrIpv4: IpRanges?.[0]?.CidrIp,
    CidrIpv6: Ipv6Ranges?.[0]?.CidrIpv6,
    Description: IpRanges?.[0]?.Description ?? Ipv6Ranges?.[0]?.Description,
  }
}

function describeRule({ IpProtocol, FromPort, ToPort, IpRanges, Ipv6Ranges }: IpPermission): string {
  return `peer: ${IpRanges?.[0]?.CidrIp ?? Ipv6Ranges?.[0]?.CidrIpv6 ?? 'a group'}, ${IpProtocol}, from port: ${FromPort}, to port: ${ToPort}, ALLOW`
}

/** The characters that names and descriptions of groups can have in a VPC. */
function checkText(text: string, parameter: string): void {
  if (/^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/.test(text)) return
  throw apiError(
    'InvalidParameterValue',
    `Value (${text}) for parameter ${parameter} is invalid. Character sets beyond ASCII are not supported; 255 characters are the most.`,
  )
}

/** The VPC of those who name none. @throws ApiError `VPCIdNotSpecified` */
export function defaultVpc(region: Region): string {
  const vpc = region.vpcs.all().find(({ data }) => data.IsDefault)
  if (vpc === undefined) throw apiError('VPCIdNotSpecified', 'No default VPC for this user')
  return vpc.id
}
