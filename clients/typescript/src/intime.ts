/** Wait for a promise, but not longer than this: rejects then. */
export function inTime<Result>(waited: Promise<Result>, ms: number): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error("too late")), ms)));
  return Promise.race([waited, late]).finally(() => clearTimeout(timer));
}

/** Return a signal that ends a request after this; `AbortSignal.timeout` is younger than the oldest browsers. */
export function endAfter(ms: number): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, done: () => clearTimeout(timer) };
}
