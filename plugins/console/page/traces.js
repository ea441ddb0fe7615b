// What requests led to: the last traces, while they are looked at, and one as a waterfall: #/traces/ID.
import { $, clock, keep, make, number, put } from "/dom.js";
import { ask } from "/state.js";

const shownTraces = 20, shownSpans = 500, deepest = 12;

let turn = 0;       // of asking for the list
let answered = 0;
let shown = null;   // the trace that is open

function duration(ns) {
  if (ns < 1e6) return `${number(ns / 1e3)} µs`;
  return ns < 1e9 ? `${number(ns / 1e6, ns < 1e7 ? 2 : 1)} ms` : `${number(ns / 1e9, 2)} s`;
}

const plural = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;

function query() {
  const least = Math.floor(Number($("#traces-least").value));
  return `?lines=${shownTraces}` + ($("#traces-failed").checked ? "&failed=" : "")
    + (least > 0 ? `&min_ms=${Math.min(least, 86_400_000)}` : "");
}

function item(row, { agent, operation, from, agents, spans, failed, error, took_ns: took,
  start_unix_ns: start }) {
  row.dataset.status = failed > 0 ? "unhealthy" : "healthy";
  put($("a", row), `${agent} ${operation}`);
  put($(".word", row), error ? `${duration(took)}, ${error.agent}: ${error.status_name}` : duration(took));
  put($("p", row), [clock(start / 1e6), from ? `from ${from}` : "", plural(spans, "span"),
    `of ${agents.join(", ")}`].filter(Boolean).join(" · "));
}

// Nobody is asked while nobody looks.
export async function showTraces() {
  if (!$("#traces details").open) return;
  const mine = ++turn;
  let rows = [], text = "";
  try {
    rows = (await ask("/api/traces" + query())).traces;
    text = rows.length > 0 ? "" : "none is kept: a share of requests is recorded, and what a traceparent leads to";
  } catch (error) {
    text = error.message;
  }
  if (mine < answered) return;
  answered = mine;
  keep($("#traces ul"), rows, ({ trace }) => trace,
    ({ trace }) => make("li", {}, make("b", {}, make("a", { href: `#/traces/${trace}` })), " ",
      make("span", { class: "word" }), make("p")), item);
  put($("#traces-none"), text);
}

// On a word of the host: not while the last question is under way.
export function followTraces() {
  if (turn === answered) void showTraces();
}

// Each below what led to it; what that was of the first is not kept.
function inOrder(spans) {
  const known = new Set(spans.map(({ span }) => span));
  const below = new Map();
  for (const span of spans) {
    const parent = known.has(span.parent) ? span.parent : "";
    const cause = span.parent === undefined ? "nothing"
      : parent === "" ? `${span.parent}, which is not kept here` : parent;
    below.set(parent, [...below.get(parent) ?? [], { ...span, cause }]);
  }
  const rows = [];
  const walk = (parent, depth) => {
    for (const span of below.get(parent) ?? []) {
      rows.push({ ...span, depth });
      walk(span.span, depth + 1);
    }
  };
  walk("", 0);
  return rows;
}

function rowOf(span, begin, all) {
  const after = span.start_unix_ns - begin;
  const bar = make("i");
  bar.style.left = `${Math.min(99.5, after / all * 100)}%`;
  bar.style.width = `${Math.max(0.5, Math.min(span.took_ns, all - after) / all * 100)}%`;
  const name = make("span", { class: "name" }, make("b", {}, span.agent), " ", span.operation);
  name.style.paddingLeft = `${Math.min(span.depth, deepest) * 12}px`;
  const facts = [["began after", duration(after)], ["took", duration(span.took_ns)],
    ["waited before", span.waited_ms > 0 ? `${number(span.waited_ms)} ms` : "–"],
    ["status", span.status_name], ["attempts", number(span.attempts)], ["kind", span.kind],
    ["from", span.from || "–"], ["span", span.span], ["led to by", span.cause]];
  return make("li", { data: { status: span.status === 0 ? "healthy" : "unhealthy" } },
    make("details", {},
      make("summary", {}, name,
        make("span", { class: "bar", "aria-hidden": "true" }, bar),
        make("span", { class: "took" }, span.status === 0 ? duration(span.took_ns) : span.status_name)),
      make("dl", { class: "pairs" }, ...facts.flatMap(([key, value]) =>
        [make("dt", {}, key), make("dd", {}, value)])),
      make("a", { href: `#/agents/${span.agent}` }, `the agent ${span.agent}`)));
}

function head(title) {
  return make("header", { class: "row" }, make("h2", { id: "trace-name" }, title),
    make("button", { type: "button", "aria-label": "close", on: { click: () => $("#trace").close() } }, "✕"));
}

function waterfall({ trace, spans }) {
  const rows = inOrder(spans);
  const begin = Math.min(...spans.map(({ start_unix_ns: at }) => at));
  const all = Math.max(1, ...spans.map(({ start_unix_ns: at, took_ns: took }) => at + took - begin));
  const failed = spans.filter(({ status }) => status !== 0).length;
  const told = [clock(begin / 1e6), duration(all), plural(spans.length, "span"),
    failed > 0 ? `${failed} failed` : "none failed",
    rows.length > shownSpans ? `the first ${shownSpans} are shown` : ""];
  return [
    head(`${rows[0].agent} ${rows[0].operation}`),
    make("p", { class: "faint" }, told.filter(Boolean).join(" · ")),
    make("p", { class: "faint id" }, trace),
    make("ol", { class: "spans", "aria-label": "Spans" },
      ...rows.slice(0, shownSpans).map((span) => rowOf(span, begin, all))),
  ];
}

async function show(trace) {
  const dialog = $("#trace");
  dialog.replaceChildren(head(trace));
  if (!dialog.open) dialog.showModal();
  let content = null;
  try {
    content = waterfall(await ask(`/api/traces/${trace}`));
  } catch (error) {
    content = [head(trace), make("p", { class: "wrong" }, error.message)];
  }
  if (shown === trace) dialog.replaceChildren(...content);
}

function follow() {
  const [, trace] = location.hash.match(/^#\/traces\/([0-9a-f]{32})$/) ?? [];
  shown = trace ?? null;
  if (shown !== null) {
    void show(shown);
  } else if ($("#trace").open) {
    $("#trace").close();
  }
}

export function beginTraces() {
  $("#trace").addEventListener("close", () => {
    if (shown !== null) history.pushState(null, "", "#");
    shown = null;
  });
  $("#traces details").addEventListener("toggle", () => void showTraces());
  for (const filter of ["#traces-failed", "#traces-least"]) {
    $(filter).addEventListener("change", () => void showTraces());
  }
  addEventListener("hashchange", follow);
  addEventListener("popstate", follow);
  follow();
}
