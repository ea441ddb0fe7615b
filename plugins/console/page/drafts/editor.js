// CodeMirror as it is used here. It lives in a shadow root: there its styles are adopted sheets,
// which the page's security policy allows, not <style> elements, which it does not.
import {
  Compartment, EditorState, EditorView, HighlightStyle, collab, defaultKeymap, drawSelection,
  highlightSpecialChars, history, historyKeymap, keymap, lintKeymap, markdown, placeholder,
  search, searchKeymap, syntaxHighlighting, tags,
} from "../vendor/codemirror.js";
import { peers } from "./peers.js";
import { places } from "./places.js";

const look = EditorView.theme({
  "&": { color: "var(--text)", fontSize: "16px", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "'Iowan Old Style', 'Palatino Linotype', 'DejaVu Serif', serif", lineHeight: "1.6",
    maxHeight: "78vh", minHeight: "50vh",
  },
  ".cm-content": { caretColor: "var(--accent)", maxWidth: "46em", padding: "20px 4px 8px" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 30%, transparent)",
  },
  ".cm-panels, .cm-tooltip": {
    backgroundColor: "var(--card)", color: "var(--text)", border: "1px solid var(--line)",
  },
  ".cm-panels button, .cm-panels input, .cm-tooltip button": {
    font: "inherit", color: "inherit", background: "var(--ground)", border: "1px solid var(--line)",
  },
  ".cm-lintRange": { backgroundImage: "none", textDecoration: "underline wavy 1px", textUnderlineOffset: "4px" },
  ".cm-lintRange-error": { textDecorationColor: "var(--unhealthy-text)" },
  ".cm-lintRange-warning": { textDecorationColor: "var(--degraded-text)" },
  ".cm-lintRange-info, .cm-lintRange-hint": { textDecorationColor: "var(--accent)" },
  ".cm-diagnostic": { fontFamily: "system-ui, sans-serif", fontSize: "13px" },
  ".commented": {
    backgroundColor: "color-mix(in srgb, var(--degraded) 20%, transparent)",
    boxShadow: "inset 0 -2px color-mix(in srgb, var(--degraded) 55%, transparent)", cursor: "pointer",
  },
  ".commented.near": { backgroundColor: "color-mix(in srgb, var(--degraded) 45%, transparent)" },
  ".cm-placeholder": { color: "var(--faint)" },
  ".caret": {
    borderLeft: "2px solid var(--peer)", marginLeft: "-1px", marginRight: "-1px", position: "relative",
  },
  ".caret::after": {
    content: "attr(data-name)", position: "absolute", bottom: "100%", left: "-2px", lineHeight: "1.3",
    fontFamily: "system-ui, sans-serif", fontSize: "11px", padding: "0 4px", whiteSpace: "nowrap",
    background: "var(--peer)", color: "var(--ground)", borderRadius: "3px 3px 3px 0", pointerEvents: "none",
  },
  ".chosen": { backgroundColor: "color-mix(in srgb, var(--peer) 25%, transparent)" },
  // The page's classes end where the shadow begins.
  ".peer-0": { "--peer": "#0ea5e9" }, ".peer-1": { "--peer": "#ec4899" }, ".peer-2": { "--peer": "#10b981" },
  ".peer-3": { "--peer": "#f59e0b" }, ".peer-4": { "--peer": "#8b5cf6" }, ".peer-5": { "--peer": "#f97316" },
});

const colours = HighlightStyle.define([
  { tag: tags.heading, fontWeight: "700" },
  { tag: tags.heading1, fontSize: "1.5em" },
  { tag: tags.heading2, fontSize: "1.25em" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strong, fontWeight: "700" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.link, color: "var(--accent)" },
  { tag: tags.url, color: "var(--faint)" },
  { tag: [tags.monospace], fontFamily: "ui-monospace, 'DejaVu Sans Mono', monospace", fontSize: "0.9em" },
  { tag: [tags.processingInstruction, tags.meta, tags.contentSeparator], color: "var(--faint)" },
  { tag: tags.quote, color: "var(--faint)" },
]);

const writable = new Compartment();
const may = (writes) => writable.of([EditorState.readOnly.of(!writes), EditorView.editable.of(writes)]);

// `changed(update)`: after each transaction that changed the text or the selection.
export function makeEditor(place, changed) {
  const root = place.shadowRoot ?? place.attachShadow({ mode: "open" });
  root.replaceChildren();
  return new EditorView({
    root,
    parent: root,
    dispatchTransactions: (transactions, view) => {
      view.update(transactions);
      changed(transactions);
    },
  });
}

// `does`: comment(), by a key; clicked(at).
export function live(version, content, writes, does) {
  return EditorState.create({
    doc: content,
    extensions: [
      highlightSpecialChars(), history(), drawSelection(), search({ top: true }), markdown(),
      syntaxHighlighting(colours), EditorView.lineWrapping, look, peers, places, may(writes),
      placeholder("Write here."), collab({ startVersion: version }), EditorState.lineSeparator.of("\n"),
      EditorView.contentAttributes.of({ "aria-label": "Text of the draft", spellcheck: "false", tabindex: "0" }),
      EditorView.domEventHandlers({
        mouseup: ({ clientX: x, clientY: y }, view) => does.clicked(view.posAtCoords({ x, y })),
      }),
      keymap.of([{ key: "Mod-Alt-m", run: () => does.comment() }, ...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap]),
    ],
  });
}

// As it was once: to be looked at.
export function past(content) {
  return EditorState.create({
    doc: content,
    extensions: [
      drawSelection(), markdown(), syntaxHighlighting(colours), EditorView.lineWrapping, look, may(false),
      EditorState.lineSeparator.of("\n"),
      EditorView.contentAttributes.of({ "aria-label": "Text as it was" }),
    ],
  });
}
