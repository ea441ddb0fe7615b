// Comments as they are read: one after the other as the text goes, each with what was replied.
import { $, keep, make, put, span } from "/dom.js";

// Replies to replies belong to the first; those whose first one is gone stand alone.
function gather(comments) {
  const by = new Map(comments.map((comment) => [comment.number, comment]));
  const threads = new Map();
  for (const comment of [...comments].sort((one, other) => one.number - other.number)) {
    let first = comment;
    while (by.has(first.reply_to) && first.reply_to < first.number) first = by.get(first.reply_to);
    if (first === comment) threads.set(comment.number, { ...comment, replies: [] });
    else threads.get(first.number).replies.push(comment);
  }
  return [...threads.values()].sort((one, other) => one.from - other.from || one.number - other.number);
}

const small = (name) => make("button", { type: "button", class: "small" }, name);

export class Threads {
  #does;
  #resolvedToo = false;

  // `does`: jump, reply, resolve, change, drop, each with a comment; redraw.
  constructor(does) {
    this.#does = does;
    $("#comments-all").onclick = () => {
      this.#resolvedToo = !this.#resolvedToo;
      does.redraw();
    };
  }

  show(comments, may) {
    const all = gather(comments);
    const open = all.filter(({ resolved }) => !resolved);
    const toggle = $("#comments-all");
    put($("#comments-head"), `Comments: ${open.length}`);
    put(toggle, `resolved: ${all.length - open.length}`);
    toggle.hidden = all.length === open.length;
    toggle.setAttribute("aria-pressed", String(this.#resolvedToo));
    keep($("#comments"), this.#resolvedToo ? all : open, ({ number }) => number, () => this.#made(),
      (item, thread) => this.#fill(item, thread, may));
  }

  near(number) {
    for (const item of $("#comments").children) {
      if (item.dataset.key !== String(number)) {
        item.removeAttribute("aria-current");
      } else if (!item.hasAttribute("aria-current")) {
        item.setAttribute("aria-current", "true");
        const list = item.parentElement; // the page stays where it is: somebody may be writing
        const below = item.offsetTop + item.offsetHeight - list.clientHeight;
        list.scrollTop = Math.min(item.offsetTop, Math.max(list.scrollTop, below));
      }
    }
  }

  bring(number) {
    if (number !== null) $(`#comments > [data-key="${number}"]`)?.scrollIntoView({ block: "nearest" });
  }

  #made() {
    return make("li", {}, make("button", { type: "button", class: "quote", title: "to its place" }),
      make("ul"), make("p", { class: "row" }, small("reply"), small("resolve")));
  }

  #fill(item, thread, may) {
    const [quote, said, row] = item.children;
    put(quote, thread.quote || "a place in the text");
    quote.classList.toggle("gone", thread.from === thread.to && thread.quote !== "");
    quote.onclick = () => this.#does.jump(thread.number);
    keep(said, [thread, ...thread.replies], ({ number }) => number, () => this.#madeOne(),
      (one, comment) => this.#fillOne(one, comment, may));
    row.hidden = !may.speaks;
    const [reply, resolve] = row.children;
    reply.onclick = () => this.#does.reply(thread);
    put(resolve, thread.resolved ? "reopen" : "resolve");
    resolve.onclick = () => this.#does.resolve(thread);
  }

  #madeOne() {
    return make("li", {}, make("p", {}, make("b"), " ", make("time")), make("div", { class: "said" }),
      make("p", { class: "own" }, small("change"), small("delete")));
  }

  #fillOne(one, comment, may) {
    const [head, text, own] = one.children;
    const [author, time] = head.children;
    put(author, comment.author);
    put(time, `${span((Date.now() - Date.parse(comment.at)) / 1000)} ago`
      + (comment.changed_at ? ", changed" : "") + (comment.resolved ? `, resolved by ${comment.resolved_by}` : ""));
    time.dateTime = comment.at;
    put(text, comment.text);
    const mine = comment.author === may.me;
    own.hidden = !may.speaks || !(mine || may.owns);
    const [change, drop] = own.children;
    change.hidden = !mine;
    change.onclick = () => this.#does.change(comment);
    drop.onclick = () => this.#does.drop(comment);
  }
}
