// Where in the text comments belong. They move with it: what is written at their edges is not theirs.
import { Decoration, EditorView, StateEffect, StateField } from "../vendor/codemirror.js";

export const setPlace = StateEffect.define(); // {number, from, to, marked}, or {number, gone: true}
export const setNear = StateEffect.define();  // the number of the one that is looked at; null: none

const within = (at, end) => Math.max(0, Math.min(Number(at) || 0, end));

export function mapPlace({ from, to, ...rest }, changes) {
  const first = changes.mapPos(from, 1);
  return { ...rest, from: first, to: Math.max(first, changes.mapPos(to, -1)) };
}

export const places = StateField.define({
  create: () => ({ all: new Map(), near: null }),
  update(value, { effects, changes, docChanged, state }) {
    const told = effects.filter((effect) => effect.is(setPlace) || effect.is(setNear));
    if (!docChanged && told.length === 0) return value;
    let { near } = value;
    const next = new Map();
    for (const [number, place] of value.all) next.set(number, docChanged ? mapPlace(place, changes) : place);
    for (const effect of told) {
      if (effect.is(setNear)) {
        near = effect.value;
      } else if (effect.value.gone) {
        next.delete(effect.value.number);
      } else {
        const { number, from, to, marked } = effect.value;
        const first = within(from, state.doc.length);
        next.set(number, { from: first, to: Math.max(first, within(to, state.doc.length)), marked });
      }
    }
    return { all: next, near };
  },
  provide: (field) => EditorView.decorations.from(field, ({ all, near }) => {
    const marks = [];
    for (const [number, { from, to, marked }] of all) {
      if (!marked || from === to) continue;
      marks.push(Decoration.mark({
        class: number === near ? "commented near" : "commented",
        attributes: { "data-comment": String(number) },
      }).range(from, to));
    }
    return Decoration.set(marks, true);
  }),
});

// The comment about the place that is there: of several the shortest.
export function commentAt(state, at) {
  let found = null;
  for (const [number, { from, to, marked }] of state.field(places).all) {
    if (!marked || number === 0 || at < from || at > to || from === to) continue;
    if (found === null || to - from < found.length) found = { number, length: to - from };
  }
  return found?.number ?? null;
}
