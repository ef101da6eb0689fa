/** @file A builder for the compositions that stand for one operator of TensorFlow: every node is counted, folded and named. */
import { Node, type Attributes, type Value } from '../../graph/graph.ts';
import type { ApplyOptions } from '../../ops/builder.ts';
import { FoldingBuilder } from '../counting-builder.ts';
import { reopen } from '../onnx/reopen.ts';

/** The canonical operator set is what everything here is written in. */
const OPSET = 20;

export class Maker extends FoldingBuilder {
  /** As a Builder's, with the batch axis put back where one example is baked in, and shape arithmetic computed. */
  override applyAll(
    type: string,
    inputs: readonly (Value | null)[],
    attrs: Attributes = {},
    options: ApplyOptions = {},
  ): readonly Value[] {
    const { name = '', domain = '', outputs = [name] } = options;
    const draft = reopen(this, { op: type, domain, name, inputs, attrs, outputs, opset: OPSET });
    return super.applyAll(type, draft.inputs, attrs, { name, domain, outputs });
  }

  /** The value under the name that the file has for it, unless it has one already or stands for a number. */
  named(value: Value, name: string): Value {
    const { producer } = value;
    if (value.name || !producer || this.knows(value)) return value;
    const outputs = producer.outputs.map((v) => ({
      dtype: v.dtype,
      shape: v.shape,
      name: v === value ? name : v.name,
    }));
    const { op, inputs, attrs, domain } = producer;
    const renamed = new Node(op, inputs, attrs, outputs, { name: producer.name || name, domain });
    return renamed.outputs[producer.outputs.indexOf(value)];
  }
}
