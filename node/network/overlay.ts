/**
 * Shows an object with some of its members replaced, and leaves the object itself as it is.
 *
 * @module
 */

/** What stands in for each replaced member, made when it is first looked at. */
type Replacements = Readonly<Record<string, () => unknown>>

/** `target`, but with `replacements`. Methods run on `target` itself. */
export function overlay<Target extends object>(target: Target, replacements: Replacements): Target {
  const made = new Map<string, unknown>()
  return new Proxy(target, {
    get(_, name) {
      const replacement = typeof name === 'string' ? replacements[name] : undefined
      if (
        typeof name === 'string' &&
        replacement !== undefined &&
        Object.hasOwn(replacements, name)
      ) {
        if (!made.has(name)) made.set(name, replacement())
        return made.get(name)
      }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
