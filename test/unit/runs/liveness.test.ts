import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Liveness } from '../../../src/runs/liveness';
import { identifyProcess, identifyProcessLater, thisProcess } from '../../../src/runs/process';

describe('whether a process lives', () => {
  it('is told of this one, and of one that ends', async () => {
    const liveness = new Liveness();
    expect(await liveness.isAlive(thisProcess())).toBe(true);
    expect(await liveness.isAlive({ ...thisProcess(), started: 'another time' })).toBe(false);
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    await once(child, 'spawn');
    const identity = identifyProcess(child.pid ?? 0);
    if (identity === undefined) throw new Error('it has not started');
    expect(await identifyProcessLater(identity.pid)).toEqual(identity);
    expect(await liveness.isAlive(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await liveness.isAlive(identity)).toBe(false);
  });

  it('asks a costly system seldom, and its number every time', async () => {
    let asked = 0;
    let answers = true;
    let now = 0;
    const identity = { pid: 7, started: 'x' };
    const source = {
      identify: () => {
        asked++;
        return Promise.resolve(answers ? identity : undefined);
      },
      answers: () => answers,
      cheap: false,
    };
    const liveness = new Liveness(source, () => now);
    for (let i = 0; i < 10; i++) expect(await liveness.isAlive(identity)).toBe(true);
    expect(asked).toBe(1);
    now = 61_000;
    expect(await liveness.isAlive(identity)).toBe(true);
    expect(asked).toBe(2);
    answers = false;
    expect(await liveness.isAlive(identity)).toBe(false);
  });
});
