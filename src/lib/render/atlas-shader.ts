/** @file The fragment shader of the grid of feature maps, in GLSL ES 3.00. */
import { STRIP_GAP } from './atlas-layout.ts';

/**
 * uValues holds a layer's values one after another, wrapped into rows; uCells has a texel for each cell of the grid: channel,
 * and the values that get the first and the last colour. So thousands of channels are one quad, and neither another order nor
 * another scale touches the values. Maps smaller on the screen than they are get the mean of some of their values.
 */
export const atlasFragment = `#version 300 es
precision highp float;
precision highp int;
in vec2 vUV;
out vec4 colour;
uniform highp sampler2D uValues;
uniform highp sampler2D uCells;
uniform sampler2D uColours;
uniform vec2 uSize;
uniform vec2 uGrid;
uniform vec4 uCell;
uniform vec4 uShape;

const vec3 NOT_A_NUMBER = vec3(0.93, 0.16, 0.62);
const float MOST_SAMPLES = 3.0;

float fetch(highp sampler2D values, int at) {
  int width = textureSize(values, 0).x;
  return texelFetch(values, ivec2(at % width, at / width), 0).r;
}

vec4 cellOf(int rank) {
  int width = textureSize(uCells, 0).x;
  return texelFetch(uCells, ivec2(rank % width, rank / width), 0);
}

float meanAround(vec2 at, vec2 pixel, int first) {
  vec2 size = uShape.xy;
  vec2 reach = pixel * size / uCell.zw;
  ivec2 samples = ivec2(clamp(ceil(reach - 0.01), 1.0, MOST_SAMPLES));
  float total = 0.0;
  for (int j = 0; j < samples.y; j++) {
    for (int i = 0; i < samples.x; i++) {
      vec2 offset = (vec2(ivec2(i, j)) + 0.5) / vec2(samples) - 0.5;
      vec2 texel = clamp(floor(at / uCell.zw * size + offset * reach), vec2(0.0), size - 1.0);
      total += fetch(uValues, first + int(texel.y) * int(size.x) + int(texel.x));
    }
  }
  return total / float(samples.x * samples.y);
}

void main() {
  vec2 at = vUV * uSize;
  vec2 pixel = fwidth(at);
  vec2 place = floor(at / uCell.xy);
  vec2 within = at - place * uCell.xy;
  int rank = int(place.y) * int(uGrid.x) + int(place.x);
  colour = vec4(0.0);
  if (rank >= int(uGrid.y) || within.x >= uCell.z) return;
  vec4 cell = cellOf(rank);
  int prefix = int(uShape.z);
  int first = int(cell.r) * (prefix + int(uShape.x) * int(uShape.y));
  float v;
  if (within.y < uCell.w) {
    v = meanAround(within, pixel, first + prefix);
  } else {
    int token = prefix == 0 ? -1 : int(floor(within.x / uShape.w));
    float top = within.y - uCell.w - ${STRIP_GAP.toFixed(1)};
    if (token < 0 || token >= prefix || top < 0.0 || top >= uShape.w) return;
    v = fetch(uValues, first + token);
  }
  if (!(abs(v) < 3.0e38)) {
    colour = vec4(NOT_A_NUMBER, 1.0);
    return;
  }
  float span = cell.b - cell.g;
  float t = span > 0.0 ? clamp((v - cell.g) / span, 0.0, 1.0) : cell.a;
  colour = vec4(texture(uColours, vec2((t * 255.0 + 0.5) / 256.0, 0.5)).rgb, 1.0);
}
`;
