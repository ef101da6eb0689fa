/** @file What a model is known by, in links and in the browser's storage: the SHA-256 of the files that hold it. */
import { companionsOf, partsOf } from '../formats/companions.ts';
import { kindOf } from '../sniff/kind.ts';
import { joined } from '../tensor/bytes.ts';
import type { NamedBytes } from './open.ts';
import { sha256 } from './sha256.ts';
import type { ModelIdentity } from './types.ts';

/**
 * SHA-256 of the bytes of a model's own file, in formats other than ONNX followed by those of its weights in the order in
 * which it names them. An ONNX file with its weights beside it is known by itself, so that the links of earlier versions
 * hold. Lower-case hex; '' where the platform offers no digest.
 */
export async function digestOf(
  main: NamedBytes,
  beside: readonly NamedBytes[],
): Promise<Pick<ModelIdentity, 'sha256' | 'withWeights'>> {
  const parts = isOnnx(main) ? [] : weightsOf(main, beside);
  if (parts.length === 0) return { sha256: await sha256(main.bytes) };
  return { sha256: await sha256(joined([main.bytes, ...parts.map(({ bytes }) => bytes)])), withWeights: true };
}

/** What cannot be told is read as ONNX. */
const isOnnx = ({ bytes }: NamedBytes): boolean => (kindOf(bytes) ?? 'onnx') === 'onnx';

/** The files beside a model that hold its weights. */
export function weightsOf(main: NamedBytes, beside: readonly NamedBytes[]): NamedBytes[] {
  const files = beside.map((file) => ({ path: file.name, kind: kindOf(file.bytes), file }));
  return partsOf(kindOf(main.bytes), named(main), files).map(({ file }) => file);
}

function named({ bytes, name }: NamedBytes) {
  try {
    return companionsOf(bytes, name);
  } catch {
    return []; // what is wrong with the model is said when it is opened
  }
}
