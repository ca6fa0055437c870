import type { StandardSchemaV1 } from '@standard-schema/spec'

import { ImagoError } from './error.ts'
import type { Image } from './image.ts'
import type { Json } from './json.ts'
import type { Builders } from './wiring.ts'

/** An image definition with parameters. */
export interface ParameterizedImage<B extends Builders = Builders, S extends StandardSchemaV1 = StandardSchemaV1> {
  readonly kind: 'parameterized-image'
  readonly schema: S
  /**
   * The image for these values, which the schema checks and completes.
   * @throws ImagoError `PARAMETER_INVALID` with every problem.
   */
  with(values: StandardSchemaV1.InferInput<S>): Promise<Image<B>>
}

/** Where the command line's values come from; the first that has a name wins. */
export interface ParameterSources {
  /** `--var name=value` */
  readonly vars?: Readonly<Record<string, string>>
  /** `--var-file`, the first of the list wins least. Values may be of any JSON type. */
  readonly files?: readonly { readonly path: string; readonly values: Readonly<Record<string, Json>> }[]
  /** `IMAGO_VAR_name`, without the prefix. Names that the schema does not know are no error here. */
  readonly environment?: Readonly<Record<string, string>>
}

/**
 * Gives an image definition parameters, checked by any Standard Schema (zod, valibot, arktype).
 * @example
 * export default parameterized(z.object({ version: z.string() }), (p) => defineImage({ name: `cow-${p.version}`, … }))
 */
export function parameterized<B extends Builders, S extends StandardSchemaV1>(
  _schema: S,
  _define: (parameters: StandardSchemaV1.InferOutput<S>) => Image<B>,
): ParameterizedImage<B, S> {
  throw new ImagoError('INTERNAL', 'not written yet')
}

/** Whether a value is a {@link ParameterizedImage}. */
export function isParameterized(value: unknown): value is ParameterizedImage {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'parameterized-image'
}

/**
 * The image for values that come as text. A value that the schema refuses as text is tried as JSON (`--var count=3`).
 * @throws ImagoError `PARAMETER_INVALID` with every problem: unknown names with "did you mean", and whatever the schema says.
 */
export function resolveParameters(_image: ParameterizedImage, _sources: ParameterSources): Promise<Image> {
  throw new ImagoError('INTERNAL', 'not written yet')
}
