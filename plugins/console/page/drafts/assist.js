// A language model's suggestion: shown as what goes and what comes, and taken by a click only.
import { ChangeSet, getSyncedVersion } from "../vendor/codemirror.js";
import { $, make, put } from "/dom.js";

export class Assist {
  #link;
  #ask;
  #desk;
  #metadata = {};
  #suggested = null; // a ChangeSet of the text as it is here

  constructor(link, ask, desk, { assists, metadata }) {
    this.#link = link;
    this.#ask = ask;
    this.#desk = desk;
    $("#assist").hidden = !assists || !desk.writes;
    this.allowed(metadata);
    $("#assist-may").onchange = ({ target }) => this.#wrong(this.#allow(target.checked));
    $("#assist-ask").onsubmit = (event) => {
      event.preventDefault();
      void this.#wrong(this.#wish(event.target.elements.instruction.value.trim()));
    };
    $("#assist-take").onclick = () => this.#take();
    $("#assist-leave").onclick = () => this.#clear();
    this.#clear();
    if (assists) link.hear(`drafts.${desk.id}.assist`, ({ text }) => $("#assist-text").append(text));
  }

  allowed(metadata) {
    this.#metadata = metadata ?? {};
    $("#assist-may").checked = this.#metadata.assist === true;
  }

  // What is suggested moves with what others write.
  moved(changes) {
    this.#suggested &&= this.#suggested.map(changes);
  }

  close() {
    this.#link.ignore(`drafts.${this.#desk.id}.assist`);
    $("#assist").hidden = true;
    this.#clear();
  }

  async #wrong(work) {
    try {
      await work;
    } catch (error) {
      this.#clear();
      put($("#assist-text"), error.message);
    }
  }

  #clear() {
    this.#suggested = null;
    $("#assist-text").replaceChildren();
    $("#assist-done").hidden = true;
  }

  async #allow(may) {
    await this.#ask("set", { id: this.#desk.id, metadata: { ...this.#metadata, assist: may } });
  }

  async #wish(instruction) {
    if (instruction === "") return;
    this.#clear();
    const { from, to } = this.#desk.live.selection.main;
    const whole = this.#desk.live.doc.length;
    const { version, changes, cut } = await this.#ask("assist", {
      id: this.#desk.id, instruction, begin: from === to ? 0 : from, end: from === to ? whole : to,
    });
    if (version !== getSyncedVersion(this.#desk.live) || this.#desk.shared.pending > 0) {
      throw new Error("The text was changed meanwhile: ask again.");
    }
    this.#suggested = ChangeSet.fromJSON(changes);
    this.#show(cut);
  }

  #show(cut) {
    const { doc } = this.#desk.live;
    const parts = [];
    let at = null;
    this.#suggested.iterChanges((fromA, toA, _fromB, _toB, inserted) => {
      if (at !== null) parts.push(doc.sliceString(at, fromA));
      if (fromA < toA) parts.push(make("del", {}, doc.sliceString(fromA, toA)));
      if (inserted.length > 0) parts.push(make("ins", {}, inserted.toString()));
      at = toA;
    });
    $("#assist-text").replaceChildren(...(parts.length > 0 ? parts : ["It would change nothing."]),
      cut ? " … (cut off)" : "");
    $("#assist-done").hidden = parts.length === 0;
  }

  #take() {
    const changes = this.#suggested;
    if (this.#desk.looksBack) return;
    this.#clear();
    if (changes) this.#desk.view.dispatch({ changes });
  }
}
