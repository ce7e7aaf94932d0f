// The picture of a race: for each contestant its rounds as dots, their median and spread. One scale for all, from zero.

import { drawn } from "./dom.js";
import { type Lane, spread } from "./race.js";

const LANE_HEIGHT = 62;
const AXIS_HEIGHT = 30;
const GROUP_HEIGHT = 30;
/** Room for half of a number under the axis. */
const EDGE = 18;

/** Microseconds as people read them. */
export const microseconds = (value: number): string =>
  `${value.toLocaleString("en", { maximumSignificantDigits: 3 })} µs`;

/** Draws the lanes so wide, in CSS pixels; text stays at its size on a phone. */
export function plot(lanes: readonly Lane[], width: number): SVGSVGElement {
  const most = Math.max(...lanes.map(({ rounds }) => spread(rounds).high)) * 1.12;
  const x = (value: number) => EDGE + (Math.min(value, most) / most) * (width - 2 * EDGE);
  const parts: SVGElement[] = [];
  let y = 0;
  let algorithm = "";
  for (const lane of lanes) {
    if (lane.algorithm !== algorithm) {
      algorithm = lane.algorithm;
      parts.push(drawn("text", { x: EDGE, y: y + 20, class: "plot-group" }, algorithm));
      y += GROUP_HEIGHT;
    }
    parts.push(laneAt(lane, y, x));
    y += LANE_HEIGHT;
  }
  const height = y + AXIS_HEIGHT;
  const title = drawn("title", {}, "Time of one check, by contestant. The table below has the same numbers.");
  return drawn(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" },
    title,
    ...axis(most, y, x),
    ...parts,
  );
}

function laneAt({ name, rounds, isTollgate }: Lane, y: number, x: (value: number) => number): SVGGElement {
  const { low, median, high } = spread(rounds);
  const middle = y + 40;
  // Shifted up and down in turn, so that rounds of one time do not hide each other.
  const dots = rounds.map((value, index) =>
    drawn("circle", { cx: x(value).toFixed(1), cy: middle - 6 + (index % 5) * 3, r: 2.5, class: "plot-dot" }),
  );
  const labels = drawn("text", { x: x(0), y: y + 20, class: "plot-name" }, name);
  labels.append(drawn("tspan", { dx: 10, class: "plot-number" }, microseconds(median)));
  return drawn(
    "g",
    { class: isTollgate ? "plot-lane plot-tollgate" : "plot-lane" },
    labels,
    drawn("rect", {
      x: x(0),
      y: middle - 11,
      width: (x(median) - x(0)).toFixed(1),
      height: 22,
      rx: 3,
      class: "plot-bar",
    }),
    drawn("rect", {
      x: x(low),
      y: middle - 11,
      width: Math.max(1, x(high) - x(low)).toFixed(1),
      height: 22,
      class: "plot-spread",
    }),
    ...dots,
    drawn("line", { x1: x(median), x2: x(median), y1: middle - 13, y2: middle + 13, class: "plot-median" }),
  );
}

function axis(most: number, bottom: number, x: (value: number) => number): SVGElement[] {
  const step = niceStep(most / (x(most) > 500 ? 6 : 3));
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
  return ticks.flatMap((value) => [
    drawn("line", { x1: x(value), x2: x(value), y1: GROUP_HEIGHT, y2: bottom + 4, class: "plot-grid" }),
    drawn("text", { x: x(value), y: bottom + 20, class: "plot-tick", "text-anchor": "middle" }, microseconds(value)),
  ]);
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}
