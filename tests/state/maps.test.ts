import { describe, expect, it } from 'vitest';
import { statisticsOf } from '../../src/lib/model/inside.ts';
import { limitsOf, rankingOf, ranksOf } from '../../src/lib/state/maps-order.ts';
import { type FeatureMaps, Maps } from '../../src/lib/state/maps.svelte.ts';
import { Place } from '../../src/lib/state/place.svelte.ts';
import type { Workspace } from '../../src/lib/state/workspace.svelte.ts';
import { mapsNpy } from '../../src/lib/ui/maps-files.ts';
import { placeText, shapeText, targetText, warningsOf } from '../../src/lib/ui/maps-words.ts';
import { readNpy } from '../../src/lib/tensor/npy.ts';

const channelOf = (...values: number[]) => statisticsOf(values);

/** `rows`: the values of each channel, prefix first. */
function mapsFrom(rows: readonly number[][], height = 1, prefix = 0): FeatureMaps {
  const width = (rows[0].length - prefix) / height;
  const layer = { id: 'conv', op: 'Conv', shape: [rows.length, height, width], channels: rows.length };
  return {
    layer: { ...layer, height, width, prefix },
    data: Float32Array.from(rows.flat()),
    channels: rows.map(statisticsOf),
    whole: statisticsOf(rows.flat()),
  };
}

/** A workspace that shows `maps` and answers what it is asked with `contributions`. */
function workspaceWith(maps: FeatureMaps, contributions: readonly number[] = []) {
  const asked: unknown[] = [];
  const place = new Place();
  place.pickLayer(maps.layer.id);
  const workspace = {
    place,
    model: { classes: maps.layer.channels, labels: maps.channels.map((_, i) => `class ${i}`) },
    prediction: { top: [{ index: 2 }] },
    question: { target: ([index]: number[]) => ({ kind: 'logit', index }) },
    inside: {
      maps,
      layers: [maps.layer],
      choices: [{ image: 1 }],
      lab: {
        contributions: async (...request: unknown[]) => {
          asked.push(request);
          return { ok: true, value: Float32Array.from(contributions) };
        },
      },
    },
  };
  return { asked, workspace: workspace as unknown as Workspace };
}

describe('the order of channels', () => {
  const channels = [channelOf(0, 9), channelOf(5, 5), channelOf(NaN, NaN), channelOf(-1, -3), channelOf(5, 5)];

  it('is that of the file, or the largest number first, with what is none at the end and ties as in the file', () => {
    expect([...rankingOf(channels, 'index', null)]).toEqual([0, 1, 2, 3, 4]);
    expect([...rankingOf(channels, 'mean', null)]).toEqual([1, 4, 0, 3, 2]);
    expect([...rankingOf(channels, 'max', null)]).toEqual([0, 1, 4, 3, 2]);
    expect([...rankingOf(channels, 'contribution', [0, 2, -1, 7, 2])]).toEqual([3, 1, 4, 0, 2]);
  });

  it('stays that of the file until contributions are known', () =>
    expect([...rankingOf(channels, 'contribution', null)]).toEqual([0, 1, 2, 3, 4]));

  it('tells where each channel stands', () => {
    const ranking = rankingOf(channels, 'mean', null);
    ranksOf(ranking).forEach((rank, channel) => expect(ranking[rank]).toBe(channel));
  });
});

describe('the scale of colours', () => {
  it('runs from minimum to maximum, of each channel or of all', () => {
    const { channels, whole } = mapsFrom([
      [1, 4],
      [0, 2],
    ]);
    expect([...limitsOf(channels, whole, false)]).toEqual([1, 4, 0, 2]);
    expect([...limitsOf(channels, whole, true)]).toEqual([0, 4, 0, 4]);
  });

  it('has zero in its middle as soon as the layer has a negative value', () => {
    const { channels, whole } = mapsFrom([
      [1, 4],
      [-6, 2],
    ]);
    expect([...limitsOf(channels, whole, false)]).toEqual([-4, 4, -6, 6]);
    expect([...limitsOf(channels, whole, true)]).toEqual([-6, 6, -6, 6]);
  });

  it('is empty for a channel without a finite value', () => {
    const { channels, whole } = mapsFrom([
      [NaN, Infinity],
      [0, 2],
    ]);
    expect([...limitsOf(channels, whole, false)]).toEqual([0, 0, 0, 2]);
  });
});

