/** @file A layer's feature maps as one mesh: however many channels, one quad and three textures. Drawn when asked. */
import { BufferImageSource, Container, GlProgram, Mesh, type MeshGeometry, Shader, UniformGroup } from 'pixi.js';
import { type AtlasLayout, type GridShape, valuesOf } from './atlas-layout.ts';
import { atlasFragment } from './atlas-shader.ts';
import type { ColourMap } from './colour-maps.ts';
import { unitQuad } from './image-layer.ts';
import type { Layer } from './layer.ts';
import { type Painter, createPainter } from './painter.ts';
import { quadVertex } from './shaders.ts';
import type { Point, Size } from './viewport.ts';

export interface AtlasData {
  /** [channels, prefix + height · width]. */
  readonly values: Float32Array;
  readonly shape: GridShape;
  readonly layout: AtlasLayout;
  /** Channels in the order of the cells. */
  readonly order: ArrayLike<number>;
  /** Two for each channel: the values that get the first and the last colour. */
  readonly limits: Float32Array;
  readonly colours: ColourMap;
}

const nearest = { scaleMode: 'nearest', addressMode: 'clamp-to-edge', alphaMode: 'no-premultiply-alpha' } as const;

/** Rows of `width` texels for `values` of `per` numbers each; a copy only where the last row is not full. */
function wrapped(values: Float32Array, per: number, limit: number, format: 'r32float' | 'rgba32float') {
  const texels = values.length / per;
  const width = Math.max(1, Math.min(texels, limit));
  const height = Math.max(1, Math.ceil(texels / width));
  if (height > limit)
    throw new Error(
      `Atlas: the layer has ${texels} values, this device's textures hold ${limit * limit}. Look at a smaller layer.`,
    );
  const full = values.length === width * height * per;
  const resource = full ? values : new Float32Array(width * height * per);
  if (!full) resource.set(values);
  return new BufferImageSource({ resource, width, height, format, ...nearest });
}

/** Four numbers for each cell: channel, the values of the first and the last colour, place 0…1 of a channel without a span. */
function cellsOf({ order, limits, colours }: AtlasData): Float32Array {
  const cells = new Float32Array(4 * order.length);
  const alone = colours.kind === 'diverging' ? 0.5 : 0;
  for (let rank = 0; rank < order.length; rank++) {
    const channel = order[rank];
    cells.set([channel, limits[2 * channel], limits[2 * channel + 1], alone], 4 * rank);
  }
  return cells;
}

export class AtlasLayer implements Layer<AtlasData | null> {
  readonly view = new Container();
  readonly #limit: number;
  #data: AtlasData | null = null;
  #values: BufferImageSource | null = null;
  #cells: BufferImageSource | null = null;
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
    uSize: { value: new Float32Array(2), type: 'vec2<f32>' },
    uGrid: { value: new Float32Array(2), type: 'vec2<f32>' },
    uCell: { value: new Float32Array(4), type: 'vec4<f32>' },
    uShape: { value: new Float32Array(4), type: 'vec4<f32>' },
  });

  /** `limit`: texels that a texture may have on a side. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Throws an Error where the device's textures cannot hold the layer. */
  update(data: AtlasData | null): void {
    const before = this.#data;
    if (data?.values !== before?.values) this.#replace(data);
    else if (data && before && (data.order !== before.order || data.limits !== before.limits)) this.#arrange(data);
    else if (data && before && data.colours.kind !== before.colours.kind) this.#arrange(data);
    this.#data = data;
    if (!data || !this.#mesh) return;
    if (data.colours !== before?.colours) {
      (this.#palette.resource as Uint8Array).set(data.colours.colours);
      this.#palette.update();
    }
    const { layout, shape } = data;
    this.#mesh.scale.set(layout.width, layout.height);
    const { uniforms } = this.#uniforms;
    uniforms.uSize.set([layout.width, layout.height]);
    uniforms.uGrid.set([layout.columns, shape.count]);
    uniforms.uCell.set([
      layout.cell.width + layout.gap,
      layout.cell.height + layout.gap,
      layout.map.width,
      layout.map.height,
    ]);
    uniforms.uShape.set([shape.width, shape.height, shape.prefix, layout.token]);
    this.#uniforms.update();
  }

  destroy(): void {
    this.#replace(null);
    this.#palette.destroy();
    this.view.destroy({ children: true });
  }

  /** Another order or scale: a few numbers for each channel. */
  #arrange(data: AtlasData): void {
    (this.#cells!.resource as Float32Array).set(cellsOf(data));
    this.#cells!.update();
  }

  #replace(data: AtlasData | null): void {
    this.#mesh?.shader?.destroy(); // first: it holds on to the textures
    this.#mesh?.geometry.destroy();
    this.#mesh?.destroy();
    this.#values?.destroy();
    this.#cells?.destroy();
    this.#mesh = this.#values = this.#cells = null;
    if (!data || data.shape.count * valuesOf(data.shape) === 0) return;
    this.#values = wrapped(data.values, 1, this.#limit, 'r32float');
    this.#cells = wrapped(cellsOf(data), 4, this.#limit, 'rgba32float');
    const shader = new Shader({
      glProgram: GlProgram.from({ vertex: quadVertex, fragment: atlasFragment, name: 'atlas' }),
      resources: {
        uValues: this.#values,
        uValuesSampler: this.#values.style,
        uCells: this.#cells,
        uCellsSampler: this.#cells.style,
        uColours: this.#palette,
        uColoursSampler: this.#palette.style,
        options: this.#uniforms,
      },
    });
    this.#mesh = new Mesh({ geometry: unitQuad(), shader });
    this.view.addChild(this.#mesh);
  }
}

/** Rows of a picture file that are drawn at a time. */
const STRIP_ROWS = 2048;

export class Atlas {
  readonly layer: AtlasLayer;
  readonly #painter: Painter;

  /** Use `createAtlas`. */
  constructor(painter: Painter) {
    this.#painter = painter;
    this.layer = new AtlasLayer(painter.maxTextureSize);
    painter.show([this.layer.view]);
  }

  /** CSS pixels, and device pixels per CSS pixel. */
  resize(size: Size, ratio: number): void {
    this.#painter.resize(size, ratio);
  }

  /** Draws the part of the grid that begins at a point of it. */
  draw({ x, y }: Point): void {
    this.#painter.look({ scale: 1, x: -x, y: -y });
    this.#painter.draw();
  }

  /** The whole grid as PNG, a pixel for each CSS pixel of its layout. */
  picture(data: AtlasData): Promise<Blob> {
    const { width, height } = data.layout;
    const canvas = new OffscreenCanvas(Math.max(1, width), Math.max(1, height));
    const context = canvas.getContext('2d')!;
    this.layer.update(data);
    for (let top = 0; top < height; top += STRIP_ROWS) {
      const rows = Math.min(STRIP_ROWS, height - top);
      this.resize({ width, height: rows }, 1);
      this.draw({ x: 0, y: top });
      context.drawImage(this.#painter.canvas, 0, top); // at once: the buffer is only defined right after drawing
    }
    return canvas.convertToBlob({ type: 'image/png' });
  }

  destroy(): void {
    this.layer.destroy();
    this.#painter.destroy();
  }
}

/** Throws an Error where the browser offers no WebGL 2. */
export const createAtlas = async (canvas: HTMLCanvasElement): Promise<Atlas> => new Atlas(await createPainter(canvas));
