/** @file The comparison in words: its heading, and what all cells have in common. */
import { type Axis, type Comparison, comparisonOf } from '../state/compare.svelte.ts';
import type { Workspace } from '../state/workspace.svelte.ts';
import { targetText } from './summary.ts';

const headings: Readonly<Record<Axis, string>> = {
  methods: 'Several methods',
  targets: 'Several targets',
  baselines: 'Several baselines',
  layers: 'Several layers',
  images: 'Several images',
  models: 'Several models',
  outputs: 'Several outputs',
};

export const headingOf = ({ axis }: Comparison): string => headings[axis];

/** Image, method and target, as far as all cells share them. */
export function commonOf(workspace: Workspace): string {
  const { model, picture, question } = workspace;
  const { axis, method, cells } = comparisonOf(workspace);
  const request = cells.at(0)?.request;
  if (!request) return '';
  const ownGuess = axis === 'images' && question.followsGuess;
  return [
    axis === 'images' ? '' : (picture.info?.name ?? ''),
    axis === 'methods' ? '' : (method?.title ?? ''),
    axis === 'targets' || ownGuess ? '' : targetText(request, model),
    ownGuess ? 'each image’s first guess' : '',
  ]
    .filter(Boolean)
    .join(' · ');
}
