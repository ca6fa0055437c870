import type { CallScope, Fault, FaultScope } from './fault.ts'

/** A fault that was injected. */
export interface InjectedFault {
  readonly fault: Fault
  /** How often it has struck. */
  readonly hits: number
  /** Ends it. */
  remove(): void
}

type FaultType = Fault['type']
type FaultOf<T extends FaultType> = Extract<Fault, { readonly type: T }>

/** A call, as faults see it. */
export interface FaultedCall {
  readonly operation: string
  readonly region: string
}

interface ActiveFault {
  readonly fault: Fault
  /** Matching occasions so far. */
  seen: number
  hits: number
}

/** What goes wrong, on demand. */
export class Faults {
  readonly #active: ActiveFault[] = []

  /**
   * Makes something go wrong from now on.
   * @example emulator.faults.inject({ type: 'throttle', operation: 'DescribeInstances', times: 3 })
   */
  inject(fault: Fault): InjectedFault {
    const active: ActiveFault = { fault, seen: 0, hits: 0 }
    this.#active.push(active)
    return {
      fault,
      get hits() {
        return active.hits
      },
      remove: () => {
        const index = this.#active.indexOf(active)
        if (index !== -1) this.#active.splice(index, 1)
      },
    }
  }

  /** Ends all faults. */
  clear(): void {
    this.#active.length = 0
  }

  /** The first fault of a type that strikes now; it counts as a hit. @internal */
  strike<T extends FaultType>(type: T, matches: (fault: FaultOf<T>) => boolean = () => true): FaultOf<T> | undefined {
    let struck: FaultOf<T> | undefined
    for (const active of this.#active) {
      const { fault } = active
      if (!isOf(fault, type) || !matches(fault)) continue
      const { after = 0, times = 1 }: FaultScope = 'times' in fault || 'after' in fault ? fault : {}
      active.seen += 1
      if (struck !== undefined || active.seen <= after || active.hits >= times) continue
      active.hits += 1
      struck = fault
    }
    return struck
  }

  /** By how much the clock is wrong. @internal */
  clockSkew(): number {
    return this.#active.reduce((sum, { fault }) => (fault.type === 'clock-skew' ? sum + fault.ms : sum), 0)
  }
}

function isOf<T extends FaultType>(fault: Fault, type: T): fault is FaultOf<T> {
  return fault.type === type
}

/** Whether a fault is meant for a call. */
export function strikesCall({ operation, region }: CallScope, call: FaultedCall): boolean {
  const operations = typeof operation === 'string' ? [operation] : operation
  return strikesIn({ region }, call.region) && (operations === undefined || operations.includes(call.operation))
}

/** Whether a fault is meant for a region. */
export function strikesIn({ region: wanted }: { readonly region?: string | undefined }, region: string): boolean {
  return wanted === undefined || wanted === region
}
