/** @file The values of a method's form: defaults of its option schema, under what the person changed. */
import type { OptionField, OptionSchema } from '../worker/api.ts';

export type { OptionField, OptionSchema };
export type OptionValues = Readonly<Record<string, unknown>>;

export const defaultsOf = (schema: OptionSchema): OptionValues =>
  Object.fromEntries(
    Object.entries(schema.properties)
      .filter(([, field]) => field.default !== undefined)
      .map(([name, field]) => [name, field.default]),
  );

/** Why `value` is not allowed in `field`; null when it is. */
export function fieldError(field: OptionField, value: unknown): string | null {
  if (field.enum) return field.enum.includes(String(value)) ? null : `Choose one of ${field.enum.join(', ')}.`;
  if (field.type !== 'number' && field.type !== 'integer') return null;
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'Enter a number.';
  if (field.type === 'integer' && !Number.isInteger(value)) return 'Enter a whole number.';
  if (field.minimum !== undefined && value < field.minimum) return `At least ${field.minimum}.`;
  if (field.maximum !== undefined && value > field.maximum) return `At most ${field.maximum}.`;
  return null;
}

/** The changed values that the schema knows and allows, over its defaults. */
export function valuesFor(schema: OptionSchema, changed: OptionValues): OptionValues {
  const kept = Object.entries(changed).filter(
    ([name, value]) => schema.properties[name] && fieldError(schema.properties[name], value) === null,
  );
  return { ...defaultsOf(schema), ...Object.fromEntries(kept) };
}
