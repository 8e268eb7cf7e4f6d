import type { PreviewRow, TokenPiece } from '../../src/protocol/inspector';
import { el } from '../kit/dom';
import { rowText, STATES, visibleText } from './text';

/** A row: what it is like, and its tokens. */
export function rowView(row: PreviewRow, open: (row: number) => void): HTMLElement {
  const id = `row-${row.row}`;
  const name = row.file.split(/[/\\]/u).at(-1) ?? row.file;
  return el(
    'article',
    { class: row.dropped ? 'row dropped' : 'row', 'aria-labelledby': id },
    el(
      'div',
      { class: 'row-head' },
      el('h2', { id }, `Row ${row.row + 1}`),
      el('span', { class: 'muted' }, rowText(row)),
      ...(row.held_out ? [el('span', { class: 'mark' }, 'held out for evaluation')] : []),
      ...(row.dropped ? [el('span', { class: 'mark' }, 'dropped')] : []),
      el(
        'a',
        {
          href: '#',
          class: 'place',
          onclick: (event: Event) => {
            event.preventDefault();
            open(row.row);
          },
        },
        `${name}, line ${row.line}`,
      ),
    ),
    ...(row.why === undefined ? [] : [el('p', { class: 'why' }, row.why)]),
    el(
      'p',
      { class: 'tokens', translate: 'no' },
      ...row.pieces.map(pieceView),
      ...(row.omitted > 0 ? [el('span', { class: 'muted' }, ` … and ${row.omitted} more`)] : []),
    ),
  );
}

/** Tokens that are treated alike; how is told by more than colour, and to those who hear it. */
function pieceView({ state, tokens }: TokenPiece): HTMLElement {
  return el(
    'span',
    { class: `piece ${state}` },
    el('span', { class: 'spoken' }, ` ${STATES[state]}: `),
    ...tokens.map(({ id, text, special }) =>
      el(
        'span',
        {
          class: special === true ? 'token special' : 'token',
          title: `id ${id}${special === true ? ', a special token' : text === '' ? ', a part of a character' : ''}`,
        },
        el('span', { class: 'word' }, visibleText(text)),
        el('span', { class: 'id' }, String(id)),
      ),
    ),
  );
}
