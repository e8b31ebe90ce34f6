/**
 * Words of a POSIX command line: written so that they can be pasted, and read again.
 * @module
 */

/** A word as a shell must be given it: quoted only where it has to be. */
export function shellQuote(word: string): string {
  if (/^[\w@%+=:,./-][\w@%+=:,./#~-]*$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The words of a command line, quotes and backslashes resolved; no expansions. */
export function shellWords(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"(?:\\[^]|[^"\\])*"|\\[^]|[^\s'"\\])+/g) ?? [];
  return words.map((word) =>
    word.replace(
      /'([^']*)'|"((?:\\[^]|[^"\\])*)"|\\([^])/g,
      (_, single?: string, double?: string, escaped?: string) =>
        single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped!,
    )
  );
}
