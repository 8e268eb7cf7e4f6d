import { describe, expect, it } from 'vitest';
import manifest from '../../../package.json';
import { isRecord } from '../../../src/base/guards';
import { COMMANDS, CONTEXTS, SECTION, SETTINGS, VIEWS } from '../../../src/extension/ids';

const { contributes } = manifest;
const commands: string[] = Object.values(COMMANDS);
const declared = contributes.commands.map(({ command }) => command);

/** Every text below a value. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(texts);
  return isRecord(value) ? Object.values(value).flatMap(texts) : [];
}

describe('package.json', () => {
  it('declares the commands that the code registers, each once', () => {
    expect([...declared].sort()).toEqual([...commands].sort());
  });

  it('puts only commands into menus and welcome views that there are', () => {
    const used = [
      ...Object.values(contributes.menus).flatMap((items) => items.map(({ command }) => command)),
      ...texts(contributes.viewsWelcome).flatMap((text) =>
        [...text.matchAll(/command:(eigenloom\.\w+)/gu)].map(([, id]) => id ?? ''),
      ),
    ];
    expect(used.filter((id) => !commands.includes(id))).toEqual([]);
  });

  it('declares the views and the settings that the code asks for', () => {
    expect(contributes.views.eigenloom.map(({ id }) => id).sort()).toEqual(Object.values(VIEWS).sort());
    const settings = Object.values(SETTINGS).map((key) => `${SECTION}.${key}`);
    expect(Object.keys(contributes.configuration.properties).sort()).toEqual(settings.sort());
  });

  it('asks in its conditions only for keys that the code sets', () => {
    const known: string[] = [...Object.values(CONTEXTS), ...Object.values(VIEWS)];
    const asked = texts([contributes.menus, contributes.viewsWelcome])
      .filter((text) => /[=!&]|^eigenloom\./u.test(text))
      .flatMap((text) => [...text.matchAll(/(?<!command:)\beigenloom\.\w+/gu)].map(([id]) => id));
    expect([...new Set(asked)].filter((id) => !known.includes(id) && !commands.includes(id))).toEqual([]);
  });

  it('gives every command an icon or none, a title and the category', () => {
    for (const { command, title, category } of contributes.commands) {
      expect([command, category]).toEqual([command, 'Eigenloom']);
      expect(title).toMatch(/^[A-Z]/u);
    }
  });
});
