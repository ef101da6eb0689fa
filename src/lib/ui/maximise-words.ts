/** @file What stands under a picture of activation maximisation, for the page and for the file that is saved. */
import type { Made } from '../state/maximise.svelte.ts';
import { duration, number, percent } from './format.ts';

import { deviceText, type Fact } from './summary.ts';

/** Classes below this probability are not named. */
const LEAST_SHOWN = 0.001;

const signed = (value: number): string => number(value, { signed: true, digits: 3 });

/** Of picture `i`. */
export function factsOfPicture({ report, request, ended }: Made, i: number): Fact[] {
  const { objective, moved, onImage, top } = report.pictures[i];
  const { recipe, seeds } = request;
  const facts: Fact[] = [
    {
      name: 'Objective',
      value: signed(objective),
      meaning: 'What was made large, measured on the picture as it is shown.',
    },
  ];
  if (moved !== null)
    facts.push({
      name: 'With moves',
      value: signed(moved),
      meaning: 'The mean over the last steps, each of which saw the picture shifted, scaled and turned.',
    });
  facts.push({
    name: 'On the image',
    value: onImage === null ? 'none open' : signed(onImage),
    meaning: 'The same number for the image that is open.',
  });
  const likely = top.filter(({ probability }, rank) => rank === 0 || (probability ?? 1) >= LEAST_SHOWN);
  facts.push({
    name: 'The model sees',
    value: likely
      .map(({ label, probability }) => `${label}${probability === null ? '' : ` ${percent(probability)}`}`)
      .join(', '),
  });
  facts.push({ name: 'Step', value: `${report.step} of ${report.steps}` });
  facts.push({ name: 'Seed', value: String(seeds?.[i] ?? recipe.seed) });
  if (ended) facts.push({ name: 'Device', value: deviceText(ended.device) });
  facts.push({ name: 'Time', value: duration(report.milliseconds) });
  return facts;
}

/** Everything that makes the same pictures again. */
export function recipeText({ request, titles, report, ended, model, modelSha256 }: Made): string {
  const { image, ...asked } = request;
  const pictures = report.pictures.map(({ objective, moved, onImage, top }, i) => ({
    title: titles[i],
    objective,
    objectiveWithMoves: moved,
    objectiveOnImage: onImage,
    top,
  }));
  const { step, milliseconds, state } = report;
  return JSON.stringify(
    {
      model,
      modelSha256,
      version: ended?.version ?? '',
      device: ended?.device ?? null,
      ...asked,
      imagePreprocessing: image?.preprocessing ?? null,
      step,
      state,
      milliseconds,
      pictures,
    },
    null,
    2,
  );
}

/** "apple-fourier.png" */
export const pictureName = ({ titles, request }: Made, i: number, ending: string): string =>
  `${titles[i]}-${request.recipe.parametrisation}${ending}`.replaceAll(/[^\w.-]+/g, '-');
