/** An answer of an engine that says that something went wrong; its message is the engine's own. */
export class EngineAnswer extends Error {
  override readonly name = 'EngineAnswer'
  readonly statusCode: number

  /** @param body JSON with a `message`, as the API's reference has it, or whatever something between us and the engine says */
  constructor(statusCode: number, body: string) {
    super(messageIn(body) ?? body)
    this.statusCode = statusCode
  }
}

function messageIn(body: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(body)
    if (typeof answer !== 'object' || answer === null || !('message' in answer)) return undefined
    return typeof answer.message === 'string' ? answer.message : undefined
  } catch {
    return undefined
  }
}
