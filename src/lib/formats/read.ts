/** @file Dropped files → one model, whatever its format. */
import { FormatError } from './error.ts';
import { kindOf } from '../sniff/kind.ts';
import type { ImportedModel } from './model.ts';
import { notOnnx } from '../sniff/not-onnx.ts';
import { readers, type ReadOptions, type SourceFiles } from './readers.ts';

/**
 * Reads a model of any known format; what it is, its content says. Throws a FormatError that names the file, says what is wrong
 * and what to do where it is no model, is damaged, needs a file that is not there, or uses what is not supported.
 */
export async function readModel(source: SourceFiles, options: ReadOptions = {}): Promise<ImportedModel> {
  const kind = kindOf(source.bytes);
  const reader = kind && readers[kind];
  // What is no model at all is refused by ONNX's reader, which says what it is instead.
  if (!kind) return readers.onnx!(source, options);
  if (!reader)
    throw new FormatError(
      `${source.file}: ${notOnnx(source.bytes) ?? `this is a model in a format (${kind}) that cannot be read. Export it to ONNX.`}`,
    );
  return reader(source, options);
}
