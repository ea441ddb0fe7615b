// One agent, in a dialog of its own: #/agents/NAME.
import { act } from "/actions.js";
import { $, make, number, span } from "/dom.js";
import { ask, state } from "/state.js";
import { colorOf } from "/views.js";

let shown = null;
let version = ""; // of what is shown of it

const briefOf = (name) => state.status?.agents.find((one) => one.name === name);
const versionOf = (brief) => `${brief?.state} ${brief?.generation} ${brief?.health}`;

const pairs = (all) => make("dl", { class: "pairs" }, ...all.flatMap(([name, value]) =>
  [make("dt", {}, name), make("dd", {}, String(value))]));

function part(title, ...content) {
  return make("section", {}, make("h3", {}, title), ...content);
}

function buttons(name, runs) {
  if (!state.settings.actions) {
    return make("p", { class: "faint" }, "This console only shows: actions is false in its settings.");
  }
  const button = (verb, body) => make("button", { type: "button",
    on: { click: () => act(verb, name, body) } }, verb);
  return make("div", { class: "row" }, ...(runs
    ? [button("reload", { force: true }), button("restart"), button("stop")] : [button("start")]));
}

function healthOf(health) {
  return make("ul", {}, ...(health?.checks ?? []).map(({ name, status, text }) =>
    make("li", { data: { status: status === "healthy" ? "healthy" : "unhealthy" } },
      make("b", {}, name), " ", text || status)));
}

function operationsOf(describe) {
  const all = Object.entries(describe?.operations ?? {});
  return make("dl", { class: "pairs" }, ...all.flatMap(([name, { summary }]) =>
    [make("dt", {}, name), make("dd", {}, summary ?? "")]));
}

function metricsOf(metrics) {
  const own = Object.entries(metrics?.agent ?? {}).filter(([name, { value }]) =>
    typeof value === "number" && !name.startsWith("operation_"));
  return pairs(own.map(([name, { value }]) => [name, number(value, 3)]));
}

function contentOf(name, { agent, health, metrics, describe }) {
  const brief = briefOf(name) ?? agent;
  const service = state.status?.services.find((one) => one.name === name);
  const close = make("button", { type: "button", "aria-label": "close",
    on: { click: () => $("#detail").close() } }, "✕");
  return [
    make("header", { class: "row", data: { status: colorOf(service?.status) } },
      make("h2", { id: "detail-name" }, name),
      make("p", { class: "pill", data: { status: colorOf(service?.status) } },
        service?.status ?? brief.state), close),
    make("p", { class: "faint" }, agent.description ?? agent.error ?? ""),
    buttons(name, brief.state !== "stopped"),
    part("Now", pairs([["state", brief.state], ["plugin", `${brief.plugin} ${brief.version}`],
      ["generation", brief.generation], ["runs as", brief.run], ["inbox", number(brief.depth)],
      ["handled", number(brief.handled)], ["failed", number(brief.failed)],
      ["reloads", brief.reloads], ["restarts", brief.restarts],
      ["since", span(Date.now() / 1000 - brief.since_unix_ns / 1e9)], ["note", brief.note || "–"]])),
    part("Health", healthOf(health)),
    part("Figures", metricsOf(metrics)),
    part("Operations", operationsOf(describe)),
    part("Settings", make("pre", { tabindex: "0" }, JSON.stringify(agent.settings ?? {}, null, 2))),
  ];
}

async function show(name) {
  const dialog = $("#detail");
  if (!dialog.open) {
    dialog.replaceChildren(make("h2", { id: "detail-name" }, name));
    dialog.showModal();
  }
  version = versionOf(briefOf(name));
  let content = null;
  try {
    content = contentOf(name, await ask(`/api/agents/${name}`));
  } catch (error) {
    content = [make("h2", { id: "detail-name" }, name), make("p", { class: "wrong" }, error.message)];
  }
  if (shown === name) dialog.replaceChildren(...content);
}

function follow() {
  const [, name] = location.hash.match(/^#\/agents\/([a-z0-9_-]+)$/) ?? [];
  shown = name ?? null;
  if (shown !== null) {
    void show(shown);
  } else if ($("#detail").open) {
    $("#detail").close();
  }
}

// Anew when the agent is another one than is shown.
export function followDetail() {
  if (shown !== null && version !== versionOf(briefOf(shown))) void show(shown);
}

export function beginDetail() {
  $("#detail").addEventListener("close", () => {
    if (shown !== null) history.pushState(null, "", "#");
    shown = null;
  });
  addEventListener("hashchange", follow);
  addEventListener("popstate", follow);
  follow();
}
