/** VS Code's own themes, by what they are like: id, name in the picker, and the class that the workbench bears in them. */
export const THEMES = {
  light: { id: 'Light Modern', label: 'Light Modern', class: 'vs' },
  dark: { id: 'Dark Modern', label: 'Dark Modern', class: 'vs-dark' },
  'high-contrast': { id: 'Default High Contrast', label: 'Dark High Contrast', class: 'hc-black' },
  'high-contrast-light': {
    id: 'Default High Contrast Light',
    label: 'Light High Contrast',
    class: 'hc-light',
  },
} as const;

export type ThemeName = keyof typeof THEMES;
export const THEME_NAMES = Object.keys(THEMES) as ThemeName[];

/** The theme that windows open in. */
export const OPENING_THEME: ThemeName =
  THEME_NAMES.find((name) => name === process.env['EIGENLOOM_THEME']) ?? 'dark';
