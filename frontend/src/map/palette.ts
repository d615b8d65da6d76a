/** Colours of the map, by the scheme of the device. The same three age colours are in the legend's style sheet. */
export interface Palette {
  sea: string;
  land: string;
  border: string;
  name: string;
  halo: string;
  road: string;
  water: string;
  live: string;
  stale: string;
  expired: string;
  task: string;
  onMark: string;
}

const LIGHT: Palette = {
  sea: "#dbe7ec",
  land: "#f7f6f2",
  border: "#b3b9b5",
  name: "#4b5957",
  halo: "#f7f6f2",
  road: "#e3ddd0",
  water: "#c4dbe4",
  live: "#0b6b6b",
  stale: "#b35c00",
  expired: "#6b7280",
  task: "#a3123a",
  onMark: "#ffffff",
};

const DARK: Palette = {
  sea: "#0a1417",
  land: "#152124",
  border: "#3b4c4f",
  name: "#b9c7c6",
  halo: "#152124",
  road: "#263538",
  water: "#0f1d24",
  live: "#3fd0c3",
  stale: "#f2a33a",
  expired: "#8b959e",
  task: "#ff7096",
  onMark: "#06201f",
};

export const palette = (): Palette => (matchMedia("(prefers-color-scheme: dark)").matches ? DARK : LIGHT);
