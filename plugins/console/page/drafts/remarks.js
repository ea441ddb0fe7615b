// What the agent says of the text: figures, and remarks that are underlined where they belong.
import { getSyncedVersion, setDiagnostics } from "../vendor/codemirror.js";
import { $, keep, make, number, put } from "/dom.js";

const pause = 400, mostShown = 200;
const severities = { error: "error", warning: "warning", suggestion: "info" };
const shown = [
  ["words", "words"], ["sentences", "sentences"], ["reading_minutes", "minutes to read"],
  ["flesch", "Flesch reading ease"], ["flesch_kincaid", "Flesch–Kincaid grade"],
  ["passives", "passive voice"], ["adverbs", "adverbs"],
];

export class Remarks {
  #ask;
  #desk;
  #due = null;
  #asking = false;
  #again = false;

  constructor(ask, desk) {
    this.#ask = ask;
    this.#desk = desk;
  }

  // After a pause in the writing.
  soon() {
    clearTimeout(this.#due);
    this.#due = setTimeout(() => void this.#look(), pause);
  }

  close() {
    clearTimeout(this.#due);
    this.#desk = null;
    keep($("#remarks"), [], String, make, put);
    $("#figures").replaceChildren();
    put($("#remarks-head"), "Remarks");
  }

  async #look() {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    try {
      const { id } = this.#desk;
      const [told, figures] = await Promise.all([
        this.#ask("lint", { id, near: true }), this.#ask("analyse", { id }),
      ]);
      if (this.#desk) this.#take(told, { ...figures.counts, ...figures.readability });
    } catch {
      // The next change asks once more.
    } finally {
      this.#asking = false;
      if (this.#again && this.#desk) this.soon();
      this.#again = false;
    }
  }

  #take({ version, findings }, figures) {
    const { view, live, looksBack, shared } = this.#desk;
    // Of another text than the one that is here: the change between them asks anew.
    if (looksBack || version !== getSyncedVersion(live) || shared.pending > 0) return;
    const within = findings.filter(({ begin, end }) => begin < end && end <= live.doc.length).slice(0, mostShown);
    view.dispatch(setDiagnostics(view.state, within.map((finding) => ({
      from: finding.begin,
      to: finding.end,
      severity: severities[finding.severity] ?? "info",
      source: finding.rule,
      message: finding.message,
      actions: this.#fixes(finding),
    }))));
    this.#list(within, findings.length);
    $("#figures").replaceChildren(...shown.filter(([name]) => Number.isFinite(figures[name]))
      .flatMap(([name, label]) => [make("dt", {}, label), make("dd", {}, number(figures[name], name === "reading_minutes" ? 0 : 1))]));
  }

  #fixes({ replacements = [] }) {
    if (!this.#desk.writes) return [];
    return replacements.slice(0, 3).map((text) => ({
      name: text === "" ? "remove" : text,
      apply: (view, from, to) => view.dispatch({ changes: { from, to, insert: text } }),
    }));
  }

  #list(findings, all) {
    put($("#remarks-head"), `Remarks: ${all}`);
    keep($("#remarks"), findings, ({ begin, rule }) => `${begin} ${rule}`,
      () => make("li", {}, make("button", { type: "button" }), make("span", { class: "faint" })),
      (item, { begin, end, message, rule }) => {
        const [button, name] = item.children;
        put(button, message);
        put(name, rule);
        button.onclick = () => {
          const { view } = this.#desk;
          view.dispatch({ selection: { anchor: begin, head: end }, scrollIntoView: true });
          view.focus();
        };
      });
  }
}
