import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Which provider ran which nodes of a session. */
export interface Placement {
  readonly counts: Readonly<Record<string, number>>;
  readonly onCpu: readonly string[];
}

export const CPU_PROVIDER = 'CPUExecutionProvider';
const KERNEL = '_kernel_time';

interface KernelEvent {
  readonly node: string;
  readonly op: string;
  readonly provider: string;
}

function kernelEvent(event: unknown): KernelEvent | undefined {
  if (typeof event !== 'object' || event === null) return undefined;
  if (!('cat' in event) || event.cat !== 'Node' || !('name' in event) || !('args' in event)) return undefined;
  const { name, args } = event;
  if (typeof name !== 'string' || !name.endsWith(KERNEL) || typeof args !== 'object' || args === null)
    return undefined;
  if (!('provider' in args) || typeof args.provider !== 'string') return undefined;
  const op = 'op_name' in args && typeof args.op_name === 'string' ? args.op_name : '';
  return { node: name.slice(0, -KERNEL.length), op, provider: args.provider };
}

/**
 * Reads placement out of the profile of one run: the nodes that truly ran and the provider of each. Copies between
 * devices that onnxruntime put in (`MemcpyToHost`, `MemcpyFromHost`) are no nodes of ours.
 */
export function placementOf(profile: unknown): Placement {
  const counts: Record<string, number> = {};
  const onCpu: string[] = [];
  for (const event of Array.isArray(profile) ? profile : []) {
    const kernel = kernelEvent(event);
    if (kernel === undefined || kernel.op.startsWith('Memcpy')) continue;
    counts[kernel.provider] = (counts[kernel.provider] ?? 0) + 1;
    if (kernel.provider === CPU_PROVIDER) onCpu.push(kernel.node);
  }
  return { counts, onCpu };
}

/** A folder of its own for one session's profile; `take` reads what is there, `remove` leaves nothing behind. */
export class ProfileFolder {
  private readonly folder = mkdtempSync(join(tmpdir(), 'eigenloom-profile-'));
  readonly prefix = join(this.folder, 'run');

  take(): Placement {
    const [file] = readdirSync(this.folder);
    if (file === undefined) return { counts: {}, onCpu: [] };
    const profile: unknown = JSON.parse(readFileSync(join(this.folder, file), 'utf8'));
    return placementOf(profile);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
