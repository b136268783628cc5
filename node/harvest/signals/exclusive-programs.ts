/**
 * Which of the owner's exclusive programs run, by name.
 *
 * @module
 */

/** `wanted` programs that are among `running`; a name may be given with or without its extension. */
export function exclusivePrograms(
  wanted: readonly string[],
  running: ReadonlySet<string>,
): readonly string[] {
  // Linux keeps 15 characters of a name.
  return wanted.filter((name) => running.has(name) || running.has(name.slice(0, 15)))
}

/** Names that `ps -axco comm=` prints, one a line. */
export function namesOfPs(text: string): ReadonlySet<string> {
  return new Set(text.split('\n').map((line) => line.trim().toLowerCase()))
}

/** Names that `tasklist /fo csv /nh` prints: `"chrome.exe","4212","Console","1","120,480 K"`. */
export function namesOfTasklist(text: string): ReadonlySet<string> {
  const names = [...text.matchAll(/^"([^"]{1,256})"/gm)].map(([, name = '']) => name.toLowerCase())
  return new Set(names.flatMap((name) => [name, name.replace(/\.exe$/, '')]))
}
