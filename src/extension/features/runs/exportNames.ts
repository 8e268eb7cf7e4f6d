import type { ExportFormat } from '../../../protocol/tasks';
import type { RunSummary } from '../../../runs/survey/summary';

/** The name of the folder that a run is exported to: every file system takes it. */
export function exportName(run: Pick<RunSummary, 'label' | 'id'>, format: ExportFormat): string {
  const slug = run.label
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, '-')
    .slice(0, 60)
    .replace(/^-|-$/gu, '');
  return `${slug === '' ? run.id : slug}-${format}`;
}

/** What a line of the exporting process says, and how far it is where it says so. */
export function exportProgress(line: string): { message: string; percent: number } {
  const percent = Number(/(\d+) ?%/u.exec(line)?.[1] ?? 0);
  return { message: line.trim(), percent: Math.min(100, percent) };
}
