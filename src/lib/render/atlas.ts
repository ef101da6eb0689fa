/**
 * @file A layer's feature maps, drawn from an atlas of coloured texels. Colours are worked out once for a layer, order, scale
 * and colour map, so that scrolling and zooming draw nothing but textured quads: the channels in sight, in one call for each
 * page of the atlas, and a page holds a million texels. Drawn when asked.
 */
import { BufferImageSource, Container, GlProgram, Mesh, MeshGeometry, Shader } from 'pixi.js';
import { type Coloured, paintPage } from './atlas-colours.ts';
import type { AtlasLayout } from './atlas-layout.ts';
import { type Pages, pageSize, pagesOf, quadsOf, ranksIn } from './atlas-pages.ts';
import type { Layer } from './layer.ts';
import { type Painter, createPainter } from './painter.ts';
import { quadVertex, texelFragment } from './shaders.ts';
import type { Point, Rect, Size } from './viewport.ts';

export interface AtlasData extends Coloured {
  readonly layout: AtlasLayout;
}

const nearest = { scaleMode: 'nearest', addressMode: 'clamp-to-edge', alphaMode: 'no-premultiply-alpha' } as const;
/** Texels that are kept of pages out of sight: 64 MB. */
const MOST_KEPT = 16 * 1024 * 1024;

/** One page, and the quads that were drawn of it last. */
class Page {
  readonly mesh: Mesh<MeshGeometry, Shader>;
  readonly size: Size;
  readonly #source: BufferImageSource;
  #drawn = '';

  constructor(texels: Uint8Array<ArrayBuffer>, size: Size) {
    this.size = size;
    this.#source = new BufferImageSource({ resource: texels, ...size, format: 'rgba8unorm', ...nearest });
    const shader = new Shader({
      glProgram: GlProgram.from({ vertex: quadVertex, fragment: texelFragment, name: 'atlas' }),
      resources: { uTexels: this.#source, uTexelsSampler: this.#source.style },
    });
    this.mesh = new Mesh({ geometry: new MeshGeometry({}), shader });
  }

  /** Scrolling within the same rows changes nothing here. */
  show({ shape, layout }: AtlasData, pages: Pages, first: number, end: number): void {
    const { columns, gap, map, token } = layout;
    const wanted = [first, end, columns, gap, map.width, map.height, token].join();
    if (wanted === this.#drawn) return;
    this.#drawn = wanted;
    const { positions, uvs, indices } = quadsOf(shape, layout, pages, this.size, first, end);
    Object.assign(this.mesh.geometry, { positions, uvs, indices });
  }

  destroy(): void {
    this.mesh.shader?.destroy(); // first: it holds on to the texture
    this.mesh.geometry.destroy();
    this.mesh.destroy();
    this.#source.destroy();
  }
}

export class AtlasLayer implements Layer<AtlasData | null> {
  readonly view = new Container();
  readonly #limit: number;
  #data: AtlasData | null = null;
  #arranged: Pages | null = null;
  /** By number, those drawn longest ago first. */
  readonly #pages = new Map<number, Page>();

  /** `limit`: texels that a texture may have on a side. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  update(data: AtlasData | null): void {
    const before = this.#data;
    const same =
      data?.values === before?.values &&
      data?.order === before?.order &&
      data?.limits === before?.limits &&
      data?.colours === before?.colours;
    if (!same) this.#forget();
    this.#data = data;
  }

  /** The part that is in sight, in CSS pixels of the grid, `ratio` device pixels to each. */
  show(sight: Rect, ratio: number): void {
    const data = this.#data;
    for (const page of this.#pages.values()) page.mesh.visible = false;
    if (!data) return;
    const { shape, layout } = data;
    const pages = pagesOf(shape, layout, ratio, this.#limit);
    if (JSON.stringify(pages) !== JSON.stringify(this.#arranged)) this.#forget();
    this.#arranged = pages;
    const [first, end] = ranksIn(layout, shape.count, sight);
    for (let at = Math.floor(first / pages.perPage); at * pages.perPage < end; at++) {
      const page = this.#pages.get(at) ?? this.#paint(data, pages, at);
      this.#pages.delete(at);
      this.#pages.set(at, page);
      page.mesh.visible = true;
      page.show(data, pages, Math.max(first, at * pages.perPage), Math.min(end, (at + 1) * pages.perPage));
    }
    this.#tidy();
  }

  destroy(): void {
    this.#forget();
    this.view.destroy({ children: true });
  }

  #paint(data: AtlasData, pages: Pages, at: number): Page {
    const page = new Page(paintPage(data, pages, at), pageSize(pages, at, data.shape.count));
    this.view.addChild(page.mesh);
    return page;
  }

  #tidy(): void {
    let kept = 0;
    for (const { size } of this.#pages.values()) kept += size.width * size.height;
    for (const [at, page] of this.#pages) {
      if (kept <= MOST_KEPT || page.mesh.visible) return;
      kept -= page.size.width * page.size.height;
      page.destroy();
      this.#pages.delete(at);
    }
  }

  #forget(): void {
    for (const page of this.#pages.values()) page.destroy();
    this.#pages.clear();
  }
}

/** Rows of a picture file that are drawn at a time. */
const STRIP_ROWS = 2048;

export class Atlas {
  readonly layer: AtlasLayer;
  readonly #painter: Painter;
  #size: Size = { width: 1, height: 1 };
  #ratio = 1;
  #onto: (() => void) | null = null;

  /** Use `createAtlas`. */
  constructor(painter: Painter) {
    this.#painter = painter;
    painter.onRestored = () => this.#onto?.();
    this.layer = new AtlasLayer(painter.maxTextureSize);
    painter.show([this.layer.view]);
  }

  /** CSS pixels, and device pixels per CSS pixel. */
  resize(size: Size, ratio: number): void {
    this.#size = size;
    this.#ratio = ratio;
    this.#painter.resize(size, ratio);
  }

  /** Draws the part of the grid that begins at a point of it. */
  draw({ x, y }: Point): void {
    this.layer.show({ x, y, ...this.#size }, this.#ratio);
    this.#painter.look({ scale: 1, x: -x, y: -y });
    this.#painter.draw();
  }

  /**
   * Draws the part of the grid that begins at a point of it, and puts it on a canvas of its own. A page without a GPU shows
   * the wrong part of a WebGL canvas that reaches beyond the window; it shows other canvases as they are.
   */
  drawOn(canvas: HTMLCanvasElement, at: Point): void {
    const source = this.#painter.canvas;
    this.draw(at);
    this.#onto = () => {
      if (canvas.width !== source.width) canvas.width = source.width;
      if (canvas.height !== source.height) canvas.height = source.height;
      const context = canvas.getContext('2d')!;
      context.globalCompositeOperation = 'copy';
      context.drawImage(source, 0, 0); // at once: the buffer is only defined right after drawing
    };
    this.#onto();
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
