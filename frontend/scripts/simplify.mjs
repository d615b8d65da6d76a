/** Simplify a closed ring (Douglas–Peucker). Neighbours share the same points, so shared borders stay nearly shared. */
export function simplifyRing(ring, tolerance) {
  if (ring.length < 5) return ring;
  const middle = farthest(ring, 0, ring.length - 1, ring[0]);
  const keep = new Set([0, middle, ring.length - 1]);
  split(ring, 0, middle, tolerance, keep);
  split(ring, middle, ring.length - 1, tolerance, keep);
  return ring.filter((_, index) => keep.has(index));
}

function split(ring, first, last, tolerance, keep) {
  let [best, at] = [0, -1];
  for (let i = first + 1; i < last; i += 1) {
    const d = distance(ring[i], ring[first], ring[last]);
    if (d > best) [best, at] = [d, i];
  }
  if (at < 0 || best <= tolerance) return;
  keep.add(at);
  split(ring, first, at, tolerance, keep);
  split(ring, at, last, tolerance, keep);
}

function farthest(ring, first, last, from) {
  let [best, at] = [-1, first];
  for (let i = first; i <= last; i += 1) {
    const d = (ring[i][0] - from[0]) ** 2 + (ring[i][1] - from[1]) ** 2;
    if (d > best) [best, at] = [d, i];
  }
  return at;
}

function distance([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}
