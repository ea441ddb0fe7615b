import { beginCharts, drawCharts, makeCharts } from "/charts.js";
import { beginDetail, followDetail } from "/detail.js";
import { $ } from "/dom.js";
import { begin, onChange } from "/state.js";
import { beginTheme } from "/theme.js";
import { beginTraces, followTraces } from "/traces.js";
import { showAlerts, showLink, showLog, showReloads, showStatus } from "/views.js";

// Once a frame at most, however much is told.
const due = new Set();
const shows = {
  status: () => { showStatus(); drawCharts(); followDetail(); followTraces(); },
  history: () => { showStatus(); drawCharts(); showReloads(); showLog(); },
  reloads: () => { showReloads(); showStatus(); },
  alerts: showAlerts,
  settings: showAlerts,
  log: showLog,
};

onChange((what) => {
  if (due.size === 0) {
    requestAnimationFrame(() => {
      const all = [...due];
      due.clear();
      for (const one of all) shows[one]?.();
      showLink();
    });
  }
  due.add(what);
});

beginTheme(() => {
  makeCharts();
  drawCharts();
});
beginCharts();
beginDetail();
beginTraces();
for (const filter of ["#log-level", "#log-words"]) $(filter).addEventListener("input", showLog);
void begin();
