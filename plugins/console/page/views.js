// What the page shows of what is known, apart from the charts.
import { silence } from "/actions.js";
import { $, clock, keep, make, number, put, span } from "/dom.js";
import { patience, state } from "/state.js";

const colors = { healthy: "healthy", degraded: "degraded", unhealthy: "unhealthy" };
export const colorOf = (status) => colors[status] ?? "unknown";

export function showLink() {
  const age = (performance.now() - state.heard) / 1000;
  const old = state.status !== null && (age * 1000 > patience() || !state.connected);
  document.body.classList.toggle("stale", old);
  put($("#link"), !state.connected
    ? state.status === null ? "connecting" : `no connection: what is shown is ${span(age)} old`
    : old ? `no word for ${span(age)}` : "live");
}

function gauge(id, percent, text) {
  const card = $("#" + id);
  if ($("svg", card) === null) {
    const arc = { d: "M 12 62 A 44 44 0 1 1 88 62", pathLength: "100" };
    card.append(
      make("svg", { viewBox: "0 -7 100 81", role: "meter", "aria-label": $("h2", card).textContent,
        "aria-valuemin": "0", "aria-valuemax": "100" },
      make("path", { class: "track", ...arc }), make("path", { class: "arc", ...arc })),
      make("p", { class: "value" }), make("p", { class: "faint" }));
  }
  const known = percent !== null && percent !== undefined;
  const arc = $(".arc", card);
  arc.style.strokeDashoffset = String(100 - (known ? Math.min(percent, 100) : 0));
  card.dataset.status = !known ? "unknown" : percent > 90 ? "unhealthy" : percent > 75 ? "degraded"
    : "healthy";
  $("svg", card).setAttribute("aria-valuenow", known ? String(Math.round(percent)) : "0");
  put($(".value", card), known ? `${number(percent, percent < 10 ? 1 : 0)} %` : "–");
  put($(".faint", card), text);
}

function showFigures({ metrics, host, agents, alerts }) {
  const firing = (alerts ?? []).filter(({ state: now }) => now === "firing").length;
  const running = (agents ?? []).filter(({ state: now }) => now !== "stopped" && now !== "failed");
  const all = [
    ["errors", metrics.errorRate === null ? "–" : `${number(metrics.errorRate * 100, 2)} %`],
    ["latency", metrics.latency === null ? "–" : `${number(metrics.latency, 2)} ms`],
    ["messages", metrics.throughput === null ? "–" : `${number(metrics.throughput, 1)} /s`],
    ["waiting", number(metrics.waiting)],
    ["agents", `${running.length} of ${(agents ?? []).length}`],
    ["alerts", String(firing)],
    ["up for", span(host?.uptime_s)],
    ["version", host?.version ?? "–"],
  ];
  keep($("#figures"), all, ([name]) => name,
    ([name]) => make("div", {}, make("dt", {}, name), make("dd")),
    (tile, [name, value]) => {
      put($("dd", tile), value);
      tile.dataset.status = name === "alerts" && firing > 0 ? "unhealthy" : "";
    });
}

function serviceOf(name, kind = "agent") {
  return state.status.services.find((one) => one.name === name && one.kind === kind);
}

function reloadOf(agent) {
  return state.reloads.find((record) => record.agent === agent && record.cause !== "start");
}

function showAgents({ agents }) {
  const cells = ["state", "gen.", "inbox", "handled", "failed", "restarts", "last reload", "since"];
  keep($("#agents tbody"), agents ?? [], ({ name }) => name,
    ({ name }) => make("tr", {},
      make("th", { scope: "row" }, make("a", { href: `#/agents/${name}` }, name)),
      ...cells.map((label) => make("td", { data: { label } }))),
    (row, agent) => {
      const service = serviceOf(agent.name);
      const reload = reloadOf(agent.name);
      const shown = service?.status === "stopped" ? "stopped"
        : agent.state === "running" ? service?.status ?? "unknown" : agent.state;
      const values = [shown, String(agent.generation), number(agent.depth), number(agent.handled),
        number(agent.failed), number(agent.restarts),
        reload ? `${reload.outcome}, ${span(Date.now() / 1000 - reload.started_unix_ns / 1e9)} ago` : "–",
        agent.since_unix_ns ? span(Date.now() / 1000 - agent.since_unix_ns / 1e9) : "–"];
      row.dataset.status = colorOf(service?.status);
      row.title = agent.note;
      values.forEach((value, at) => put(row.children[at + 1], value));
    });
}

