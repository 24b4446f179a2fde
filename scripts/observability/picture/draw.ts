/** The dashboard as one page of HTML and SVG: every panel at its place, with title, unit, legend and what was measured. */
import type { Curve, Span } from './evaluate.ts';
import { inUnit } from './units.ts';

export interface DrawnPanel {
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly unit: string;
  /** A line in red. */
  readonly redFrom?: number;
  readonly curves: readonly Curve[];
}

/** Pixels of a column and of a unit of height, with the gap between panels. */
const [COLUMN, UNIT, GAP] = [48, 25, 6];
/** Grafana's classic palette. */
const COLOURS =
  '#7eb26d #eab839 #6ed0e0 #ef843c #e24d42 #1f78c1 #ba43a9 #705da0 #508642 #cca300 #447ebc #c15c17'.split(
    ' ',
  );
const [LEFT, RIGHT, TOP, BOTTOM] = [66, 8, 30, 16];
const LEGEND_LINE = 15;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const colour = (index: number): string => COLOURS[index % COLOURS.length] ?? 'black';
const short = (value: number): string => String(Math.round(value * 10) / 10);

/** Its size in pixels is for whoever takes the picture. */
export function page(
  panels: readonly DrawnPanel[],
  span: Span,
): { html: string; width: number; height: number } {
  const bottom = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const [width, height] = [24 * COLUMN + GAP, bottom * UNIT + GAP];
  const drawn = panels.map((panel) => {
    const { x, y, w, h } = panel.gridPos;
    const size = { width: w * COLUMN - GAP, height: h * UNIT - GAP };
    const at = `translate(${x * COLUMN + GAP} ${y * UNIT + GAP})`;
    return `<g transform="${at}">${panelDrawing(panel, size, span)}</g>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="DejaVu Sans, sans-serif" font-size="10" fill="#333">${drawn.join('\n')}</svg>`;
  const html = `<!doctype html><meta charset="utf-8"><style>body{margin:0;background:#f4f5f5}</style>${svg}`;
  return { html, width, height };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function panelDrawing(panel: DrawnPanel, size: Size, span: Span): string {
  const { title, type } = panel;
  if (type === 'row')
    return `<text y="${size.height - 6}" font-size="14" font-weight="bold">${escaped(title)}</text>`;
  const frame = `<rect width="${size.width}" height="${size.height}" rx="2" fill="white" stroke="#ddd"/><text x="8" y="18" font-size="${type === 'stat' ? 10.5 : 12}" font-weight="bold">${escaped(title)}</text>`;
  if (panel.curves.length === 0)
    return `${frame}<text x="${size.width / 2}" y="${size.height / 2 + 8}" text-anchor="middle" fill="#888" font-size="13">No data</text>`;
  if (type === 'stat') return frame + statDrawing(panel, size, span);
  if (type === 'table') return frame + tableDrawing(panel.curves);
  if (type === 'heatmap') return frame + heatmapDrawing(panel, size, span);
  return frame + linesDrawing(panel, size, span);
}

const finite = (curve: Curve) => curve.points.filter(([, value]) => Number.isFinite(value));

function path(points: Curve['points'], [x, y]: readonly [(at: number) => number, (value: number) => number]) {
  return points.map(([at, value], i) => `${i === 0 ? 'M' : 'L'}${short(x(at))} ${short(y(value))}`).join('');
}

function statDrawing(
  { curves, unit, redFrom }: DrawnPanel,
  { width, height }: Size,
  { from, to }: Span,
): string {
  const points = finite(curves[0] ?? { name: '', labels: {}, points: [] });
  const last = points.at(-1)?.[1];
  if (last === undefined)
    return `<text x="${width / 2}" y="${height / 2 + 12}" text-anchor="middle">No data</text>`;
  const fill = redFrom !== undefined && last >= redFrom ? '#c4162a' : '#37872d';
  const most = Math.max(...points.map(([, value]) => value)) || 1;
  const line = path(points, [
    (at) => ((at - from) / (to - from)) * width,
    (value) => height - 2 - (value / most) * height * 0.3,
  ]);
  return `<path d="${line}" fill="none" stroke="${fill}" opacity="0.5"/><text x="${width / 2}" y="${height / 2 + 12}" text-anchor="middle" font-size="24" fill="${fill}">${inUnit(unit, last)}</text>`;
}

function tableDrawing(curves: readonly Curve[]): string {
  const columns = Object.keys(curves[0]?.labels ?? {});
  const rows = [columns, ...curves.map(({ labels }) => columns.map((column) => labels[column] ?? ''))];
  return rows
    .flatMap((cells, row) =>
      cells.map(
        (cell, i) => `<text x="${8 + i * 125}" y="${44 + row * 18}" font-size="11">${escaped(cell)}</text>`,
      ),
    )
    .join('');
}

interface Scale {
  readonly x: (at: number) => number;
  readonly y: (share: number) => number;
  readonly bottom: number;
}

function scaleOf({ width, height }: Size, { from, to }: Span, legendLines: number): Scale {
  const bottom = height - BOTTOM - legendLines * LEGEND_LINE;
  return {
    x: (at) => LEFT + ((at - from) / (to - from)) * (width - LEFT - RIGHT),
    y: (share) => bottom - share * (bottom - TOP),
    bottom,
  };
}

function timeAxis({ x, bottom }: Scale, { from, to }: Span): string {
  return [0.1, 0.3, 0.5, 0.7, 0.9]
    .map((share) => from + share * (to - from))
    .map((at) => {
      const time = new Date(at * 1_000).toISOString().slice(11, 19);
      return `<text x="${short(x(at))}" y="${bottom + 13}" text-anchor="middle" fill="#666">${time}</text>`;
    })
    .join('');
}

/** The next of 1, 2, 2.5, 5 times a power of ten (of two for bytes), so that a quarter of it can be read. */
function niceMost(most: number, unit: string): number {
  if (most <= 0) return 1;
  if (unit === 'bytes') return 2 ** Math.ceil(Math.log2(most));
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 2.5, 5, 10].find((each) => each * power >= most * 1.02) ?? 10) * power;
}

function linesDrawing(panel: DrawnPanel, size: Size, span: Span): string {
  const { curves, unit, redFrom } = panel;
  const most = niceMost(Math.max(...curves.flatMap(finite).map(([, value]) => value), redFrom ?? 0), unit);
  const { lines, legend } = legendOf(curves, size);
  const scale = scaleOf(size, span, lines);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const y = short(scale.y(share));
    return `<path d="M${LEFT} ${y}H${size.width - RIGHT}" stroke="#eee"/><text x="${LEFT - 4}" y="${Number(y) + 3}" text-anchor="end" fill="#666">${inUnit(unit, share * most)}</text>`;
  });
  const red =
    redFrom === undefined
      ? ''
      : `<path d="M${LEFT} ${short(scale.y(redFrom / most))}H${size.width - RIGHT}" stroke="#c4162a"/>`;
  const drawn = curves.map((curve, index) => {
    const d = path(finite(curve), [scale.x, (value) => scale.y(value / most)]);
    return `<path d="${d}" fill="none" stroke="${colour(index)}" stroke-width="1.3"/>`;
  });
  return [...ticks, red, ...drawn, timeAxis(scale, span), legend].join('');
}

