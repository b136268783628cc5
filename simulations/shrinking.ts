/**
 * Makes the plan of a run that fails smaller, as long as it still fails: whole kinds of trouble first, then single ones.
 *
 * @module
 */

/** What is wrong with a run by a plan. */
export type Trial<Plan> = (plan: Plan) => Promise<readonly string[]>

/**
 * The smallest plan that was found, from which nothing single can be left out.
 *
 * @param peace - What the parts of a plan are in which nothing happens.
 */
export async function shrunk<Plan extends object>(
  plan: Plan,
  peace: Partial<Plan>,
  trial: Trial<Plan>,
): Promise<Plan> {
  let smallest = plan
  for (let before: Plan | undefined; before !== smallest;) {
    before = smallest
    for (const key of Object.keys(peace) as (keyof Plan)[]) {
      smallest = await withLess(smallest, { peace, key, trial })
    }
  }
  return smallest
}

/** Leaves out of one part what is not needed. */
async function withLess<Plan extends object>(
  plan: Plan,
  { peace, key, trial }: { peace: Partial<Plan>; key: keyof Plan; trial: Trial<Plan> },
): Promise<Plan> {
  let smallest = plan
  // The list shortens while it is gone through: from its end, what is left keeps its place.
  for (let at = countOf(plan[key]); at >= 0; at--) {
    const smaller = without(smallest, peace, { key, at })
    if (smaller !== undefined && (await trial(smaller)).length > 0) smallest = smaller
  }
  return smallest
}

function countOf(part: unknown): number {
  if (Array.isArray(part)) return part.length
  return part instanceof Map ? part.size : 0
}

/** A plan without one thing of a part, or, at its end, without the whole part; undefined where nothing changes. */
function without<Plan extends object>(
  plan: Plan,
  peace: Partial<Plan>,
  { key, at }: { readonly key: keyof Plan; readonly at: number },
): Plan | undefined {
  const part: unknown = plan[key]
  const count = countOf(part)
  if (at > count) return undefined
  if (at === count) {
    const isPeaceful = count === 0 && (part === peace[key] || isList(part))
    return isPeaceful ? undefined : { ...plan, [key]: peace[key] }
  }
  const left = isList(part) ? [...part].filter((_, index) => index !== at) : []
  return { ...plan, [key]: part instanceof Map ? new Map(left as [unknown, unknown][]) : left }
}

function isList(part: unknown): part is readonly unknown[] | ReadonlyMap<unknown, unknown> {
  return Array.isArray(part) || part instanceof Map
}
