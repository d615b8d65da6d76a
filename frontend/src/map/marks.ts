import type { Map as LibreMap } from "maplibre-gl";
import type { Age } from "muster-client";
import type { Palette } from "./palette";

const SIZE = 40;

/** Draw the marks: age is told by shape as well as by colour. */
export function addMarks(map: LibreMap, colours: Palette): void {
  const shapes: Record<Age | "task", (pen: CanvasRenderingContext2D) => void> = {
    live: (pen) => pen.arc(20, 20, 12, 0, 2 * Math.PI),
    stale: (pen) => polygon(pen, [20, 6, 35, 32, 5, 32]),
    expired: (pen) => pen.rect(9, 9, 22, 22),
    task: (pen) => polygon(pen, [20, 3, 37, 20, 20, 37, 3, 20]),
  };
  for (const [name, shape] of Object.entries(shapes) as [Age | "task", (pen: CanvasRenderingContext2D) => void][]) {
    map.addImage(name, draw(shape, colours[name], colours.onMark, name === "expired"), { pixelRatio: 2 });
  }
}

function draw(shape: (pen: CanvasRenderingContext2D) => void, fill: string, edge: string, isHollow: boolean): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const pen = canvas.getContext("2d")!;
  pen.beginPath();
  shape(pen);
  pen.closePath();
  pen.fillStyle = isHollow ? edge : fill;
  pen.strokeStyle = isHollow ? fill : edge;
  pen.lineWidth = isHollow ? 5 : 3;
  pen.lineJoin = "round";
  pen.fill();
  pen.stroke();
  return pen.getImageData(0, 0, SIZE, SIZE);
}

function polygon(pen: CanvasRenderingContext2D, xy: number[]): void {
  pen.moveTo(xy[0]!, xy[1]!);
  for (let i = 2; i < xy.length; i += 2) pen.lineTo(xy[i]!, xy[i + 1]!);
}
