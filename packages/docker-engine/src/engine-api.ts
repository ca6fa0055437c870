import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex, Readable } from 'node:stream'

import type { CallOptions } from './engine.ts'

/** One request of the Docker Engine API (https://docs.docker.com/reference/api/engine/), whose paths and fields it uses. */
export interface ApiCall extends CallOptions {
  /** What is being done, for messages: `pull debian:12`. */
  readonly doing: string
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** Without the version. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>
  readonly body?: object
  /** Sent as the body, a tar stream. The call fails with the stream's own error, and destroys the stream when it fails itself. */
  readonly upload?: Readable
  /** `X-Registry-Auth`: what one registry is shown. */
  readonly registryAuth?: object | undefined
  /** `X-Registry-Config`: what each registry is shown. */
  readonly registryConfig?: object
}

/** The engine's HTTP interface. Everything it throws is an `ImagoError`. */
export interface EngineApi {
  readonly endpoint: string
  /** The answer as JSON, whose shape the API's reference gives. */
  json<T>(call: ApiCall): Promise<T>
  /** The answer as it comes. */
  stream(call: ApiCall): Promise<Readable>
  /** The answer's headers. */
  headers(call: ApiCall): Promise<IncomingHttpHeaders>
  /** The connection itself, in both directions. */
  hijack(call: ApiCall): Promise<Duplex>
  close(): void
}
