import type { Artifact } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { AmiInput } from './box-input.ts'
import type { BoxContent } from './box-content.ts'
import { rubyString } from './box-content.ts'

/**
 * A box for AWS, of the plugin vagrant-aws: the AMI of each region. Whoever brings the machine up has access to them.
 * @throws ImagoError `UNSUPPORTED` when there is no AMI
 */
export function awsBox(input: Artifact): BoxContent {
  if (!isAmi(input) || input.images.length === 0) {
    throw new ImagoError('UNSUPPORTED', `'${input.id}' (${input.type}) is no AMI, and a box for aws names one`)
  }
  const regions = input.images.map(({ region, imageId }) => `  aws.region_config ${rubyString(region)}, ami: ${rubyString(imageId)}`)
  return { architecture: undefined, metadata: {}, vagrantfile: ['config.vm.provider :aws do |aws|', ...regions, 'end'], entries: [] }
}

function isAmi(input: Artifact): input is AmiInput {
  return input.type === 'amazon-ami'
}
