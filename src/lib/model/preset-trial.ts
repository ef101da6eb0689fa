/** @file What a model answers when it is fed by each preset in turn: where nothing says which is right, a person sees it. */
import { preprocessingFor, presets } from '../vision/preprocess.ts';
import { predict, type Setting } from './explain.ts';
import type { InputChoice, PresetAnswer } from './types.ts';

/** The best class by each preset at image input `i`, the other inputs being fed as they are. One pass each. */
export async function tryPresets(
  setting: Setting,
  choices: readonly InputChoice[],
  i: number,
): Promise<PresetAnswer[]> {
  const answers: PresetAnswer[] = [];
  for (const { id } of presets) {
    setting.signal.throwIfAborted();
    const preprocessing = preprocessingFor(id, setting.loaded.images[i]);
    const fed = choices.map((choice, k) => (k === i ? { ...choice, preprocessing } : choice));
    const { top } = await predict(setting, fed);
    answers.push({ preset: id, label: top[0].label, probability: top[0].probability });
  }
  return answers;
}
