/** @file The photograph under the heatmap. */
import { Container, GlProgram, ImageSource, Mesh, MeshGeometry, Shader, UniformGroup } from 'pixi.js';
import type { Layer } from './layer.ts';
import { imageFragment, quadVertex } from './shaders.ts';
import type { Rect, Size } from './viewport.ts';

export interface ImageLayerData {
  /** Texels; may be fewer than the image's pixels where the GPU cannot hold more. */
  readonly image: ImageBitmap;
  /** Size of the image in its own pixels. */
  readonly size: Size;
  /** What the model sees, in image pixels. */
  readonly seen: Rect;
  /** 0 is grey, 1 as photographed. */
  readonly saturation: number;
  /** 0 hides the photograph, 1 shows it fully. */
  readonly strength: number;
  /** Strength outside of `seen`, relative to inside. */
  readonly outside: number;
  /** Interpolated, or pixels as squares. */
  readonly smooth: boolean;
}

/** A quad from (0, 0) to (1, 1). */
export const unitQuad = (): MeshGeometry =>
  new MeshGeometry({
    positions: new Float32Array([0, 0, 1, 0, 1, 1, 0, 1]),
    uvs: new Float32Array([0, 0, 1, 0, 1, 1, 0, 1]),
    indices: new Uint32Array([0, 1, 2, 0, 2, 3]),
  });

export class ImageLayer implements Layer<ImageLayerData | null> {
  readonly view = new Container();
  #image: ImageBitmap | null = null;
  #source: ImageSource | null = null;
  #mesh: Mesh<MeshGeometry, Shader> | null = null;
  readonly #uniforms = new UniformGroup({
    uSeen: { value: new Float32Array([0, 0, 1, 1]), type: 'vec4<f32>' },
    uSaturation: { value: 1, type: 'f32' },
    uStrength: { value: 1, type: 'f32' },
    uOutside: { value: 1, type: 'f32' },
  });

  update(data: ImageLayerData | null): void {
    if (data?.image !== this.#image) this.#replace(data?.image ?? null);
    if (!data || !this.#source || !this.#mesh) return;
    const { size, seen } = data;
    this.#mesh.scale.set(size.width, size.height);
    const { uniforms } = this.#uniforms;
    uniforms.uSeen.set([
      seen.x / size.width,
      seen.y / size.height,
      (seen.x + seen.width) / size.width,
      (seen.y + seen.height) / size.height,
    ]);
    uniforms.uSaturation = data.saturation;
    uniforms.uStrength = data.strength;
    uniforms.uOutside = data.outside;
    this.#source.style.magFilter = data.smooth ? 'linear' : 'nearest';
    this.#source.style.update();
  }

  destroy(): void {
    this.#replace(null);
    this.view.destroy({ children: true });
  }

  #replace(image: ImageBitmap | null): void {
    this.#mesh?.shader?.destroy(); // first: it holds on to the textures
    this.#mesh?.geometry.destroy();
    this.#mesh?.destroy();
    this.#source?.destroy();
    this.#mesh = this.#source = null;
    this.#image = image;
    if (!image) return;
    // Photographs are usually shown far smaller than they are: mipmaps keep them from flickering into grain.
    this.#source = new ImageSource({ resource: image, autoGenerateMipmaps: true, scaleMode: 'linear' });
    const shader = new Shader({
      glProgram: GlProgram.from({ vertex: quadVertex, fragment: imageFragment, name: 'image' }),
      resources: { uImage: this.#source, uImageSampler: this.#source.style, options: this.#uniforms },
    });
    this.#mesh = new Mesh({ geometry: unitQuad(), shader });
    this.view.addChild(this.#mesh);
  }
}
