/** @file The tables of options of TensorFlow Lite's operators; fields stand in the order of their numbers. */
import { bool, float32, int32, int32s, int8 } from './wire.ts';

/** ActivationFunctionType */
const activation = int8();
/** Padding: 0 is SAME, 1 is VALID. */
const padding = int8();

export const none = {};
export const fused = { activation };

export const conv2D = {
  padding,
  strideW: int32(),
  strideH: int32(),
  activation,
  dilationW: int32(1),
  dilationH: int32(1),
};

export const depthwiseConv2D = {
  padding,
  strideW: int32(),
  strideH: int32(),
  depthMultiplier: int32(),
  activation,
  dilationW: int32(1),
  dilationH: int32(1),
};

export const conv3D = {
  padding,
  strideD: int32(),
  strideW: int32(),
  strideH: int32(),
  activation,
  dilationD: int32(1),
  dilationW: int32(1),
  dilationH: int32(1),
};

export const transposeConv = { padding, strideW: int32(), strideH: int32(), activation };

export const pool2D = {
  padding,
  strideW: int32(),
  strideH: int32(),
  filterW: int32(),
  filterH: int32(),
  activation,
};

export const fullyConnected = { activation, weightsFormat: int8(), keepNumDims: bool() };
export const batchMatMul = { adjX: bool(), adjY: bool() };
export const concatenation = { axis: int32(), activation };
export const softmax = { beta: float32() };
export const leakyRelu = { alpha: float32() };
export const gelu = { approximate: bool() };
export const reducer = { keepDims: bool() };
export const localResponse = { radius: int32(), bias: float32(), alpha: float32(), beta: float32() };
export const reshape = { newShape: int32s };
export const squeeze = { squeezeDims: int32s };
export const split = { numSplits: int32() };
export const pack = { count: int32(), axis: int32() };
export const axis = { axis: int32() };
export const gather = { axis: int32(), batchDims: int32() };
/** Graphs by their numbers in the file. */
export const branch = { thenGraph: int32(), elseGraph: int32() };
export const loop = { conditionGraph: int32(), bodyGraph: int32() };
export const block = { blockSize: int32() };
export const mirrorPad = { mode: int8() };
export const cumSum = { exclusive: bool(), reverse: bool() };
export const cast = { from: int8(), to: int8() };
/** The first two are of old files. */
export const resizeBilinear = { height: int32(), width: int32(), alignCorners: bool(), halfPixelCenters: bool() };
export const resizeNearest = { alignCorners: bool(), halfPixelCenters: bool() };

export const stridedSlice = {
  beginMask: int32(),
  endMask: int32(),
  ellipsisMask: int32(),
  newAxisMask: int32(),
  shrinkAxisMask: int32(),
  offset: bool(),
};
