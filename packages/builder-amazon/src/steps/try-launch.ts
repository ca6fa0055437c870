import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Aws, CallOptions } from '../aws/aws.ts'
import { hasAwsCode } from '../aws/aws-error.ts'
import { all } from './all.ts'
import type { Network } from './find-network.ts'
import type { LaunchParts } from './launch-request.ts'
import { instanceRequest, noCapacity, typesOf } from './launch-request.ts'

/**
 * Asks AWS whether it would start the instance, of each of its types: so whatever it would refuse is refused before anything exists. What the
 * build itself is going to make (a group, a key pair, a profile) is left out.
 * @throws ImagoError what AWS says, unless it is about capacity
 */
export async function tryLaunch(
  aws: Aws,
  options: InstanceOptions,
  parts: LaunchParts,
  { places }: Pick<Network, 'places'>,
  call: CallOptions,
): Promise<void> {
  const { spot } = options
  const market =
    spot === undefined
      ? {}
      : {
          InstanceMarketOptions: {
            MarketType: 'spot',
            ...(spot.maxPrice !== undefined && { SpotOptions: { MaxPrice: spot.maxPrice } }),
          } as const,
        }
  await all(
    typesOf(options).map(async (type) => {
      const request = instanceRequest(options, parts, { type, place: places[0] })
      try {
        await aws.call('RunInstances', { ...request, ...market, DryRun: true }, call)
      } catch (error) {
        if (!hasAwsCode(error, ['DryRunOperation', ...noCapacity])) throw error
      }
    }),
  )
}