/** Names in as many lines as they need, above the lower edge; a sans-serif letter of 10 px is about 6 wide. */
function legendOf(curves: readonly Curve[], { width, height }: Size): { lines: number; legend: string } {
  let [x, line] = [8, 0];
  const placed = curves.map(({ name }, index) => {
    const needs = 26 + name.length * 6.1;
    if (x + needs > width && x > 8) [x, line] = [8, line + 1];
    const at = { x, line, name, index };
    x += needs;
    return at;
  });
  const lines = line + 1;
  const legend = placed.map((at) => {
    const y = height - 7 - (lines - 1 - at.line) * LEGEND_LINE;
    return `<path d="M${short(at.x)} ${y - 3}h12" stroke="${colour(at.index)}" stroke-width="3"/><text x="${short(at.x + 16)}" y="${y}">${escaped(at.name)}</text>`;
  });
  return { lines, legend: legend.join('') };
}

/** Counts of Prometheus's buckets include those below: what is shown is what lies between two of them. */
function heatmapDrawing({ curves, unit }: DrawnPanel, size: Size, span: Span): string {
  const upper = ({ labels }: Curve) => (labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le));
  const buckets = curves.toSorted((a, b) => upper(a) - upper(b));
  const scale = scaleOf(size, span, 0);
  const rows = buckets.map(({ points }, row) =>
    points.map(([at, value], i) => [at, value - (buckets[row - 1]?.points[i]?.[1] ?? 0)] as const),
  );
  const most = Math.max(...rows.flat().map(([, value]) => value)) || 1;
  const [w, h] = [scale.x(span.from + span.stepSeconds) - LEFT + 0.5, (scale.bottom - TOP) / rows.length];
  const cells = rows.flatMap((points, row) =>
    points
      .filter(([, value]) => value > 0)
      .map(
        ([at, value]) =>
          `<rect x="${short(scale.x(at))}" y="${short(scale.bottom - (row + 1) * h)}" width="${short(w)}" height="${short(h)}" fill="#e6550d" opacity="${(0.15 + 0.85 * (value / most)).toFixed(2)}"/>`,
      ),
  );
  const names = buckets.map((bucket, row) => {
    const le = upper(bucket);
    return `<text x="${LEFT - 4}" y="${short(scale.bottom - row * h - h / 2 + 3)}" text-anchor="end" fill="#666">${Number.isFinite(le) ? inUnit(unit, le) : 'more'}</text>`;
  });
  return [...cells, ...names, timeAxis(scale, span)].join('');
}
