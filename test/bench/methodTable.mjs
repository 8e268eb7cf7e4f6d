/** What the papers claim, and how many fewer updates (LaMDA, abstract). */
const FEWER_UPDATES = 17.7;

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const digits = (value, count = 4) => value.toFixed(count);

/** Half the distance between the highest and the lowest seed. */
function spreadOf({ seeds }) {
  const losses = seeds.map(({ loss }) => loss);
  return (Math.max(...losses) - Math.min(...losses)) / 2;
}

function lossOf({ seeds }) {
  return mean(seeds.map(({ loss }) => loss));
}

function updatesOf({ seeds }) {
  return mean(seeds.map(({ updates }) => updates));
}

/** A row a method: its best settings over the seeds, or how far its search is. */
export function tableOf(rows, seedCount) {
  const head = [
    '| method | best settings | eval loss | ± | updates a step | peak MB | s | seeds | searched |',
    '|---|---|---|---|---|---|---|---|---|',
  ];
  const lines = rows.map((row) => {
    const { title, best = '-', seeds, tried } = row;
    const searched = tried.map(({ settings, loss }) => `${settings}: ${digits(loss, 3)}`).join('; ') || '-';
    const numbers =
      seeds.length === 0
        ? ['-', '-', '-', '-', '-']
        : [
            digits(lossOf(row)),
            seeds.length > 1 ? digits(spreadOf(row)) : '-',
            `${Math.round(updatesOf(row) / 1000)} K`,
            Math.max(...seeds.map(({ peak_mb }) => peak_mb)),
            Math.round(mean(seeds.map(({ seconds }) => seconds))),
          ];
    const cells = [title, best, ...numbers, `${seeds.length} of ${seedCount}`, searched];
    return `| ${cells.join(' | ')} |`;
  });
  return [...head, ...lines].join('\n');
}

/** Each claim with its numbers, as far as what it compares has been trained. */
export function claimsOf(rows) {
  const done = rows.filter(({ seeds }) => seeds.length > 0);
  const named = (name) => done.find((row) => row.name === name);
  const lora = named('lora-16');
  if (lora === undefined) return [];
  const spread = (a, b) => Math.max(spreadOf(a), spreadOf(b));
  const yes = (holds) => (holds ? 'holds' : 'does NOT hold');
  /** Whether one is better than another: by more than their seeds differ, or only in the mean. */
  const better = (one, other) => {
    const below = lossOf(other) - lossOf(one);
    return below > 0 && below <= spread(one, other) ? "lies within the seeds' spread" : yes(below > 0);
  };
  const claims = done
    .filter(({ name }) => name.startsWith('lamda'))
    .map((row) => {
      const fewer = updatesOf(lora) / updatesOf(row);
      const above = lossOf(row) - lossOf(lora);
      const holds = fewer >= FEWER_UPDATES && above <= spread(row, lora);
      return `- ${row.title} against ${lora.title}: ${digits(above)} above it at ${digits(fewer, 1)} x fewer updates; no worse at ${FEWER_UPDATES} x fewer ${yes(holds)}.`;
    });
  const few = named('lora-1');
  for (const row of few === undefined ? [] : done) {
    if (!row.name.startsWith('lamda') || updatesOf(row) > updatesOf(few)) continue;
    const below = lossOf(few) - lossOf(row);
    claims.push(
      `- ${row.title} against ${few.title} (${Math.round(updatesOf(few) / 1000)} K updates): ${digits(below)} below it; better at no more updates ${better(row, few)}.`,
    );
  }
  for (const [plus, even] of [
    ['lamda++', 'uniform'],
    ['lamda++-bins', 'uniform'],
    ['lamda++-gradient', 'uniform-gradient'],
    ['lamda++-bins-gradient', 'uniform-gradient'],
  ]) {
    const [a, b] = [named(plus), named(even)];
    if (a === undefined || b === undefined) continue;
    const below = lossOf(b) - lossOf(a);
    claims.push(
      `- ${a.title} against ${b.title}: ${digits(below)} below it; better at the same mean rank ${better(a, b)}.`,
    );
  }
  const pissa = named('pissa');
  if (pissa !== undefined) {
    const [ours, theirs] = [pissa, lora].map(({ seeds }) =>
      seeds[0].curve.slice(1).map((_, i) => mean(seeds.map(({ curve }) => curve[i + 1].loss))),
    );
    const below = ours.filter((loss, i) => loss < theirs[i]).length;
    claims.push(
      `- PiSSA against LoRA at each tenth: ${ours.map((loss) => digits(loss, 3)).join(' ')} against ${theirs.map((loss) => digits(loss, 3)).join(' ')}; below it at each ${yes(below === ours.length)} (${below} of ${ours.length}).`,
    );
  }
  return claims;
}
