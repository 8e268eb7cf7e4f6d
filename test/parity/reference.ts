import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { isRecord } from './decode';

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The Python process behind `python -m reference`: one request a line, one reply a line. It is started at the first
 * request, and ends when this process does, since its standard input ends then.
 */
class Reference {
  private child: ChildProcessWithoutNullStreams | undefined;
  private readonly pending = new Map<number, Pending>();
  private complaints = '';
  private count = 0;

  /** Carries out one of the server's actions; rejects with Python's traceback. */
  request(action: string, fields: Readonly<Record<string, unknown>>): Promise<unknown> {
    const child = (this.child ??= this.start());
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      child.stdin.write(`${JSON.stringify({ id, do: action, ...fields })}\n`);
    });
  }

  private start(): ChildProcessWithoutNullStreams {
    const python = process.env['PYTHON'];
    if (python === undefined) {
      throw new Error(
        'PYTHON must name the interpreter with test/parity/requirements.txt: use test/parity/run.sh',
      );
    }
    const child = spawn(python, ['-m', 'reference'], { cwd: import.meta.dirname });
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      this.complaints = (this.complaints + text).slice(-4000);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.settle(line);
    });
    const ended = (why: string): void => {
      for (const { reject } of this.pending.values())
        reject(new Error(`the reference ${why}\n${this.complaints}`));
      this.pending.clear();
      this.child = undefined;
    };
    child.on('error', (error) => {
      ended(error.message);
    });
    child.on('exit', (code) => {
      ended(`ended with ${code ?? 'a signal'}`);
    });
    return child;
  }

  private settle(line: string): void {
    const reply: unknown = JSON.parse(line);
    if (!isRecord(reply) || typeof reply['id'] !== 'number') throw new Error(`not a reply: ${line}`);
    const waiting = this.pending.get(reply['id']);
    this.pending.delete(reply['id']);
    if (typeof reply['error'] === 'string') waiting?.reject(new Error(reply['error']));
    else waiting?.resolve(reply['result']);
  }
}

/** The one reference process of this ring. */
export const reference = new Reference();
