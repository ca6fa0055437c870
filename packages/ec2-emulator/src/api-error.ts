/** An error as the API answers with it: a code that clients know, and a message for people. */
export class ApiError extends Error {
  override readonly name: string = 'ApiError'
  /** `InvalidInstanceID.NotFound` */
  readonly code: string
  /** Of the HTTP answer. */
  readonly status: number

  constructor(code: string, message: string, status: number) {
    super(message)
    this.code = code
    this.status = status
  }
}

/** Codes whose answers have another status than 400. */
const statuses: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  AuthFailure: 401,
  DryRunOperation: 412,
  EntityAlreadyExists: 409,
  InsufficientInstanceCapacity: 500,
  InternalError: 500,
  InternalFailure: 500,
  NoSuchBucket: 404,
  NoSuchEntity: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  RequestExpired: 400,
  RequestLimitExceeded: 503,
  ServiceUnavailable: 503,
  Unavailable: 503,
  UnauthorizedOperation: 403,
  DeleteConflict: 409,
}

/** Makes an {@link ApiError} with the status that goes with the code. */
export function apiError(code: string, message: string, status: number = statuses[code] ?? 400): ApiError {
  return new ApiError(code, message, status)
}
