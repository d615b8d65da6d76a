/** GCJ-02 → WGS-84 by iteration of the public forward formula; the rest is below a millimetre. */
const A = 6378245.0;
const EE = 0.00669342162296594323;

function offset(lon, lat) {
  const x = lon - 105;
  const y = lat - 35;
  const wave = (20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * (2 / 3);
  let dLat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + wave;
  dLat += (20 * Math.sin(y * Math.PI) + 40 * Math.sin((y / 3) * Math.PI)) * (2 / 3);
  dLat += (160 * Math.sin((y / 12) * Math.PI) + 320 * Math.sin((y * Math.PI) / 30)) * (2 / 3);
  let dLon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + wave;
  dLon += (20 * Math.sin(x * Math.PI) + 40 * Math.sin((x / 3) * Math.PI)) * (2 / 3);
  dLon += (150 * Math.sin((x / 12) * Math.PI) + 300 * Math.sin((x / 30) * Math.PI)) * (2 / 3);
  const rad = (lat * Math.PI) / 180;
  const magic = 1 - EE * Math.sin(rad) ** 2;
  const root = Math.sqrt(magic);
  return [
    (dLon * 180) / ((A / root) * Math.cos(rad) * Math.PI),
    (dLat * 180) / (((A * (1 - EE)) / (magic * root)) * Math.PI),
  ];
}

/** Return [lon, lat] in GCJ-02. */
export function wgs84ToGcj02(lon, lat) {
  const [dLon, dLat] = offset(lon, lat);
  return [lon + dLon, lat + dLat];
}

/** Return [lon, lat] in WGS-84. */
export function gcj02ToWgs84(lon, lat) {
  let [x, y] = [lon, lat];
  for (let step = 0; step < 6; step += 1) {
    const [gx, gy] = wgs84ToGcj02(x, y);
    x += lon - gx;
    y += lat - gy;
  }
  return [x, y];
}