describe('looking at feature maps', () => {
  const rows = [
    [0, 1, 2, 3],
    [9, 8, 7, 6],
    [4, 4, 4, 5],
  ];

  it('sorts by contribution once it is told them, and asks once', async () => {
    const { workspace, asked } = workspaceWith(mapsFrom(rows, 2), [-1, 0, 3]);
    const maps = new Maps(workspace);
    maps.order = 'contribution';
    expect([...maps.ranking]).toEqual([0, 1, 2]);
    await maps.weigh();
    await maps.weigh();
    expect([...maps.ranking]).toEqual([2, 1, 0]);
    expect(asked).toEqual([[[{ image: 1 }], 'conv', { kind: 'logit', index: 2 }]]);
  });

  it('moves the cursor by the order on show, and within a map by rows and columns', () => {
    const maps = new Maps(workspaceWith(mapsFrom(rows, 2)).workspace);
    maps.order = 'mean';
    maps.step(1);
    expect(maps.cursor).toEqual({ channel: 1, element: 0 });
    maps.step(1);
    expect(maps.cursor).toEqual({ channel: 2, element: 0 });
    maps.stepWithin(1, 1);
    expect(maps.cursor).toEqual({ channel: 2, element: 3 });
    expect(maps.valueAt(maps.cursor!)).toBe(5);
    maps.stepWithin(9, -9);
    expect(maps.cursor).toEqual({ channel: 2, element: 1 });
    maps.stepTo(Infinity);
    expect(maps.cursor!.channel).toBe(0);
    maps.stepTo(-5);
    expect(maps.cursor!.channel).toBe(1);
  });

  it('enlarging a channel picks it for the whole page and asks for its contribution', () => {
    const { workspace, asked } = workspaceWith(mapsFrom(rows, 2), [1, 2, 3]);
    const maps = new Maps(workspace);
    maps.enlarge(2);
    expect(maps.enlarged).toBe(true);
    expect(workspace.place.selection.channel).toBe(2);
    expect(asked).toHaveLength(1);
  });

  it('names channels by class where the layer is the last and has one for each', () => {
    const maps = new Maps(workspaceWith(mapsFrom([[1], [2], [3]])).workspace);
    expect(maps.nameOf(1)).toBe('Class 1, class 1');
  });

  it('keeps sizes between bounds', () => {
    const maps = new Maps(workspaceWith(mapsFrom(rows, 2)).workspace);
    for (let i = 0; i < 50; i++) maps.zoomBy(1);
    expect(maps.tile(100)).toBeLessThan(1000);
    for (let i = 0; i < 99; i++) maps.zoomBy(-1);
    expect(maps.tile(20)).toBe(16);
  });
});

describe('what is said of feature maps', () => {
  it('a constant layer, values that are none, channels without a difference', () => {
    expect(warningsOf(mapsFrom([[2, 2], [2, 2]]))).toEqual([expect.stringMatching(/^Every value of this layer is 2/)]); // prettier-ignore
    expect(warningsOf(mapsFrom([[NaN, 2], [1, 2]]))[0]).toMatch(/^1 of 4 values are not finite/); // prettier-ignore
    expect(warningsOf(mapsFrom([[NaN, NaN], [NaN, NaN]]))).toEqual([expect.stringMatching(/^No value/)]); // prettier-ignore
    expect(warningsOf(mapsFrom([[3, 3], [1, 2]]))).toEqual([expect.stringMatching(/^1 of 2 channels/)]); // prettier-ignore
    expect(warningsOf(mapsFrom([[3], [1]]))).toEqual([]);
  });

  it('the place of a value, the shape of a layer and what a contribution is to', () => {
    const { layer } = mapsFrom([[9, 0, 1, 2, 3, 4, 5]], 2, 1);
    expect(placeText(layer, 0)).toBe('token 0, before the grid');
    expect(placeText(layer, 6)).toBe('row 1, column 2');
    expect(shapeText(layer)).toBe('1 channel of 3 × 2, and 1 token before the grid, drawn below each map');
    expect(targetText({ kind: 'difference', index: 0, other: 1 }, ['cat', 'dog'])).toBe(
      'the logit of cat minus that of dog',
    );
  });

  it('the file of numbers holds every value in the shape of the layer', async () => {
    const bytes = async (maps: FeatureMaps) => readNpy(new Uint8Array(await mapsNpy(maps).arrayBuffer()));
    const plain = await bytes(mapsFrom([[1, 2, 3, 4, 5, 6]], 2));
    expect(plain.shape).toEqual([1, 2, 3]);
    expect([...plain.data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await bytes(mapsFrom([[9, 1, 2, 3, 4]], 2, 1))).shape).toEqual([1, 5]);
  });
});
