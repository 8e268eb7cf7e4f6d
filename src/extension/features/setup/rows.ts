import type { CacheInfo, DevicesInfo } from '../../../protocol/inspector';

/** A row of the setup view. */
export interface SetupRow {
  /** Tells it from all others. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  /** An icon of VS Code's by name. */
  readonly icon: string;
  /** What the menus of `package.json` ask for. */
  readonly context: string;
  readonly children: readonly SetupRow[];
  /** What choosing the row does. */
  readonly action?: 'gpuHelp' | undefined;
  /** The kind of a cache. */
  readonly cache?: CacheInfo | undefined;
}

/** What is read for the view. */
export interface SetupFacts {
  readonly devices: DevicesInfo;
  readonly folder: string;
  readonly caches: readonly CacheInfo[];
  readonly versions: { readonly extension: string; readonly onnxruntime: string };
}

/** The rows of the setup view. */
export function collectRows({ devices, folder, caches, versions }: SetupFacts): SetupRow[] {
  return [
    deviceRow(devices),
    {
      ...plain('memory', 'Memory', `${gigabytes(devices.free_mb)} free of ${gigabytes(devices.memory_mb)}`),
      icon: 'server',
    },
    cachesRow(folder, caches),
    {
      ...plain('trainer', 'Trainer', `${versions.extension}, onnxruntime ${versions.onnxruntime}`),
      icon: 'package',
    },
  ];
}

function plain(id: string, label: string, description: string): SetupRow {
  return {
    id,
    label,
    description,
    tooltip: `${label}: ${description}`,
    icon: '',
    context: 'fact',
    children: [],
  };
}

function deviceRow({ providers, chosen, reason, cpu, cores }: DevicesInfo): SetupRow {
  const rows = providers.map(({ device, available, detail }): SetupRow => {
    return {
      ...plain(`device ${device}`, device, device === chosen ? `${detail} · chosen` : detail),
      icon: available ? 'pass' : 'circle-slash',
    };
  });
  const without = providers.some(({ device, available }) => device === 'cuda' && !available);
  const help: SetupRow = {
    ...plain('device help', 'How to train on a GPU', ''),
    icon: 'question',
    action: 'gpuHelp',
  };
  return {
    ...plain('device', 'Device', `${chosen}: ${reason}`),
    tooltip: `device: auto takes ${chosen} here: ${reason}\n${cpu}, ${cores} cores`,
    icon: 'chip',
    children: without ? [...rows, help] : rows,
  };
}

function cachesRow(folder: string, caches: readonly CacheInfo[]): SetupRow {
  const bytes = caches.reduce((sum, cache) => sum + cache.bytes, 0);
  return {
    ...plain('caches', 'Caches', formatBytes(bytes)),
    tooltip: `${folder}\nAny of it may be cleared at any time: it is made again when it is needed.`,
    icon: 'database',
    context: 'caches',
    children: caches.map((cache) => {
      const entries = `${cache.entries} ${cache.entries === 1 ? 'entry' : 'entries'}`;
      return {
        ...plain(`cache ${cache.kind}`, cache.label, `${entries}, ${formatBytes(cache.bytes)}`),
        icon: 'archive',
        context: cache.entries === 0 ? 'emptyCache' : 'cache',
        cache,
      };
    }),
  };
}

/** A size of `mb` (10^6 bytes), in gigabytes. */
function gigabytes(mb: number): string {
  return `${(mb / 1000).toFixed(1)} GB`;
}

/** A number of bytes in the unit that suits it. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}
