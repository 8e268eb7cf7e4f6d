import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import manifest from '../../../package.json';

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const steps = manifest.contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);

describe('the walkthrough', () => {
  it('has a picture in each step, with words for those who cannot see it', () => {
    for (const { media } of steps) {
      expect(existsSync(join(ROOT, media.svg)), media.svg).toBe(true);
      expect(media.altText.length).toBeGreaterThan(20);
    }
  });

  it('draws its pictures in the colours of the theme alone', () => {
    for (const { media } of steps) {
      const svg = readFileSync(join(ROOT, media.svg), 'utf8');
      // A colour stands only as the fallback of a theme's variable.
      expect(svg.replace(/var\(--vscode-[\w-]+, (?:#\w+|[\w-]+)\)/gu, '')).not.toMatch(
        /#[\da-f]{3,8}\b|rgb|style="/u,
      );
    }
  });

  it('offers commands that there are, and is done by them', () => {
    const declared = manifest.contributes.commands.map(({ command }) => command);
    for (const { description, completionEvents } of steps) {
      const named = [...`${description} ${completionEvents.join(' ')}`.matchAll(/ommand:(eigenloom\.\w+)/gu)];
      for (const [, id] of named) expect(declared).toContain(id);
      expect(completionEvents).not.toEqual([]);
    }
  });
});
