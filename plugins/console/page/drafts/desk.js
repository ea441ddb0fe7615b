// A draft that is open: its text, the others who are there, its history.
import { getSyncedVersion } from "/vendor/codemirror.js";
import { askFirst } from "/actions.js";
import { $, keep, make, put } from "/dom.js";
import { Assist } from "/drafts/assist.js";
import { Comments } from "/drafts/comments.js";
import { live, makeEditor, past } from "/drafts/editor.js";
import { colour, setPeer } from "/drafts/peers.js";
import { Remarks } from "/drafts/remarks.js";
import { Shared, whole } from "/drafts/shared.js";

const aliveEvery = 10_000, cursorPause = 80;
const firstPause = 250, longestPause = 16_000;

export function say(text, status) {
  const place = $("#saved");
  put(place, text);
  if (status) place.dataset.status = status; else delete place.dataset.status;
}

export class Desk {
  #link;
  #ask;
  #me;
  #session;
  #observes;
  #cursorDue = null;
  #comeDue = null;
  #pause = firstPause;
  #alive = setInterval(() => this.#tellCursor(), aliveEvery);
  #closed = false;
  #others = new Map(); // session -> name

  // `ask(operation, body)` by HTTP, for what is long; `me()`: the name to go by.
  constructor(link, ask, me, opened) {
    this.#link = link;
    this.#ask = ask;
    this.#me = me;
    this.id = opened.id;
    this.looksBack = false;
    this.#observes = opened.observes;
    this.writes = !opened.observes && ["editor", "owner"].includes(opened.role);
    this.view = makeEditor($("#text"), (transactions) => this.#changed(transactions));
    this.live = live(opened.version, opened.content, this.writes, {
      comment: () => this.comments.beginHere(),
      clicked: (at) => this.comments.clicked(at),
    }); // also while the past is looked at
    this.view.setState(this.live);
    const desk = this;
    this.shared = new Shared(link, this.id, {
      get state() {
        return desk.live;
      },
      dispatch: (transaction) => this.dispatch(transaction),
    }, (outcome) => this.#outcome(outcome));
    this.remarks = new Remarks(ask, this);
    this.assist = new Assist(link, ask, this, opened);
    this.comments = new Comments(link, ask, me, this, opened.role);
    this.#goBy(opened.session);
    link.hear(`drafts.${this.id}.presence`, (event) => this.#peer(event));
    link.hear(`drafts.${this.id}.changed`, (event) => this.#about(event));
    for (const peer of opened.sessions ?? []) this.#peer(peer);
    this.#about(opened);
    this.#slide();
    this.remarks.soon();
  }

  #goBy(session) {
    this.#session = session;
    this.shared.who = { session, as: this.#me() };
  }

  // Changes of others come while the past is looked at, too.
  dispatch(transaction) {
    if (this.looksBack) {
      this.live = transaction.state;
      this.assist.moved(transaction.changes);
      this.comments.moved(transaction.docChanged);
      this.#slide();
    } else {
      this.view.dispatch(transaction);
    }
  }

  #changed(transactions) {
    if (this.looksBack) return;
    this.live = this.view.state;
    for (const { changes } of transactions) this.assist.moved(changes);
    if (transactions.some((one) => one.docChanged)) {
      void this.shared.settle();
      this.remarks.soon();
      this.#slide();
    }
    if (transactions.some((one) => one.selection || one.docChanged)) {
      clearTimeout(this.#cursorDue);
      this.#cursorDue = setTimeout(() => this.#tellCursor(), cursorPause);
      this.comments.moved(transactions.some((one) => one.docChanged));
    }
  }

  #outcome({ pending, error }) {
    if (error) {
      say(`not taken: ${error}`, "unhealthy");
    } else if (pending === 0) {
      say("saved");
      this.#slide();
    } else if (this.#link.open) {
      say("saving");
    } else {
      say("kept here until the connection is back", "degraded");
    }
  }

  #tellCursor() {
    if (!this.#link.open) return;
    const { anchor, head } = this.live.selection.main;
    this.#link.request("presence", {
      id: this.id, session: this.#session, as: this.#me(), name: this.#me(), cursor: { anchor, head },
      version: getSyncedVersion(this.live),
    }).catch(() => {});
  }

  #peer({ session, name, author, cursor, gone }) {
    if (session === this.#session) return;
    const shown = name || author || "somebody";
    if (gone) this.#others.delete(session); else this.#others.set(session, shown);
    this.dispatch(this.live.update({
      effects: setPeer.of({ session, name: shown, cursor: gone ? null : cursor }),
    }));
    keep($("#peers"), [...this.#others], ([key]) => key, () => make("li"), (item, [, text]) => {
      put(item, text);
      item.className = colour(text);
    });
  }

  #about({ title, status, metadata, deleted }) {
    if (metadata !== undefined) this.assist.allowed(metadata);
    if (deleted) say("this draft was deleted", "unhealthy");
    if (title !== undefined) {
      put($("#title"), title);
      document.title = `${title} · noa`;
    }
    if (status !== undefined) put($("#status"), status);
  }

