/** @file An answer about several image inputs, from the side of one of them. */

/**
 * What an answer says of the first input and what it says of input `i` in each other's place: readers of one input need
 * not know that there are several. The answer itself where `i` is the first or it knows no others.
 */
export function seenFrom<P extends object, T extends P & { readonly others?: readonly P[] }>(answer: T, i: number): T {
  const { others = [] } = answer;
  const chosen = i > 0 ? others[i - 1] : undefined;
  if (!chosen) return answer;
  const first = Object.fromEntries(Object.keys(chosen).map((key) => [key, answer[key as keyof T]])) as P;
  return { ...answer, ...chosen, others: others.map((other) => (other === chosen ? first : other)) };
}
