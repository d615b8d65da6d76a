/**
 * Keeps the shell of the volunteer's page, so that it opens without a network.
 *
 * The server writes `self.shell` above this text. No imports: it is served as one classic script.
 */
declare const self: ServiceWorkerGlobalScope & { shell: { version: string; page: string; assets: string[] } };

const CACHE = `muster-${self.shell.version}`;
const PATIENCE_MS = 4_000;

self.addEventListener("install", (event) => {
  event.waitUntil(install());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && url.pathname === self.shell.page) event.respondWith(page(request));
  else if (self.shell.assets.includes(url.pathname)) event.respondWith(asset(request));
});

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(self.shell.assets);
  await fresh(new Request(self.shell.page, { credentials: "same-origin" })).catch(() => undefined);
  await self.skipWaiting();
}

async function activate(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith("muster-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** The network first: it knows whether the session still holds. On a slow or lost one, what was kept. */
async function page(request: Request): Promise<Response> {
  const network = fresh(request);
  const kept = await caches.match(self.shell.page);
  if (!kept) return network;
  const patience = new Promise<Response>((resolve) => setTimeout(() => resolve(kept), PATIENCE_MS));
  return Promise.race([network.catch(() => kept), patience]);
}

async function fresh(request: Request): Promise<Response> {
  const response = await fetch(request);
  const cache = await caches.open(CACHE);
  if (response.ok && !response.redirected) await cache.put(self.shell.page, response.clone());
  else if (response.type === "opaqueredirect" || response.redirected) await cache.delete(self.shell.page);
  return response;
}

/** Names carry a hash of the content: what is kept is never out of date. */
async function asset(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}

export {};