function showChecks({ services }) {
  const checks = services.filter(({ kind }) => kind === "check");
  $("#checks").hidden = checks.length === 0;
  keep($("#checks ul"), checks, ({ name }) => name,
    () => make("li", {}, make("b"), " ", make("span", { class: "faint" })),
    (item, { name, status, text }) => {
      item.dataset.status = colorOf(status);
      put($("b", item), name);
      put($("span", item), text === "" ? status : text);
    });
}

const labelsOf = (labels) =>
  Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`).join(" ");

function alertItems() {
  const now = (state.status?.alerts ?? []).map((alert) => ({ ...alert, now: true }));
  const past = state.notices.filter(({ status }) => status === "resolved").flatMap((notice) =>
    notice.alerts.map((alert) => ({ ...alert, rule: notice.rule, severity: notice.severity,
      state: "resolved", told: notice.at })));
  return [...now, ...past];
}

export function showAlerts() {
  const items = alertItems();
  const silent = make("li", { class: "faint" }, "nothing fires");
  const key = (alert) => alert.rule + " " + labelsOf(alert.labels) + (alert.now ? "" : alert.told);
  keep($("#alerts ul"), items.length > 0 ? items : [{ none: true }],
    (alert) => (alert.none ? "none" : key(alert)),
    (alert) => (alert.none ? silent : make("li", {},
      make("b"), " ", make("span", { class: "word" }), make("p"),
      alert.now ? make("button", { type: "button", class: "small",
        on: { click: () => silence(alert) } }, "silence…") : null)),
    (item, alert) => {
      if (alert.none) return;
      item.dataset.status = alert.state !== "firing" ? "unknown"
        : alert.severity === "critical" ? "unhealthy" : "degraded";
      put($("b", item), alert.rule);
      const since = alert.now ? `, ${span((Date.now() - alert.since) / 1000)}`
        : `, ${clock(alert.told)}`;
      put($(".word", item), (alert.silence ? "silenced" : alert.state) + since);
      put($("p", item), [alert.summary, labelsOf(alert.labels)].filter(Boolean).join(" · "));
      const button = $("button", item);
      if (button !== null) button.hidden = !state.settings.actions || Boolean(alert.silence);
    });
}

const bad = ["refused", "cancelled", "undone", "swapped_back", "recreated", "degraded"];

export function showReloads() {
  keep($("#reloads ul"), state.reloads.slice(0, 12), ({ id }) => id,
    () => make("li", {}, make("b"), " ", make("span", { class: "word" }), make("p")),
    (item, { agent, cause, from, to, outcome, reason, started_unix_ns: at, pause_ns: pause }) => {
      item.dataset.status = bad.includes(outcome) ? "unhealthy"
        : outcome === "open" || outcome === "switched" ? "unknown" : "healthy";
      put($("b", item), agent);
      put($(".word", item), `${outcome}, ${clock(at / 1e6)}`);
      put($("p", item), [`${cause}: ${from || "–"} → ${to || "–"}`,
        pause > 0 ? `held for ${number(pause / 1e6, 1)} ms` : "", reason].filter(Boolean).join(" · "));
    });
}

const levels = ["debug", "info", "warning", "error"];

export function showLog() {
  const list = $("#log .lines");
  const least = levels.indexOf($("#log-level").value);
  const words = $("#log-words").value.toLowerCase();
  const lines = state.lines.filter(({ level, text }) => levels.indexOf(level) >= least &&
    (words === "" || text.toLowerCase().includes(words))).slice(-200);
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
  keep(list, lines, ({ sequence }) => sequence,
    ({ level, text, unix_ns: at }) => make("li", { data: { level } },
      make("time", {}, clock(at / 1e6)), " ", text.replace(/^\S+ \S+\s+/, "")), () => {});
  if (atEnd) list.scrollTop = list.scrollHeight;
}

export function showStatus() {
  const { status } = state;
  if (status === null) return;
  const overall = $("#overall");
  overall.dataset.status = colorOf(status.health);
  put(overall, status.health);
  document.title = status.health === "healthy" ? "noa" : `noa: ${status.health}`;
  const { memory, cpu } = status.metrics;
  gauge("cpu", cpu, "of all");
  gauge("memory", memory, "in use");
  showFigures(status);
  showAgents(status);
  showChecks(status);
  showAlerts();
}

