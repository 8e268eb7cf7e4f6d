import { describe, expect, it } from 'vitest';
import { collectRows, formatBytes, type SetupFacts } from '../../../../src/extension/features/setup/rows';

const FACTS: SetupFacts = {
  devices: {
    providers: [
      { device: 'cpu', available: true, detail: 'always there' },
      { device: 'cuda', available: false, detail: 'CUDA 12 is not installed' },
    ],
    chosen: 'cpu',
    reason: 'there is no GPU',
    memory_mb: 16_000,
    free_mb: 8400,
    cores: 2,
    cpu: 'a processor',
  },
  folder: '/cache',
  caches: [
    { kind: 'weights', label: 'Converted weights', entries: 2, bytes: 1_500_000_000 },
    { kind: 'tokens', label: 'Tokens', entries: 0, bytes: 0 },
  ],
  versions: { extension: '0.1.0', onnxruntime: '1.30.0' },
};

describe('the setup view', () => {
  const rows = collectRows(FACTS);

  it('tells what is chosen and why, and of each provider whether it is there', () => {
    expect(rows[0]).toMatchObject({ label: 'Device', description: 'cpu: there is no GPU' });
    expect(rows[0]?.children.map(({ label, description, icon }) => [label, description, icon])).toEqual([
      ['cpu', 'always there · chosen', 'pass'],
      ['cuda', 'CUDA 12 is not installed', 'circle-slash'],
      ['How to train on a GPU', '', 'question'],
    ]);
  });

  it('offers no help where CUDA is there', () => {
    const [cpu] = FACTS.devices.providers;
    const providers = [...(cpu ? [cpu] : []), { device: 'cuda', available: true, detail: 'a card' }];
    const [device] = collectRows({ ...FACTS, devices: { ...FACTS.devices, providers } });
    expect(device?.children.map(({ label }) => label)).toEqual(['cpu', 'cuda']);
  });

  it('tells of memory, caches and versions', () => {
    expect(rows.map(({ description }) => description).slice(1)).toEqual([
      '8.4 GB free of 16.0 GB',
      '1.5 GB',
      '0.1.0, onnxruntime 1.30.0',
    ]);
    expect(rows[2]?.children.map(({ description, context }) => [description, context])).toEqual([
      ['2 entries, 1.5 GB', 'cache'],
      ['0 entries, 0 B', 'emptyCache'],
    ]);
  });

  it('has an id of its own for each row', () => {
    const ids = rows.flatMap((row) => [row.id, ...row.children.map(({ id }) => id)]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    [999, '999 B'],
    [1000, '1.0 kB'],
    [123_456_789, '123 MB'],
  ])('shows %i bytes as %s', (bytes, words) => {
    expect(formatBytes(bytes)).toBe(words);
  });
});
