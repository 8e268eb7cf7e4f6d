import { arch, availableParallelism, cpus, hostname, platform, totalmem } from 'node:os';
import manifest from '../../package.json';
import type { RunRecord } from '../protocol/run/record';

/** The machine a run is trained on. */
export function machineFacts(): NonNullable<RunRecord['machine']> {
  return {
    platform: platform(),
    arch: arch(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory_mb: Math.round(totalmem() / 1e6),
    hostname: hostname(),
  };
}

/** The versions that decide what a run computes. */
export function versionFacts(): Record<string, string> {
  return {
    eigenloom: manifest.version,
    node: process.versions.node,
    'onnxruntime-node': manifest.dependencies['onnxruntime-node'],
  };
}
