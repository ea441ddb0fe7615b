import { beginCharts, drawCharts, makeCharts } from "/charts.js";
import { beginDetail, followDetail } from "/detail.js";
import { $ } from "/dom.js";
import { begin, onChange } from "/state.js";
import { showAlerts, showLink, showLog, showReloads, showStatus } from "/views.js";

function theme(wanted) {
  if (wanted) document.documentElement.dataset.theme = wanted;
}

function beginTheme() {
  theme(localStorage.getItem("theme"));
  $("#theme").addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "light" ? "dark" : "light";
    localStorage.setItem("theme", next);
    theme(next);
    makeCharts();
    drawCharts();
  });
}

// Once a frame at most, however much is told.
const due = new Set();
const shows = {
  status: () => { showStatus(); drawCharts(); followDetail(); },
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

beginTheme();
beginCharts();
beginDetail();
for (const filter of ["#log-level", "#log-words"]) $(filter).addEventListener("input", showLog);
void begin();
