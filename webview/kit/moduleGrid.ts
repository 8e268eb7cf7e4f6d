import type { ModulePlace } from '../../src/protocol/panels/subject';

/** Modules laid out: a row a kind, a column a layer. */
export interface ModuleGrid {
  readonly rows: readonly ModuleRow[];
  /** The layers, ascending; undefined, at the end, for what stands outside them. */
  readonly columns: readonly (number | undefined)[];
}

interface ModuleRow {
  readonly label: string;
  /** The paths of its modules, by column; undefined where there is none. */
  readonly cells: readonly (string | undefined)[];
}

/** Lays modules out, kinds in the order in which they come. Kinds of one name in several places have a row each. */
export function moduleGrid(modules: readonly ModulePlace[]): ModuleGrid {
  const layers = [...new Set(modules.map(({ layer }) => layer))].sort(
    (a, b) => (a ?? Infinity) - (b ?? Infinity),
  );
  const rows = new Map<string, { kind: string; cells: Map<number | undefined, string> }>();
  for (const { path, kind, layer } of modules) {
    const pattern = patternOf(path, layer);
    const row = rows.get(pattern) ?? { kind, cells: new Map<number | undefined, string>() };
    row.cells.set(layer, path);
    rows.set(pattern, row);
  }
  const kinds = new Map<string, number>();
  for (const { kind } of rows.values()) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return {
    columns: layers,
    rows: [...rows].map(([pattern, { kind, cells }]) => ({
      label: kinds.get(kind) === 1 ? kind : pattern,
      cells: layers.map((layer) => cells.get(layer)),
    })),
  };
}

/** What the paths of a kind have in common over the layers. */
function patternOf(path: string, layer: number | undefined): string {
  if (layer === undefined) return path;
  const steps = path.split('.');
  const index = steps.indexOf(String(layer));
  return index < 0 ? path : steps.toSpliced(index, 1, '*').join('.');
}

/** A module as people say it: `layer 3, q_proj`. */
export function moduleName({ kind, layer }: Pick<ModulePlace, 'kind' | 'layer'>): string {
  return layer === undefined ? kind : `layer ${layer}, ${kind}`;
}

/** What a module's shape is: `2048 × 512`. */
export function shapeText({ shape: [rows, columns] }: Pick<ModulePlace, 'shape'>): string {
  return `${rows} × ${columns}`;
}

/** A place in a grid. */
export interface GridPlace {
  readonly row: number;
  readonly column: number;
}

/** Where a key leads from a place; undefined where it is no key of a grid's. Gaps are stepped over. */
export function moved(
  { rows, columns }: ModuleGrid,
  { row, column }: GridPlace,
  key: string,
  whole: boolean,
): GridPlace | undefined {
  const has = (place: GridPlace): boolean => rows[place.row]?.cells[place.column] !== undefined;
  const walk = (from: GridPlace, down: number, right: number): GridPlace | undefined => {
    let place = from;
    while (place.row >= 0 && place.row < rows.length && place.column >= 0 && place.column < columns.length) {
      if (has(place)) return place;
      place = { row: place.row + down, column: place.column + right };
    }
    return undefined;
  };
  const lastRow = rows.length - 1;
  const lastColumn = columns.length - 1;
  const here = { row, column };
  const ways: Readonly<Record<string, () => GridPlace | undefined>> = {
    ArrowRight: () => walk({ row, column: column + 1 }, 0, 1),
    ArrowLeft: () => walk({ row, column: column - 1 }, 0, -1),
    ArrowDown: () => walk({ row: row + 1, column }, 1, 0),
    ArrowUp: () => walk({ row: row - 1, column }, -1, 0),
    PageDown: () => walk({ row: lastRow, column }, -1, 0),
    PageUp: () => walk({ row: 0, column }, 1, 0),
    Home: () => walk({ row: whole ? 0 : row, column: 0 }, 0, 1),
    End: () => walk({ row: whole ? lastRow : row, column: lastColumn }, 0, -1),
  };
  const way = ways[key];
  return way === undefined ? undefined : (way() ?? here);
}
