/** @file OKLab (Björn Ottosson 2020), a colour space in which equal distances look about equally large. */

export type Triple = readonly [number, number, number];

const toGamma = (c: number): number => (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055);
const toLinear = (c: number): number => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);

/** Lightness 0…1, chroma and hue in degrees → linear sRGB; outside 0…1 where the screen cannot show it. */
export function oklchToLinear(lightness: number, chroma: number, hue: number): Triple {
  const angle = (hue * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

/** Linear sRGB → OKLab's L, a, b. */
export function linearToOklab([r, g, b]: Triple): Triple {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** sRGB bytes → linear sRGB. */
export const bytesToLinear = ([r, g, b]: Triple): Triple => [toLinear(r / 255), toLinear(g / 255), toLinear(b / 255)];

/** OKLCH → sRGB bytes. Chroma that the screen cannot show is reduced; lightness and hue stay. */
export function oklchToBytes(lightness: number, chroma: number, hue: number): Triple {
  let [low, high] = [0, chroma];
  if (!fits(oklchToLinear(lightness, chroma, hue))) {
    for (let i = 0; i < 20; i++) {
      const middle = (low + high) / 2;
      if (fits(oklchToLinear(lightness, middle, hue))) low = middle;
      else high = middle;
    }
  } else {
    low = chroma;
  }
  const byte = (c: number): number => Math.round(255 * toGamma(Math.min(1, Math.max(0, c))));
  const [r, g, b] = oklchToLinear(lightness, low, hue);
  return [byte(r), byte(g), byte(b)];
}

const fits = (rgb: Triple): boolean => rgb.every((c) => c >= -1e-4 && c <= 1.0001);