  #slide() {
    const slider = $("#slider");
    slider.max = String(getSyncedVersion(this.live));
    if (!this.looksBack) slider.value = slider.max;
  }

  async lookBack(version) {
    if (version >= getSyncedVersion(this.live)) {
      this.lookAhead();
      return;
    }
    const then = await whole(this.#ask, { id: this.id, version });
    if (Number($("#slider").value) !== version) return; // it went on
    this.looksBack = true;
    this.view.setState(past(then.content));
    $("#text").dataset.past = "";
    put($("#then"), `version ${version} of ${getSyncedVersion(this.live)}`);
    $("#past").hidden = false;
    $("#restore").hidden = !this.writes;
  }

  lookAhead() {
    if (!this.looksBack) return;
    this.looksBack = false;
    this.view.setState(this.live);
    delete $("#text").dataset.past;
    put($("#then"), "as it is now");
    $("#past").hidden = true;
    this.#slide();
    this.remarks.soon();
  }

  async restore() {
    const version = Number($("#slider").value);
    const sure = await askFirst(`Make the text what it was as version ${version}? What came since stays in the history.`,
      "restore");
    if (sure === null) return;
    this.lookAhead();
    await this.#ask("restore", { id: this.id, version });
  }

  // The connection is there again, or the name is another: as the same session, if it is known still.
  async come() {
    clearTimeout(this.#comeDue);
    try {
      await this.#comeNow();
      this.#pause = firstPause;
    } catch (error) {
      // The host may be there before the agent is.
      if (!this.#closed && this.#link.open && error.status !== 403) {
        this.#comeDue = setTimeout(() => this.come().catch(() => {}), this.#pause * (0.5 + Math.random()));
        this.#pause = Math.min(2 * this.#pause, longestPause);
      }
      throw error;
    }
  }

  async #comeNow() {
    const { session, role } = await this.#ask("open", {
      id: this.id, session: this.#session, name: this.#me(), observe: this.#observes,
    });
    this.#goBy(session);
    this.comments.may(role);
    await this.shared.settle(true);
    this.#tellCursor();
    await this.comments.list();
    this.remarks.soon();
  }

  close() {
    clearInterval(this.#alive);
    clearTimeout(this.#cursorDue);
    clearTimeout(this.#comeDue);
    this.#closed = true;
    this.remarks.close();
    this.assist.close();
    this.comments.close();
    this.shared.close();
    for (const subject of ["presence", "changed"]) this.#link.ignore(`drafts.${this.id}.${subject}`);
    if (this.#link.open) {
      this.#link.request("close", { id: this.id, session: this.#session, as: this.#me() }).catch(() => {});
    }
    this.lookAhead();
    this.view.destroy();
    $("#peers").replaceChildren();
    say("");
  }
}
