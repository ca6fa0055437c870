import type { Engine, EngineOptions } from '@imago/docker-engine'

/** Runs some work with an engine, and drops the connections afterwards. */
export async function withEngine<T>(options: EngineOptions, signal: AbortSignal, work: (engine: Engine) => Promise<T>): Promise<T> {
  const { connectEngine } = await import('@imago/docker-engine')
  const engine = await connectEngine(options, { signal })
  try {
    return await work(engine)
  } finally {
    engine.close()
  }
}
