// Figures over time, by uPlot.
import uPlot from "/vendor/uPlot.js";
import { $ } from "/dom.js";
import { state } from "/state.js";

const height = 150;
let minutes = 15;
let charts = [];

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function axis(options = {}) {
  return {
    stroke: () => color("--faint"),
    grid: { stroke: () => color("--line"), width: 1 },
    ticks: { stroke: () => color("--line"), width: 1, size: 4 },
    font: "11px system-ui, sans-serif",
    ...options,
  };
}

function seriesOf({ label, name, width = 2, fill = false }) {
  return {
    label,
    stroke: () => color(name),
    fill: fill ? () => color(name) + "22" : undefined,
    width,
    spanGaps: false,
    points: { show: false },
    value: (_, value) => (value === null || value === undefined ? "–" : value.toPrecision(3)),
  };
}

const shown = {
  "chart-errors": [
    { label: "errors", name: "--unhealthy", fill: true,
      read: ({ errorRate }) => (errorRate === null ? null : errorRate * 100) },
  ],
  "chart-latency": [
    { label: "average", name: "--accent", fill: true, read: ({ latency }) => latency },
    { label: "p50", name: "--healthy", width: 1, read: ({ p50 }) => p50 },
    { label: "p95", name: "--degraded", width: 1, read: ({ p95 }) => p95 },
    { label: "p99", name: "--unhealthy", width: 1, read: ({ p99 }) => p99 },
  ],
  "chart-throughput": [
    { label: "messages", name: "--accent", fill: true, read: ({ throughput }) => throughput },
  ],
};

const widthIn = (figure) => Math.max(200, figure.clientWidth - 24);
const hour = (at) => new Date(at * 1000).toLocaleTimeString("en-GB", { timeStyle: "short" });

function chartIn(figure, series) {
  const options = {
    width: widthIn(figure),
    height,
    cursor: { y: false, sync: { key: "noa" } },
    legend: { live: true },
    scales: { y: { range: (_, low, high) => [0, Math.max(high ?? 0, low ?? 0) * 1.1 || 1] } },
    series: [{ value: (_, at) => (at ? new Date(at * 1000).toLocaleTimeString("en-GB") : "–") },
      ...series.map(seriesOf)],
    axes: [axis({ size: 26, values: (_, all) => all.map(hour) }), axis({ size: 44 })],
  };
  return new uPlot(options, [[], ...series.map(() => [])], figure);
}

export function drawCharts() {
  const now = Date.now() / 1000;
  const points = state.points.filter(({ at }) => at > now - minutes * 60 - 30);
  for (const { chart, series } of charts) {
    chart.setData([points.map(({ at }) => at),
      ...series.map(({ read }) => points.map((point) => read(point) ?? null))], false);
    chart.batch(() => {
      chart.setScale("x", { min: now - minutes * 60, max: now });
      chart.setScale("y", { min: null, max: null });
    });
    if (chart.cursor.left < 0) chart.setLegend({ idx: points.length - 1 }); // nobody points
  }
}

// Anew when the colours are others: legends keep theirs.
export function makeCharts() {
  for (const { chart } of charts) chart.destroy();
  charts = Object.entries(shown).map(([id, series]) => {
    const figure = $("#" + id);
    return { figure, series, chart: chartIn(figure, series) };
  });
}

export function beginCharts() {
  makeCharts();
  const fit = new ResizeObserver(() => {
    for (const { figure, chart } of charts) chart.setSize({ width: widthIn(figure), height });
  });
  for (const { figure } of charts) fit.observe(figure);
  $("#range").addEventListener("click", ({ target }) => {
    if (target.dataset.minutes === undefined) return;
    minutes = Number(target.dataset.minutes);
    for (const button of $("#range").children) {
      button.setAttribute("aria-pressed", String(button === target));
    }
    drawCharts();
  });
}
