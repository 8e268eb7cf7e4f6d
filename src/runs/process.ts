import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { errorCode } from './files';

/** A process, told apart from a later one that got the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in a form of the system's own that is only compared; null where the system doesn't say. */
  readonly started: string | null;
}

/** The identity of a living process; undefined where there is none of that number (or only its remains). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!answers(pid)) return undefined;
  if (process.platform === 'linux') return onLinux(pid);
  if (process.platform !== 'win32') return onUnix(pid);
  return ask(pid, 'powershell.exe', [
    '-NoProfile',
    '-NonInteractive',
    '-Command',
    `(Get-Process -Id ${pid}).StartTime.ToUniversalTime().ToString('o')`,
  ]);
}

/** True while that very process lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid);
  if (now === undefined) return false;
  return identity.started === null || now.started === null || identity.started === now.started;
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  return identifyProcess(process.pid) ?? { pid: process.pid, started: null };
}

function answers(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // EPERM: there is one, and it is somebody else's.
    return errorCode(thrown) === 'EPERM';
  }
}

/** Start time in clock ticks since the boot, with the boot's own id: both stand in /proc. */
function onLinux(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, and may hold blanks and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    if (state === 'Z' || state === 'X') return undefined;
    const ticks = fields[19];
    if (ticks === undefined) return { pid, started: null };
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { pid, started: `${boot}/${ticks}` };
  } catch {
    // It ended in between, or /proc is closed to us.
    return answers(pid) ? { pid, started: null } : undefined;
  }
}

function onUnix(pid: number): ProcessIdentity | undefined {
  const found = ask(pid, 'ps', ['-o', 'state=,lstart=', '-p', String(pid)]);
  return found?.started?.startsWith('Z') === true
    ? undefined
    : // The state changes; the start does not.
      found && { pid, started: found.started?.replace(/^\S+\s+/u, '') ?? null };
}

function ask(pid: number, program: string, words: string[]): ProcessIdentity | undefined {
  try {
    const answer = execFileSync(program, words, {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
      windowsHide: true,
    }).trim();
    return { pid, started: answer === '' ? null : answer };
  } catch {
    return answers(pid) ? { pid, started: null } : undefined;
  }
}
