/** As much of `vscode` as the page of a panel is made with, so that the policy tested is the one that is shipped. */
export const Uri = {
  joinPath: (base: { readonly path: string }, ...parts: readonly string[]): { path: string } => ({
    path: [base.path, ...parts].join('/'),
  }),
};
