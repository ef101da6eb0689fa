/** @file Tables for spreadsheets. */

export type CsvCell = string | number | null;

/** `head`: the names of the columns, with commas between them. */
export const table = (head: string, rows: readonly (readonly CsvCell[])[]): string =>
  [head, ...rows.map((row) => row.map(cell).join(','))].join('\r\n') + '\r\n';

/** Text in quotes; names come from the model's file, and none may be taken for a formula. */
function cell(value: CsvCell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}
