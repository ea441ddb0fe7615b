// What changes something: always asked for once more.
import { $, make } from "/dom.js";
import { ask } from "/state.js";

// Resolves to what the fields of the dialog say, or null when it was called off.
export function askFirst(text, does, fields = []) {
  const dialog = $("#confirm");
  const form = make("form", { method: "dialog" },
    make("p", { id: "confirm-text" }, text),
    ...fields.map(({ name, label, value }) => make("label", {}, label + " ",
      make("input", { name, value, autocomplete: "off" }))),
    make("p", { class: "wrong", role: "alert" }),
    make("div", { class: "row" },
      make("button", { type: "submit", value: "no" }, "cancel"),
      make("button", { type: "submit", value: "yes", class: "strong" }, does)));
  dialog.replaceChildren(form);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      resolve(dialog.returnValue === "yes" ? Object.fromEntries(new FormData(form)) : null);
      dialog.returnValue = "";
    };
  });
}

// The outcome in the dialog's place, when it is not as it should be.
async function attempt(run) {
  try {
    return await run();
  } catch (error) {
    const dialog = $("#confirm");
    dialog.onclose = null;
    dialog.replaceChildren(make("form", { method: "dialog" },
      make("p", { id: "confirm-text", class: "wrong", role: "alert" }, error.message),
      make("div", { class: "row" }, make("button", { type: "submit" }, "close"))));
    dialog.showModal();
    return null;
  }
}

export async function act(verb, agent, body = {}) {
  const wanted = await askFirst(`${verb} the agent ${agent}?`, verb);
  if (wanted === null) return null;
  return attempt(async () => {
    const { outcomes } = await ask(`/api/actions/${verb}`, { agents: [agent], ...body });
    const failed = outcomes.find(({ action }) => action === "failed");
    if (failed) throw new Error(failed.text);
    return outcomes;
  });
}

export async function silence({ rule, labels }) {
  const wanted = await askFirst(`Silence ${rule}?`, "silence", [
    { name: "for", label: "for", value: "2h" },
    { name: "comment", label: "because", value: "" },
  ]);
  if (wanted === null) return;
  await attempt(() => ask("/api/agents/monitor/alerts.silence", { rule, labels, ...wanted }));
}
