import { describe, expect, it } from 'vitest';
import { gather, gemm } from '../../../../src/engine/graph/builder';
import { Graph } from '../../../../src/engine/graph/graph';
import { printGraph } from '../../../../src/engine/graph/print';

describe('printGraph', () => {
  it('writes a graph as stable text', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['N', 4]);
    const rows = g.input('rows', 'i64', ['S']);
    const back = g.input('back', 'i64', ['N']);
    const w = g.external('w', 'f32', [3, 4], { file: 'model.safetensors', offset: 1024, length: 48 });
    const bias = g.constant('bias', { dtype: 'f32', shape: [3], data: Float32Array.of(1, 2, 3) });
    const h = g.scoped('layers.0', () => gemm(g, x, w, { transB: true, alpha: 0.1, c: bias, name: 'h' }));
    g.checkpoints.add(h);
    g.staged('backward', () => g.output(gather(g, h, rows, { indices: back }, 'y')));
    g.staged('update', () => g.addAll('Split', [w], { axis: 0, parts: 3 }, { name: 'row' }));
    expect(printGraph(g)).toBe(
      [
        'input x f32[N, 4]',
        'input rows i64[S]',
        'input back i64[N]',
        'initializer w f32[3, 4] from model.safetensors 1024+48',
        'initializer bias f32[3]',
        'h f32[N, 3] checkpoint = Gemm(x, w, bias) {alpha: 0.1, transB: true} # forward layers.0',
        'y f32[S, 3] = Gather(h, rows) {axis: 0} adjoint(back) # backward',
        'row f32[1, 4], row_1 f32[1, 4], row_2 f32[1, 4] = Split(w) {axis: 0, parts: 3} # update',
        'output y',
        '',
      ].join('\n'),
    );
  });
});
