// What is said about places of the text: shown beside it, in its order, and kept up by events.
import { sendableUpdates } from "../vendor/codemirror.js";
import { askFirst } from "/actions.js";
import { $ } from "/dom.js";
import { commentAt, mapPlace, places, setNear, setPlace } from "/drafts/places.js";
import { Threads } from "/drafts/threads.js";

const pause = 150;
const unsent = 0; // the number of the place that is about to be commented

export class Comments {
  #link;
  #ask;
  #desk;
  #me;
  #threads;
  #all = new Map(); // number -> what the agent says of it
  #held = []; // of versions that are not here yet, in the order they came
  #fresh = null; // numbers that were told while all of them are asked for
  #due = null;
  #purpose = null; // what the form is for
  #role;

  constructor(link, ask, me, desk, role) {
    this.#link = link;
    this.#ask = ask;
    this.#me = me;
    this.#desk = desk;
    this.#threads = new Threads({
      jump: (number) => this.#jump(number),
      reply: (thread) => this.#begin({ reply_to: thread.number }, `Reply to ${thread.author}`, ""),
      resolve: ({ number, resolved }) => this.#set({ number, resolved: !resolved }),
      change: ({ number, text }) => this.#begin({ number }, "Change what you said", text),
      drop: (comment) => this.#drop(comment),
      redraw: () => this.#draw(),
    });
    link.hear(`drafts.${desk.id}.comments`, (event) => this.#heard(event));
    $("#comment-new").onclick = () => this.beginHere();
    const form = $("#comment-form");
    form.onsubmit = (event) => {
      event.preventDefault();
      void this.#attempt(() => this.#send());
    };
    form.onkeydown = (event) => {
      if (event.key === "Escape") this.#end();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    };
    $("#comment-leave").onclick = () => this.#end();
    this.#end(false);
    this.may(role);
  }

  may(role) {
    this.#role = role;
    this.speaks = ["commenter", "editor", "owner"].includes(role);
    $("#comment-new").hidden = !this.speaks;
    if (!this.speaks) this.#end(false);
    this.#draw();
  }

  close() {
    clearTimeout(this.#due);
    this.#link.ignore(`drafts.${this.#desk.id}.comments`);
    this.#end(false);
    this.#threads.show([], {});
    this.#desk = null;
    $("#comment-new").hidden = true;
  }

  // All of them: at the start, and when events may have been missed.
  async list() {
    if (this.#fresh !== null) return;
    this.#fresh = new Set();
    try {
      const { version, comments } = await this.#ask("comment.list", { id: this.#desk.id });
      if (!this.#desk) return;
      const there = new Set(comments.map(({ number }) => number));
      for (const number of this.#all.keys()) {
        if (!there.has(number) && !this.#fresh.has(number)) this.#gone(number);
      }
      const rest = comments.filter(({ number }) => !this.#fresh.has(number));
      this.#fresh = null;
      this.#hold({ version, comments: rest });
    } finally {
      this.#fresh = null;
    }
  }

  // After each change of the text, and of what is selected.
  moved(changed) {
    if (changed) {
      this.#catchUp();
      if (this.#all.size > 0) this.#soon();
    }
    this.#look();
  }

  beginHere() {
    const { live, looksBack } = this.#desk;
    if (!this.speaks || looksBack) return true;
    const { main } = live.selection;
    const { from, to } = main.empty ? live.wordAt(main.head) ?? main : main;
    if (from === to) {
      this.#wrong("Select what it is about.");
    } else {
      this.#begin({}, `About “${live.sliceDoc(from, Math.min(to, from + 60))}${to > from + 60 ? "…" : ""}”`, "");
      this.#place([setPlace.of({ number: unsent, from, to, marked: true })]);
    }
    return true;
  }

  #heard({ version, comment }) {
    this.#fresh?.add(comment.number);
    this.#hold({ version: version ?? 0, comments: [comment] });
  }

  #hold(told) {
    this.#held.push(told);
    this.#catchUp();
  }

  #catchUp() {
    const effects = [];
    while (this.#held.length > 0 && this.#held[0].version <= this.#desk.shared.version) {
      const { version, comments } = this.#held.shift();
      for (const comment of comments) {
        if (comment.gone) this.#gone(comment.number); else effects.push(...this.#take(version, comment));
      }
    }
    if (effects.length === 0) return;
    this.#place(effects);
    this.#soon();
  }

  // Their places are in a version: from there through what came since, and what is not sent yet.
  #take(version, comment) {
    const { live, shared } = this.#desk;
    this.#all.set(comment.number, comment);
    const since = shared.since(version);
    if (since === null) {
      void this.list().catch(() => {});
      return [];
    }
    let place = { from: comment.from, to: comment.to };
    for (const changes of since) place = mapPlace(place, changes);
    for (const { changes } of sendableUpdates(live)) place = mapPlace(place, changes);
    const marked = comment.reply_to === undefined && !comment.resolved;
    return [setPlace.of({ number: comment.number, ...place, marked })];
  }

  #gone(number) {
    this.#all.delete(number);
    this.#place([setPlace.of({ number, gone: true })]);
    if (this.#purpose?.number === number || this.#purpose?.reply_to === number) this.#end(false);
    this.#soon();
  }

  #place(effects) {
    this.#desk.dispatch(this.#desk.live.update({ effects }));
  }

  // The one that the cursor is in.
  #look() {
    const { live, looksBack } = this.#desk;
    if (looksBack) return;
    const number = commentAt(live, live.selection.main.head);
    if (number === live.field(places).near) return;
    this.#place([setNear.of(number)]);
    this.#threads.near(number);
  }

  // By the place: the element that was pressed is made anew as soon as the cursor is in it.
  clicked(at) {
    const { live, looksBack } = this.#desk;
    if (looksBack || at === null || !live.selection.main.empty) return;
    this.#threads.bring(commentAt(live, at));
  }

  #jump(number) {
    this.#desk.lookAhead();
    const { view, live } = this.#desk;
    const { from, to } = live.field(places).all.get(number);
    view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true, effects: setNear.of(number) });
    this.#threads.near(number);
    view.focus();
  }

  #soon() {
    clearTimeout(this.#due);
    this.#due = setTimeout(() => this.#draw(), pause);
  }

  #draw() {
    if (!this.#desk) return;
    const { all, near } = this.#desk.live.field(places);
    const placed = [...this.#all.values()].filter(({ number }) => all.has(number));
    this.#threads.show(placed.map((comment) => ({ ...comment, ...all.get(comment.number) })),
      { speaks: this.speaks, me: this.#me(), owns: this.#role === "owner" });
    this.#threads.near(near);
  }

  #begin(purpose, label, text) {
    this.#end(false);
    this.#purpose = purpose;
    const form = $("#comment-form");
    $("#comment-about").textContent = label;
    form.elements.text.value = text;
    form.hidden = false;
    form.elements.text.focus();
  }

  #end(back = true) {
    const was = this.#purpose;
    this.#purpose = null;
    this.#wrong("");
    $("#comment-form").hidden = true;
    $("#comment-form").reset();
    if (was === null || !this.#desk) return;
    this.#place([setPlace.of({ number: unsent, gone: true })]);
    if (back) this.#desk.view.focus();
  }

  async #send() {
    const text = $("#comment-form").elements.text.value.trim();
    const purpose = this.#purpose;
    if (text === "" || purpose === null) return;
    const { id, shared } = this.#desk;
    if (purpose.number !== undefined) {
      await this.#ask("comment.set", { id, ...purpose, text });
    } else if (purpose.reply_to !== undefined) {
      await this.#ask("comment.add", { id, ...purpose, text });
    } else {
      await shared.attempted();
      if (shared.pending > 0) throw new Error("What it is about is not saved yet: try again when it is.");
      const { from, to } = this.#desk.live.field(places).all.get(unsent);
      await this.#ask("comment.add", { id, text, from, to, version: shared.version });
    }
    if (this.#purpose === purpose) this.#end();
  }

  #set(body) {
    void this.#attempt(() => this.#ask("comment.set", { id: this.#desk.id, ...body }));
  }

  async #drop({ number, text }) {
    const sure = await askFirst(`Take “${text.slice(0, 80)}” away?`, "delete");
    if (sure !== null && this.#desk) this.#set({ number, drop: true });
  }

  #wrong(text) {
    $("#comment-wrong").textContent = text;
  }

  async #attempt(run) {
    this.#wrong("");
    try {
      if (!this.#link.open) throw new Error("There is no connection: try again when it is back.");
      await run();
    } catch (error) {
      if (this.#desk) this.#wrong(error.message);
    }
  }
}
