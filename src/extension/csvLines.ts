/** A cell of a table; what is not known is left empty. */
type CsvCell = string | number | undefined;

/** A table as text: RFC 4180, CRLF. */
export function csvLines(head: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return [head, ...rows].map(csvLine).join('');
}

/** One row of it. */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(quote).join(',')}\r\n`;
}

function quote(cell: CsvCell): string {
  const text = cell === undefined ? '' : String(cell);
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
