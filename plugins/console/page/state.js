// What is known, and how it comes here: asked for once, then told as it happens.

export const state = {
  settings: { actions: false, refresh_ms: 5000 },
  status: null, // the last of /api/status
  points: [],   // {at, errorRate, latency, throughput, p50, p95, p99, cpu, memory}
  reloads: [],  // the newest first
  notices: [],  // of alerts, the newest first
  lines: [],    // of the log, the newest last
  heard: 0,     // when there was word last, in ms of performance.now()
  connected: false,
};

const listeners = new Set();
export function onChange(run) {
  listeners.add(run);
}
function changed(what) {
  for (const run of listeners) run(what);
}

const keptPoints = 4000, keptReloads = 50, keptNotices = 30, keptLines = 500;

// Without a word, in ms: until what is shown counts as old, and the connection is made anew.
export const patience = () => 3 * state.settings.refresh_ms + 2000;

export async function ask(path, body) {
  const response = await fetch(path, body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  let answer = null;
  try {
    answer = text === "" ? null : JSON.parse(text);
  } catch {
    answer = text;
  }
  if (!response.ok) throw Object.assign(new Error(answer?.error ?? `HTTP ${response.status}`), { status: response.status });
  return answer;
}

function addPoint(timestamp, figures) {
  const at = Date.parse(timestamp) / 1000;
  if (!Number.isFinite(at) || at <= (state.points.at(-1)?.at ?? 0)) return;
  state.points.push({ at, ...figures });
  if (state.points.length > keptPoints) state.points.shift();
}

function pointOf({ errorRate, latency, throughput, percentiles }) {
  const { p50 = null, p95 = null, p99 = null } = percentiles ?? {};
  return { errorRate, latency, throughput, p50, p95, p99 };
}

function addReload(record) {
  const others = state.reloads.filter(({ id }) => id !== record.id);
  state.reloads = [record, ...others].sort((one, other) => other.id - one.id)
    .slice(0, keptReloads);
}

function addLine(line) {
  if (line.gap !== undefined || line.sequence <= (state.lines.at(-1)?.sequence ?? -1)) return;
  state.lines.push(line);
  if (state.lines.length > keptLines) state.lines.shift();
}

function take(status) {
  const before = Date.parse(state.status?.timestamp ?? 0);
  if (Date.parse(status.timestamp) < before - 60_000) state.points = []; // another clock
  state.status = status;
  if (status.metrics.timestamp) addPoint(status.metrics.timestamp, pointOf(status.metrics));
  changed("status");
}

// What a stream does not tell again to those who come late.
async function catchUp() {
  const quietly = (path) => ask(path).catch(() => null);
  const [recent, reloads, lines] = await Promise.all([
    quietly("/api/metrics/recent"), quietly("/api/reloads?lines=50"), quietly("/api/logs?lines=200"),
  ]);
  const known = state.points;
  if (recent) {
    state.points = [];
    for (const { timestamp, application } of recent) addPoint(timestamp, pointOf(application));
    for (const point of known) if (point.at > (state.points.at(-1)?.at ?? 0)) state.points.push(point);
  }
  for (const record of reloads ?? []) addReload(record);
  const told = state.lines;
  state.lines = [];
  for (const line of [...(lines ?? []), ...told]) addLine(line);
  changed("history");
}

let source = null;

function connect() {
  source?.close();
  source = new EventSource("/api/sse?log");
  const hear = (run) => ({ data }) => {
    state.heard = performance.now();
    run(JSON.parse(data));
  };
  source.onopen = () => {
    state.connected = true;
    state.heard = performance.now();
    changed("link");
    void catchUp();
  };
  source.onerror = () => {
    state.connected = false;
    changed("link");
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  };
  source.onmessage = hear(take);
  source.addEventListener("reload", hear((record) => {
    addReload(record);
    changed("reloads");
  }));
  source.addEventListener("alert", hear((notice) => {
    state.notices = [{ ...notice, at: Date.now() }, ...state.notices].slice(0, keptNotices);
    changed("alerts");
  }));
  source.addEventListener("log", hear((line) => {
    addLine(line);
    changed("log");
  }));
}

export async function begin() {
  connect();
  setInterval(() => {
    if (state.connected && performance.now() - state.heard > 2 * patience()) {
      state.connected = false;
      connect(); // a connection that died without a word
    }
    changed("time");
  }, 1000);
  state.settings = await ask("/api/settings").catch(() => state.settings);
  changed("settings");
}
