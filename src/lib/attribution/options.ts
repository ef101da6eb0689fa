/**
 * @file Option schemas: JSON Schema as plain data, which crosses the worker, fills the form and validates what a
 * permalink, a command line or a request says. The static type of a schema is the type of the options.
 */
import { Type, type Static, type TObject, type TProperties } from 'typebox';
// By name: the default export brings transforms and codecs along, half as much again.
import { Check, Default, Errors } from 'typebox/value';

interface Text {
  readonly title: string;
  readonly description: string;
}

export const integer = (text: Text, range: { minimum: number; maximum: number; default: number }) =>
  Type.Integer({ ...text, ...range });

export const number = (text: Text, range: { minimum: number; maximum: number; default: number; multipleOf?: number }) =>
  Type.Number({ ...text, ...range });

export const toggle = (text: Text, fallback: boolean) => Type.Boolean({ ...text, default: fallback });

/** One of several names; `titles` gives each the words that the form shows. */
export const choice = <K extends string>(text: Text, titles: Readonly<Record<K, string>>, fallback: NoInfer<K>) =>
  Type.Enum(Object.keys(titles) as K[], {
    ...text,
    type: 'string',
    default: fallback,
    enumTitles: Object.values<string>(titles),
  });

export const schema = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

/**
 * `given` with defaults filled in, checked against `options`. Throws a RangeError that names every field that does not
 * fit, with its value and what it may be. `where` starts the message.
 */
export function readOptions<S extends TObject>(
  options: S,
  given: Readonly<Record<string, unknown>>,
  where: string,
): Static<S> {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(options.properties, name));
  if (unknown.length > 0) {
    const known = Object.keys(options.properties).join(', ') || 'none';
    throw new RangeError(`${where}: no option "${unknown.join('", "')}". Known: ${known}.`);
  }
  const filled = Default(options, { ...given });
  if (Check(options, filled)) return filled;
  const faults = Errors(options, filled)
    .filter((error) => error.instancePath !== '')
    .map((error) => {
      const name = error.instancePath.slice(1);
      const field = options.properties[name] as { enum?: readonly unknown[] };
      const rule = field.enum
        ? `must be one of ${field.enum.join(', ')}`
        : error.message.replace('>=', '≥').replace('<=', '≤');
      return `${name} is ${JSON.stringify((filled as Record<string, unknown>)[name])}, ${rule}`;
    });
  throw new RangeError(`${where}: ${[...new Set(faults)].join('; ')}. Change it or leave it out for the default.`);
}
