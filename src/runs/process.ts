import { execFile, execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { errorCode } from './files';

const execFileLater = promisify(execFile);

/** A process, told apart from a later one that got the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in a form of the system's own that is only compared; null where the system doesn't say. */
  readonly started: string | null;
}

/** The identity of a living process; undefined where there is none of that number (or only its remains). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!processAnswers(pid)) return undefined;
  if (process.platform === 'linux') return onLinux(pid);
  const { program, words } = question(pid);
  try {
    return identityOf(pid, execFileSync(program, words, asking()));
  } catch {
    return unasked(pid);
  }
}

/** As {@link identifyProcess}, without keeping this thread waiting while another program is asked. */
export async function identifyProcessLater(pid: number): Promise<ProcessIdentity | undefined> {
  if (!processAnswers(pid)) return undefined;
  if (process.platform === 'linux') return onLinux(pid);
  const { program, words } = question(pid);
  try {
    return identityOf(pid, (await execFileLater(program, words, asking())).stdout);
  } catch {
    return unasked(pid);
  }
}

/** True while that very process lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  return isSameProcess(identity, identifyProcess(identity.pid));
}

/** True where what lives under that number now is the process that was meant, as far as the system says. */
export function isSameProcess(identity: ProcessIdentity, now: ProcessIdentity | undefined): boolean {
  if (now === undefined) return false;
  return identity.started === null || now.started === null || identity.started === now.started;
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  return identifyProcess(process.pid) ?? { pid: process.pid, started: null };
}

/** True where some process has that number: cheap on every system, and blind to a later one of the same number. */
export function processAnswers(pid: number): boolean {
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
    return unasked(pid);
  }
}

/** What is asked about a process where there is no /proc: macOS and the like, or Windows. */
function question(pid: number): { program: string; words: string[] } {
  if (process.platform !== 'win32') {
    return { program: 'ps', words: ['-o', 'state=,lstart=', '-p', String(pid)] };
  }
  const words = `(Get-Process -Id ${pid}).StartTime.ToUniversalTime().ToString('o')`;
  return { program: 'powershell.exe', words: ['-NoProfile', '-NonInteractive', '-Command', words] };
}

function asking() {
  return {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 10_000,
    windowsHide: true,
  } satisfies ExecFileSyncOptionsWithStringEncoding;
}

function identityOf(pid: number, answer: string): ProcessIdentity | undefined {
  const text = answer.trim();
  if (process.platform === 'win32') return { pid, started: text === '' ? null : text };
  if (text.startsWith('Z')) return undefined;
  // The state changes; the start does not.
  const started = text.replace(/^\S+\s+/u, '');
  return { pid, started: started === '' ? null : started };
}

/** The system doesn't say: there is a process, or it ended in between. */
function unasked(pid: number): ProcessIdentity | undefined {
  return processAnswers(pid) ? { pid, started: null } : undefined;
}
