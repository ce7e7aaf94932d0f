// The word that was meant: the known one that is the fewest letters away. Guesses nothing that is far off.

/** The nearest of `known`, unless more than a third of its letters would change. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[_-]/g, "");
  const distances = known.map((one): [string, number] => [one, distance(plain(word), plain(one))]);
  const [best, away] = distances.sort(([, one], [, other]) => one - other)[0] ?? ["", Number.POSITIVE_INFINITY];
  return away <= Math.max(1, Math.floor(best.length / 3)) ? best : undefined;
}

/** Damerau and Levenshtein's distance: letters added, left out, changed, or swapped with a neighbour. */
function distance(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, index) => index)];
  const cell = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= one.length; row += 1) {
    rows[row] = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1] ? 0 : 1;
      let least = Math.min(cell(row - 1, column) + 1, cell(row, column - 1) + 1, cell(row - 1, column - 1) + same);
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (swapped) least = Math.min(least, cell(row - 2, column - 2) + 1);
      rows[row]?.push(least);
    }
  }
  return cell(one.length, other.length);
}
