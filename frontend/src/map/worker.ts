import "./oldest";
import * as worker from "maplibre-gl/dist/maplibre-gl-worker.mjs";

// The library says that its worker has no side effects, though it is nothing else: what nothing uses would be left out.
Object.assign(globalThis, { mapWorker: worker });
