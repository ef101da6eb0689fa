/** @file The heatmap: raw scores in a texture, coloured by a shader, so that no control recomputes anything. */
import { BufferImageSource, Container, GlProgram, Mesh, type MeshGeometry, Shader, UniformGroup } from 'pixi.js';
import type { FloatTensor } from '../tensor/tensor.ts';
import type { ColourMap } from './colour-maps.ts';
import { unitQuad } from './image-layer.ts';
import type { Layer } from './layer.ts';
import { mapSize } from './scale.ts';
import { heatmapFragment, quadVertex } from './shaders.ts';
import type { Rect } from './viewport.ts';

export const signFilters = ['all', 'positive', 'negative', 'absolute'] as const;
export type SignFilter = (typeof signFilters)[number];

export interface HeatmapData {
  /** Scores, […, height, width]. */
  readonly map: FloatTensor;
  /** What the map covers, in image pixels. */
  readonly area: Rect;
  readonly colours: ColourMap;
  /** The magnitude that gets the strongest colour. */
  readonly limit: number;
  readonly opacity: number;
  readonly sign: SignFilter;
  /** Interpolated, or one square a score. */
  readonly smooth: boolean;
  /** Whether weak scores let the photograph through. */
  readonly fade: boolean;
}

const nearest = { scaleMode: 'nearest', addressMode: 'clamp-to-edge', alphaMode: 'no-premultiply-alpha' } as const;

export class HeatmapLayer implements Layer<HeatmapData | null> {
  readonly view = new Container();
  /** What the textures hold. */
  #data: Float32Array | null = null;
  #colours: Uint8Array | null = null;
  #scores: BufferImageSource | null = null;
  #mesh: Mesh<MeshGeometry, Shader> | null = null;
  readonly #palette = new BufferImageSource({
    resource: new Uint8Array(256 * 4),
    width: 256,
    height: 1,
    format: 'rgba8unorm',
    ...nearest,
    scaleMode: 'linear',
  });
  readonly #uniforms = new UniformGroup({
    uLimit: { value: 1, type: 'f32' },
    uOpacity: { value: 1, type: 'f32' },
    uFade: { value: 1, type: 'f32' },
    uSign: { value: 0, type: 'i32' },
    uDiverging: { value: 0, type: 'i32' },
    uSmooth: { value: 1, type: 'i32' },
  });

  update(data: HeatmapData | null): void {
    if (data?.map.data !== (this.#data ?? undefined)) this.#replace(data?.map ?? null);
    if (!data || !this.#mesh) return;
    const { colours } = data.colours;
    if (colours !== this.#colours) {
      this.#colours = colours;
      (this.#palette.resource as Uint8Array).set(colours);
      this.#palette.update();
    }
    this.#mesh.position.set(data.area.x, data.area.y);
    this.#mesh.scale.set(data.area.width, data.area.height);
    Object.assign(this.#uniforms.uniforms, {
      uLimit: data.limit,
      uOpacity: data.opacity,
      uFade: data.fade ? 1 : 0,
      uSign: signFilters.indexOf(data.sign),
      uDiverging: data.colours.kind === 'diverging' ? 1 : 0,
      uSmooth: data.smooth ? 1 : 0,
    });
  }

  destroy(): void {
    this.#replace(null);
    this.#palette.destroy();
    this.view.destroy({ children: true });
  }

  #replace(map: FloatTensor | null): void {
    this.#mesh?.shader?.destroy(); // first: it holds on to the textures
    this.#mesh?.geometry.destroy();
    this.#mesh?.destroy();
    this.#scores?.destroy();
    this.#mesh = this.#scores = null;
    this.#data = map?.data ?? null;
    if (!map) return;
    this.#scores = new BufferImageSource({ resource: map.data, ...mapSize(map), format: 'r32float', ...nearest });
    const shader = new Shader({
      glProgram: GlProgram.from({ vertex: quadVertex, fragment: heatmapFragment, name: 'heatmap' }),
      resources: {
        uMap: this.#scores,
        uMapSampler: this.#scores.style,
        uColours: this.#palette,
        uColoursSampler: this.#palette.style,
        options: this.#uniforms,
      },
    });
    this.#mesh = new Mesh({ geometry: unitQuad(), shader });
    this.view.addChild(this.#mesh);
  }
}
