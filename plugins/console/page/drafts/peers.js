// Where the others are in the text: carets with a name, selections. They move with the text.
import { Decoration, EditorView, StateEffect, StateField, WidgetType } from "../vendor/codemirror.js";

export const setPeer = StateEffect.define(); // {session, name, cursor: {anchor, head} or null}
const longestName = 40;

// The same name has the same colour wherever it is seen.
export function colour(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 6007;
  return `peer-${sum % 6}`;
}

class Caret extends WidgetType {
  constructor(name) {
    super();
    this.name = name;
  }
  eq(other) {
    return other.name === this.name;
  }
  toDOM() {
    const caret = document.createElement("span");
    caret.className = `caret ${colour(this.name)}`;
    caret.setAttribute("aria-hidden", "true");
    caret.dataset.name = this.name.slice(0, longestName);
    return caret;
  }
  ignoreEvent() {
    return true;
  }
}

export const peers = StateField.define({
  create: () => new Map(),
  update(all, { effects, changes, docChanged, state }) {
    const fresh = effects.filter((effect) => effect.is(setPeer));
    if (!docChanged && fresh.length === 0) return all;
    const next = new Map();
    for (const [session, { name, anchor, head }] of all) {
      next.set(session, { name, anchor: changes.mapPos(anchor, 1), head: changes.mapPos(head, 1) });
    }
    for (const { value: { session, name, cursor } } of fresh) {
      next.delete(session);
      // It may be of a text that is not here yet.
      const within = (at) => Math.max(0, Math.min(Number(at) || 0, state.doc.length));
      if (cursor) next.set(session, { name, anchor: within(cursor.anchor), head: within(cursor.head) });
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field, (all) => {
    const marks = [];
    for (const { name, anchor, head } of all.values()) {
      const [from, to] = anchor < head ? [anchor, head] : [head, anchor];
      if (from < to) marks.push(Decoration.mark({ class: `chosen ${colour(name)}` }).range(from, to));
      marks.push(Decoration.widget({ widget: new Caret(name), side: 1 }).range(head));
    }
    return Decoration.set(marks, true);
  }),
});
