// The list of drafts, and the one that is open: /drafts#ID, or /drafts#ID/read to look on.
import { askFirst } from "/actions.js";
import { Desk, say } from "/drafts/desk.js";
import { Link } from "/drafts/link.js";
import { whole } from "/drafts/shared.js";
import { $, keep, make, put, span } from "/dom.js";
import { ask as fetched } from "/state.js";
import { beginTheme } from "/theme.js";

const me = () => $("#me").value.trim() || "somebody";
const ask = (operation, body) => fetched(`/api/agents/drafting/${operation}`, { as: me(), ...body });
const told = (error) => put($("#link"), error.message);
const wrong = (error) => say(error.message, "unhealthy");

let link = null;
let desk = null;

async function showList() {
  const text = $("#find").elements.words.value.trim();
  const { drafts } = text === "" ? await ask("list", { limit: 100 }) : await ask("search", { text, limit: 100 });
  keep($("#choice tbody"), drafts, ({ id }) => id,
    ({ id }) => make("tr", {}, make("th", { scope: "row" }, make("a", { href: `#${id}` })),
      make("td"), make("td"), make("td"), make("td")),
    (row, { title, status, type, author, updated_at }) => {
      const [head, ...cells] = row.children;
      put(head.firstChild, title);
      const ago = `${span((Date.now() - Date.parse(updated_at)) / 1000)} ago`;
      for (const [at, value] of [status, type, author, ago].entries()) put(cells[at], value ?? "");
    });
  $("#none").hidden = drafts.length > 0;
}

async function createDraft() {
  const wanted = await askFirst("A new draft", "create", [{ name: "title", label: "title", value: "" }]);
  if (!wanted?.title) return;
  const { id } = await ask("create", { title: wanted.title });
  location.hash = id;
}

async function show() {
  const [id, way] = location.hash.slice(1).split("/").map(decodeURIComponent);
  desk?.close();
  desk = null;
  $("#choice").hidden = id !== "";
  $("#desk").hidden = id === "";
  document.title = "Drafts · noa";
  if (id === "") {
    await showList();
    return;
  }
  const opened = await ask("open", { id, name: me(), observe: way === "read" });
  const text = opened.next === undefined ? opened : await whole(ask, { id });
  desk = new Desk(link, ask, me, {
    ...opened, version: text.version, content: text.content, observes: way === "read",
  });
  desk.view.focus();
  if (link.open) await desk.shared.settle(true); // what came since the text did
  await desk.comments.list();
}

function linkIs(open) {
  document.body.classList.toggle("stale", !open);
  put($("#link"), open ? "live" : "not connected");
  if (open) desk?.come().catch(wrong);
}

$("#me").value = localStorage.getItem("drafts-name") ?? `guest-${Math.floor(Math.random() * 900 + 100)}`;
$("#me").addEventListener("change", () => {
  localStorage.setItem("drafts-name", me());
  desk?.come().catch(wrong);
});
beginTheme();
$("#find").addEventListener("submit", (event) => event.preventDefault());
$("#find").addEventListener("input", () => showList().catch(told));
$("#new").addEventListener("click", () => createDraft().catch(told));
$("#slider").addEventListener("input", ({ target }) => desk?.lookBack(Number(target.value)).catch(wrong));
$("#now").addEventListener("click", () => desk?.lookAhead());
$("#restore").addEventListener("click", () => desk?.restore().catch(wrong));
addEventListener("hashchange", () => show().catch(told));
addEventListener("beforeunload", (event) => {
  if (desk?.shared.pending > 0) event.preventDefault(); // words that are nowhere else yet
});

const settings = await fetched("/api/settings");
if (settings.drafts || settings.actions) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  link = new Link(() => new WebSocket(`${scheme}://${location.host}/api/ws`), linkIs);
  await show().catch(told);
} else {
  told(new Error("This console has no editor: drafts is false in its settings."));
}
