// Several who write one draft at random, by the console's WebSocket and the page's own modules.
//
// usage: drafts_writers.mjs PORT DRAFT WRITERS EDITS SEED
//
// Each edit brings in one letter that no other edit has, and takes out some that are common. Lines on
// the standard output: {"made": N} now and then, at last {"texts", "letters"}: the text that each
// writer ended with, and the letters that were acknowledged.
import { createRequire } from "node:module";

const page = new URL("../../plugins/console/page/", import.meta.url);
const { EditorState, collab, getSyncedVersion } = await import(new URL("vendor/codemirror.js", page));
const { Link } = await import(new URL("drafts/link.js", page));
const { Shared } = await import(new URL("drafts/shared.js", page));
const WebSocket = createRequire(import.meta.url)("ws");

const [port, draft, ...numbers] = process.argv.slice(2);
const [writers, edits, seed] = numbers.map(Number);
const firstLetter = 0xf0000, told = 25, mostPending = 10;

// Mulberry32 of Tommy Ettinger: the same seed, the same edits.
let state = seed;
function random(below) {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
}

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
let made = 0;

class Writer {
  constructor(number) {
    this.number = number;
    this.waiting = [];
    this.link = new Link(() => new WebSocket(`ws://127.0.0.1:${port}/api/ws`), (open) => this.linked(open));
  }

  linked(open) {
    if (!open) return;
    for (const go of this.waiting.splice(0)) go();
    if (this.shared) void this.shared.settle(true);
  }

  connected() {
    return this.link.open ? Promise.resolve() : new Promise((go) => this.waiting.push(go));
  }

  // Answers may be lost with the connection: asked until there is one.
  async begin() {
    for (let opened = null; opened === null;) {
      await this.connected();
      opened = await this.link.request("get", { id: draft }).catch((error) => {
        if (error.refused) throw error;
        return null;
      });
      if (opened === null) continue;
      const own = this;
      this.state = EditorState.create({
        doc: opened.content, extensions: [collab({ startVersion: opened.version })],
      });
      this.shared = new Shared(this.link, draft, {
        get state() { return own.state; },
        dispatch(transaction) { own.state = transaction.state; },
      }, ({ pending, error, behind }) => {
        if (error) throw new Error(error);
        this.outcome?.(pending === 0 && !behind);
      });
      this.shared.who = { as: `writer-${this.number}` };
    }
    await this.settled();
  }

  // Until all that was written here is known to be on the agent's disk.
  async settled() {
    const next = () => new Promise((go) => {
      this.outcome = go;
    });
    let outcome = next();
    void this.shared.settle(true);
    while (!await outcome) outcome = next();
  }

  // And what the others wrote is here.
  async caughtUp() {
    for (;;) {
      await this.settled();
      const told = await this.link.request("get", { id: draft, content: false }).catch((error) => {
        if (error.refused) throw error;
        return null; // it went just now
      });
      if (told?.version === getSyncedVersion(this.state) && this.shared.pending === 0) return;
    }
  }

  edit(letter) {
    const text = this.state.doc.toString();
    const ends = [0];
    for (const one of text) ends.push(ends.at(-1) + one.length); // no pair is cut
    const from = random(ends.length);
    let to = from;
    while (to - from < random(6) && to < ends.length - 1 && text.charCodeAt(ends[to]) < 0xd800) to += 1;
    const insert = String.fromCodePoint(letter) + ["", "a", "é\n", "\n\nשלום ", "word "][random(5)];
    this.state = this.state.update({ changes: { from: ends[from], to: ends[to], insert } }).state;
  }

  async write() {
    for (let count = 0; count < edits; ++count) {
      this.edit(firstLetter + this.number * edits + count);
      if (++made % told === 0) say({ made });
      if (random(40) === 0) this.link.drop();
      const settling = this.shared.settle();
      if (this.shared.pending > mostPending) await this.settled();
      else if (random(3) > 0) await settling;
      await new Promise((go) => setImmediate(go));
    }
    await this.settled();
  }
}

const all = Array.from({ length: writers }, (_, number) => new Writer(number));
process.on("SIGUSR1", () => { for (const w of all) console.error(w.number, made, w.link.open, w.link.debug?.(), w.shared?.pending, w.shared && getSyncedVersion(w.state), w.shared?.debug?.()); });
await Promise.all(all.map((writer) => writer.begin()));
await Promise.all(all.map((writer) => writer.write()));
await Promise.all(all.map((writer) => writer.caughtUp()));
say({
  texts: all.map((writer) => writer.state.doc.toString()),
  versions: all.map((writer) => getSyncedVersion(writer.state)),
  letters: writers * edits,
});
for (const writer of all) writer.link.close();
