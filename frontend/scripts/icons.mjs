/** Draws the icon of the volunteer's page as SVG and PNG: an armband with a chevron, without a graphics library. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as zlib from "node:zlib";

const TEAL = [11, 107, 107];
const WHITE = [255, 255, 255];
const out = join(dirname(fileURLToPath(import.meta.url)), "..", "generated", "icons");

// The drawing in a unit square: an M of two strokes up and a chevron between them.
const STROKES = [
  [0.27, 0.7, 0.27, 0.32],
  [0.27, 0.32, 0.5, 0.58],
  [0.5, 0.58, 0.73, 0.32],
  [0.73, 0.32, 0.73, 0.7],
];
const HALF_WIDTH = 0.055;

function toStroke(x, y, [ax, ay, bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

function toRounded(x, y, radius) {
  const qx = Math.abs(x - 0.5) - 0.5 + radius;
  const qy = Math.abs(y - 0.5) - 0.5 + radius;
  return Math.min(Math.max(qx, qy), 0) + Math.hypot(Math.max(qx, 0), Math.max(qy, 0)) - radius;
}

function pixels(size, radius, scale) {
  const rows = Buffer.alloc(size * (size * 4 + 1));
  for (let py = 0; py < size; py += 1) {
    for (let px = 0; px < size; px += 1) {
      const [x, y] = [(px + 0.5) / size, (py + 0.5) / size];
      const [u, v] = [(x - 0.5) / scale + 0.5, (y - 0.5) / scale + 0.5];
      const ink = cover((Math.min(...STROKES.map((s) => toStroke(u, v, s))) - HALF_WIDTH) * scale * size);
      const at = py * (size * 4 + 1) + 1 + px * 4;
      for (let c = 0; c < 3; c += 1) rows[at + c] = Math.round(TEAL[c] + (WHITE[c] - TEAL[c]) * ink);
      rows[at + 3] = Math.round(255 * (radius === 0 ? 1 : cover(toRounded(x, y, radius) * size)));
    }
  }
  return rows;
}

const cover = (distance) => Math.max(0, Math.min(1, 0.5 - distance));

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8 + body.length);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(checksum(body), 4 + body.length);
  return frame;
}

function checksum(bytes) {
  if (zlib.crc32) return zlib.crc32(bytes); // Node 22 and later
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function png(size, radius, scale) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const image = zlib.deflateSync(pixels(size, radius, scale), { level: 9 });
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", image), chunk("IEND", Buffer.alloc(0))]);
}

function svg() {
  const path = STROKES.map(([ax, ay, bx, by]) => `M${ax * 100} ${ay * 100}L${bx * 100} ${by * 100}`).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" rx="22"
 fill="#0b6b6b"/><path d="${path}" stroke="#fff" stroke-width="${HALF_WIDTH * 200}" stroke-linecap="round"/></svg>\n`;
}

mkdirSync(out, { recursive: true });
writeFileSync(join(out, "icon.svg"), svg());
writeFileSync(join(out, "icon-192.png"), png(192, 0.22, 1));
writeFileSync(join(out, "icon-512.png"), png(512, 0.22, 1));
// Android cuts its own shape out of a maskable icon: fill the square, keep the drawing in the safe zone.
writeFileSync(join(out, "maskable-512.png"), png(512, 0, 0.8));
writeFileSync(join(out, "apple-touch-icon.png"), png(180, 0, 0.95));
console.log("icons: 1 svg, 4 png");
