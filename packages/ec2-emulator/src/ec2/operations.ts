import type { Operation } from '../operation.ts'
import { fleetOperations } from './fleets.ts'
import { imageAttributeOperations } from './image-attributes.ts'
import { imageCopyOperations } from './image-copies.ts'
import { imageImportOperations } from './image-imports.ts'
import { imageLifecycleOperations } from './image-lifecycle.ts'
import { instanceAttributeOperations } from './instance-attributes.ts'
import { launchTemplateOperations } from './launch-templates.ts'
import { networkOperations } from './networks.ts'
import { snapshotAttributeOperations } from './snapshot-attributes.ts'
import { imageCreationOperations } from './image-creation.ts'
import { imageOperations } from './images.ts'
import { instanceTypeOperations } from './instance-types.ts'
import { instanceOperations } from './instances.ts'
import { keyPairOperations } from './key-pairs.ts'
import { placementOperations } from './placement.ts'
import { runInstancesOperations } from './run-instances.ts'
import { securityGroupOperations } from './security-groups.ts'
import { snapshotOperations } from './snapshots.ts'
import { spotRequestOperations } from './spot-requests.ts'
import { taggingOperations } from './tagging.ts'
import { volumeOperations } from './volumes.ts'

/** All operations of EC2 that the emulator answers. */
export const ec2Operations: Readonly<Record<string, Operation>> = {
  ...imageCreationOperations,
  ...imageOperations,
  ...instanceOperations,
  ...instanceTypeOperations,
  ...keyPairOperations,
  ...placementOperations,
  ...runInstancesOperations,
  ...securityGroupOperations,
  ...snapshotOperations,
  ...spotRequestOperations,
  ...taggingOperations,
  ...fleetOperations,
  ...imageAttributeOperations,
  ...imageCopyOperations,
  ...imageImportOperations,
  ...imageLifecycleOperations,
  ...instanceAttributeOperations,
  ...launchTemplateOperations,
  ...networkOperations,
  ...snapshotAttributeOperations,
  ...volumeOperations,
}
