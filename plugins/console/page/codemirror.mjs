// What the editor takes of CodeMirror, in one file: `npm run vendor` makes vendor/codemirror.js of it.
export { Annotation, ChangeSet, EditorState, Compartment, StateEffect, StateField, Text, Transaction } from "@codemirror/state";
export {
  Decoration, EditorView, ViewPlugin, WidgetType, drawSelection, dropCursor, highlightActiveLine,
  highlightSpecialChars, keymap, lineNumbers, placeholder,
} from "@codemirror/view";
export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
export { collab, getClientID, getSyncedVersion, receiveUpdates, sendableUpdates } from "@codemirror/collab";
export { setDiagnostics, lintKeymap, forEachDiagnostic } from "@codemirror/lint";
export { openSearchPanel, search, searchKeymap } from "@codemirror/search";
import { Language, LanguageSupport, defineLanguageFacet, HighlightStyle, syntaxHighlighting, indentOnInput } from "@codemirror/language";
export { HighlightStyle, syntaxHighlighting, indentOnInput };
import { GFM, parser } from "@lezer/markdown";
export { tags } from "@lezer/highlight";

// Markdown itself; the languages of code in it would be as much again.
export function markdown() {
  const data = defineLanguageFacet({ commentTokens: { block: { open: "<!--", close: "-->" } } });
  return new LanguageSupport(new Language(data, parser.configure([GFM]), [], "markdown"));
}
