import { optionSchema } from '@imago/core'
import type { EngineOptions } from '@imago/docker-engine'
import * as v from 'valibot'

/** {@link EngineOptions}: one way to name an engine, or none. */
export const engineSchema: v.GenericSchema<unknown, EngineOptions> = v.pipe(
  v.strictObject({ host: v.exactOptional(optionSchema.text), context: v.exactOptional(optionSchema.text) }),
  v.check(
    ({ host, context }) => host === undefined || context === undefined,
    "must name the engine by 'host' or by 'context', not by both",
  ),
)
