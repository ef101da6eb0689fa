/** @file Operators that give what they are given. */
import { takes, type Row, type Site } from '../site.ts';

const pass = takes(1, ({ x: [x] }) => x);

/** What quantisation would round is left as it is. */
const fakeQuant = takes(1, ({ x: [x], note }: Site) => {
  note('The model was trained to be quantised (FakeQuant); it is computed without rounding here.');
  return x;
});

export const passing = {
  Identity: takes(1, ({ fed: [x] }) => x),
  IdentityN: takes(1, ({ fed }) => fed),
  Snapshot: pass,
  StopGradient: pass,
  PreventGradient: pass,
  CheckNumerics: pass,
  EnsureShape: pass,
  Print: pass,
  PlaceholderWithDefault: pass,
  FakeQuantWithMinMaxVars: fakeQuant,
  FakeQuantWithMinMaxVarsPerChannel: fakeQuant,
  FakeQuantWithMinMaxArgs: fakeQuant,
} satisfies Record<string, Row>;
