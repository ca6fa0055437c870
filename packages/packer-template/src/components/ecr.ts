import type { DockerOptions } from '@imago/builder-docker'
import type { Secret } from '@imago/core'

import { flag, secretText, text } from '../mapping/coercions.ts'
import { isYes } from '../mapping/current-value.ts'
import { group } from '../mapping/group.ts'
import type { Model } from '../mapping/known.ts'
import type { ComponentContext, MeaninglessRow, Taken, TakenRow } from '../mapping/table.ts'
import { meaningless, taken } from '../mapping/table.ts'
import type { Named } from './named.ts'

type HelperLogin = Extract<NonNullable<DockerOptions['login']>, { readonly helper: string }>

/** Packer's options for logging in to Amazon's registry. */
export type EcrRows = Named<'ecr_login', TakenRow<boolean>> &
  Named<'aws_access_key' | 'aws_profile', TakenRow<string>> &
  Named<'aws_secret_key' | 'aws_token', TakenRow<Secret>> &
  Named<'aws_force_use_public_ecr', MeaninglessRow>

/** What becomes of each of them. */
export const ecrRows: EcrRows = {
  ecr_login: taken(flag),
  aws_access_key: taken(text),
  aws_secret_key: taken(secretText),
  aws_token: taken(secretText),
  aws_profile: taken(text),
  aws_force_use_public_ecr: meaningless("the registry's name says whether it is the public one"),
}

/** Amazon's own credential helper, which has all ways to credentials that its other programs have. */
export function ecrLogin(given: Taken<EcrRows>, ctx: ComponentContext): Model<HelperLogin> | undefined {
  if (!isYes(given.ecr_login)) return undefined
  if (!ctx.options.members.has('login_server')) ctx.reports.problem(ctx, "'ecr_login' needs 'login_server'")
  const env = group<Record<string, string | Secret>>({
    AWS_ACCESS_KEY_ID: given.aws_access_key,
    AWS_SECRET_ACCESS_KEY: given.aws_secret_key,
    AWS_SESSION_TOKEN: given.aws_token,
    AWS_PROFILE: given.aws_profile,
  })
  ctx.warn('ecr_login', "needs the program 'docker-credential-ecr-login' on this machine")
  return { helper: 'ecr-login', ...(env !== undefined && { env }) }
}
