/** Tell whether this browser can draw maps: the map library needs WebGL 2, which Safari has from version 15 on. */
export function canDrawMaps(): boolean {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}
