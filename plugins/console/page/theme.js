import { $ } from "/dom.js";

function theme(wanted) {
  if (wanted) document.documentElement.dataset.theme = wanted;
}

// Dark or light, as it was chosen last; `changed()` when it is chosen anew.
export function beginTheme(changed = () => {}) {
  theme(localStorage.getItem("theme"));
  $("#theme").addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "light" ? "dark" : "light";
    localStorage.setItem("theme", next);
    theme(next);
    changed();
  });
}
