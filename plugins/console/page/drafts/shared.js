// One draft that others write too. The agent says in which order changes come; what was not taken
// yet is rebased over what was (CodeMirror's collab). Knows no page: `view` is {state, dispatch}.
import { ChangeSet, getSyncedVersion, receiveUpdates, sendableUpdates } from "../vendor/codemirror.js";

const mostAtOnce = 100, mostKept = 1000;
const firstPause = 50, longestPause = 3000;

export class Shared {
  #link;
  #id;
  #view;
  #told;
  #busy = false;
  #again = "";
  #pause = firstPause;
  #later = null;
  #waiting = []; // for an attempt to be over
  #taken = []; // the last changes that made the version what it is
  who = {}; // "as", "session": who edits

  // `told({pending, error, behind})`: what is not on the agent's disk yet, what it will not take, and
  // whether it could not be asked.
  constructor(link, id, view, told = () => {}) {
    this.#link = link;
    this.#id = id;
    this.#view = view;
    this.#told = told;
    link.hear(`drafts.${id}.updates`, (event) => this.heard(event));
  }

  get version() {
    return getSyncedVersion(this.#view.state);
  }

  get pending() {
    return sendableUpdates(this.#view.state).length;
  }

  // After each change made here, and whenever the connection is there again (`behind`: something
  // may have been missed).
  async settle(behind = false) {
    if (this.#busy) {
      if (this.#again !== "behind") this.#again = behind ? "behind" : "settle";
      return;
    }
    this.#busy = true;
    try {
      if (behind) await this.#pull();
      while (this.pending > 0) await this.#push();
      this.#pause = firstPause;
      this.#told({ pending: 0, error: null, behind: false });
    } catch (error) {
      this.#told({ pending: this.pending, error: error.refused ? error.message : null, behind: true });
      if (!error.refused && this.#link.open) this.#tryLater();
    } finally {
      this.#busy = false;
      for (const run of this.#waiting.splice(0)) run();
    }
    const again = this.#again;
    this.#again = "";
    if (again && this.#link.open) await this.settle(again === "behind");
  }

  heard({ version, updates, read }) {
    if (read || version - updates.length > this.version) {
      if (version > this.version) void this.settle(true);
    } else {
      this.#take(version - updates.length, updates);
    }
  }

  // Once the attempt that is under way has come to something.
  async attempted() {
    if (this.#busy) await new Promise((run) => this.#waiting.push(run));
  }

  // What made this version of that one; null where it is too long ago.
  since(version) {
    const behind = this.version - version;
    return behind <= this.#taken.length ? this.#taken.slice(this.#taken.length - behind) : null;
  }

  close() {
    clearTimeout(this.#later);
    this.#link.ignore(`drafts.${this.#id}.updates`);
  }

  // The agent is not there for a moment; what came of the last attempt is not known.
  #tryLater() {
    clearTimeout(this.#later);
    this.#later = setTimeout(() => void this.settle(true), this.#pause * (0.5 + Math.random()));
    this.#pause = Math.min(2 * this.#pause, longestPause);
  }

  async #push() {
    const version = this.version;
    const updates = sendableUpdates(this.#view.state).slice(0, mostAtOnce)
      .map(({ changes, clientID }) => ({ clientID, changes: changes.toJSON() }));
    this.#told({ pending: this.pending, error: null, behind: false });
    const answer = await this.#link.request("edit", { id: this.#id, version, updates, ...this.who });
    this.#take(version, answer.accepted ? updates : answer.updates);
    if (!answer.accepted && answer.version > this.version) await this.#pull();
  }

  async #pull() {
    for (let more = true; more;) {
      const version = this.version;
      const answer = await this.#link.request("pull", { id: this.#id, version });
      this.#take(version, answer.updates);
      more = answer.version > this.version && answer.updates.length > 0;
    }
  }

  // Those that are known already, by an event or by an answer, are left out.
  #take(from, updates) {
    const fresh = updates.slice(Math.max(0, this.version - from));
    if (fresh.length === 0 || from > this.version) return;
    const read = fresh.map(({ changes, clientID }) => ({ changes: ChangeSet.fromJSON(changes), clientID }));
    for (const { changes } of read) this.#taken.push(changes.desc);
    this.#taken.splice(0, this.#taken.length - mostKept);
    this.#view.dispatch(receiveUpdates(this.#view.state, read));
  }
}

// All of a text, however long: it comes in pages.
export async function whole(ask, body) {
  let got = await ask("get", body);
  const parts = [got.content];
  while (got.next !== undefined) {
    const page = await ask("get", { ...body, version: got.version, from: got.next });
    parts.push(page.content);
    got = { ...got, next: page.next };
  }
  return { ...got, content: parts.join("") };
}
