/** @file The fragment shaders of the exhibit and of the grid of feature maps, in GLSL ES 3.00. */

/** A unit quad, placed by the mesh's own position and scale. */
export const quadVertex = `#version 300 es
in vec2 aPosition;
in vec2 aUV;
out vec2 vUV;
uniform mat3 uProjectionMatrix;
uniform mat3 uWorldTransformMatrix;
uniform mat3 uTransformMatrix;
void main() {
  vUV = aUV;
  mat3 matrix = uProjectionMatrix * uWorldTransformMatrix * uTransformMatrix;
  gl_Position = vec4((matrix * vec3(aPosition, 1.0)).xy, 0.0, 1.0);
}
`;

/** The photograph: colour strength, brightness, and what lies outside the model's view dimmed. */
export const imageFragment = `#version 300 es
precision highp float;
in vec2 vUV;
out vec4 colour;
uniform sampler2D uImage;
uniform vec4 uSeen;
uniform float uSaturation;
uniform float uStrength;
uniform float uOutside;
void main() {
  vec4 source = texture(uImage, vUV);
  float grey = dot(source.rgb, vec3(0.2126, 0.7152, 0.0722));
  vec3 rgb = mix(vec3(grey), source.rgb, uSaturation);
  bool seen = all(greaterThanEqual(vUV, uSeen.xy)) && all(lessThanEqual(vUV, uSeen.zw));
  float strength = uStrength * (seen ? 1.0 : uOutside);
  colour = vec4(rgb, source.a) * strength;
}
`;

/**
 * The heatmap. uMap holds the raw scores as float32; they are interpolated here, because not every GPU filters float
 * textures. The sign filter applies to each score before it is interpolated.
 */
export const heatmapFragment = `#version 300 es
precision highp float;
in vec2 vUV;
out vec4 colour;
uniform highp sampler2D uMap;
uniform sampler2D uColours;
uniform float uLimit;
uniform float uOpacity;
uniform float uFade;
uniform int uSign;
uniform int uDiverging;
uniform int uSmooth;

float score(ivec2 at, ivec2 size) {
  float v = texelFetch(uMap, clamp(at, ivec2(0), size - 1), 0).r;
  if (!(abs(v) < 3.0e38)) return 0.0;
  if (uSign == 1) return max(v, 0.0);
  if (uSign == 2) return min(v, 0.0);
  return uSign == 3 ? abs(v) : v;
}

float interpolated(ivec2 size) {
  vec2 at = vUV * vec2(size) - 0.5;
  ivec2 corner = ivec2(floor(at));
  vec2 t = at - vec2(corner);
  float top = mix(score(corner, size), score(corner + ivec2(1, 0), size), t.x);
  float bottom = mix(score(corner + ivec2(0, 1), size), score(corner + ivec2(1, 1), size), t.x);
  return mix(top, bottom, t.y);
}

void main() {
  ivec2 size = textureSize(uMap, 0);
  float v = uSmooth == 1 ? interpolated(size) : score(ivec2(vUV * vec2(size)), size);
  float t = uLimit > 0.0 ? clamp(v / uLimit, -1.0, 1.0) : 0.0;
  float place = uDiverging == 1 ? 0.5 + 0.5 * t : abs(t);
  vec3 rgb = texture(uColours, vec2((place * 255.0 + 0.5) / 256.0, 0.5)).rgb;
  float alpha = uOpacity * mix(1.0, abs(t), uFade);
  colour = vec4(rgb * alpha, alpha);
}
`;

/** Colours that were worked out before. */
export const texelFragment = `#version 300 es
precision highp float;
in vec2 vUV;
out vec4 colour;
uniform sampler2D uTexels;
void main() {
  colour = texture(uTexels, vUV);
}
`;
