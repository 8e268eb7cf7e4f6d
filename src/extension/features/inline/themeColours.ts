/** The colours of a picture. A picture in a line or a hover knows no theme's colours, so that it comes in several. */
export interface PictureColours {
  /** What the rank keeps, and what it leaves. */
  readonly kept: string;
  readonly lost: string;
  /** Where no cut is known. */
  readonly plain: string;
  readonly cut: string;
  readonly text: string;
  readonly rule: string;
}

export const LIGHT: PictureColours = {
  kept: '#1a7f8e',
  lost: '#1a7f8e55',
  plain: '#1a7f8eaa',
  cut: '#c2410c',
  text: '#616161',
  rule: '#00000033',
};

export const DARK: PictureColours = {
  kept: '#5cc8d7',
  lost: '#5cc8d755',
  plain: '#5cc8d7aa',
  cut: '#ff9e64',
  text: '#9d9d9d',
  rule: '#ffffff33',
};

/** The kinds of themes. */
export type ThemeKind = 'light' | 'dark' | 'high-contrast' | 'high-contrast-light';

/** The colours on the ground of a theme of a kind: on that of high contrast nothing is faint. */
export const COLOURS: Readonly<Record<ThemeKind, PictureColours>> = {
  light: LIGHT,
  dark: DARK,
  'high-contrast': {
    kept: '#5cc8d7',
    lost: '#3f6d74',
    plain: '#5cc8d7',
    cut: '#ffb366',
    text: '#ffffff',
    rule: '#ffffff99',
  },
  'high-contrast-light': {
    kept: '#0b5563',
    lost: '#8fb3b9',
    plain: '#0b5563',
    cut: '#9a3412',
    text: '#000000',
    rule: '#00000099',
  },
};
