/** @file What a layer is called where there is little room. */

/**
 * The first of the names that TensorFlow's converter joins by `;` where it makes one operator of several: that of the last of them.
 * Ids, files and addresses keep the whole name.
 */
export const layerTitle = (id: string): string => id.split(';', 1)[0] || id;
