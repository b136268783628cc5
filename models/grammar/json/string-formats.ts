/**
 * The formats of strings that can be guided. Each stands for a part of the texts that it allows: plain ones.
 *
 * @module
 */

const YEAR = '[0-9]{4}'
/** Days that every year has, so that no month is too long. */
const DATE = `${YEAR}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)`
/** Without leap seconds. */
const TIME =
  '(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])'
const BYTE = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?'

/** Patterns by the name of the format (JSON Schema Validation 2020-12, section 7.3). */
export const STRING_FORMATS: Readonly<Record<string, string>> = {
  date: `^${DATE}$`,
  time: `^${TIME}$`,
  'date-time': `^${DATE}T${TIME}$`,
  uuid: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  ipv4: `^${BYTE}(?:\\.${BYTE}){3}$`,
  hostname: `^${LABEL}(?:\\.${LABEL}){0,6}$`,
  email: `^[A-Za-z0-9_]+(?:[.+-][A-Za-z0-9_]+)*@${LABEL}(?:\\.${LABEL}){1,4}$`,
}
