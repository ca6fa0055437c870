import type { MeaninglessRow, NoCounterpartRow } from '../mapping/table.ts'
import { meaningless, noCounterpart } from '../mapping/table.ts'
import type { Named } from './named.ts'

const forLogin = meaningless('it says as whom ecr_login logs in')

/** Packer's way of logging in to Amazon's registry. Docker's own is a credential helper, which knows all ways to credentials. */
export const ecrRows: Named<'ecr_login', NoCounterpartRow> &
  Named<'aws_access_key' | 'aws_secret_key' | 'aws_token' | 'aws_profile' | 'aws_force_use_public_ecr', MeaninglessRow> = {
  ecr_login: noCounterpart(
    "name the credential helper 'ecr-login' for the registry in Docker's config.json, " +
      'or log in before: aws ecr get-login-password | docker login --username AWS --password-stdin <registry>',
  ),
  aws_access_key: forLogin,
  aws_secret_key: forLogin,
  aws_token: forLogin,
  aws_profile: forLogin,
  aws_force_use_public_ecr: forLogin,
}
