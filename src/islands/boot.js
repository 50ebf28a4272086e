// Shows what is typed into a password field, and starts the islands of pages that have some. An own module instead of the
// framework's inline script, so that the page's policy needs neither a nonce nor 'unsafe-inline'. Whatever fails here, the
// server's page goes on working: every form is a plain form.
const ready = () => (document.documentElement.dataset.islands = "ready");

for (const button of document.querySelectorAll("[data-reveals]")) {
  const field = document.getElementById(button.dataset.reveals);
  const reveal = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? button.dataset.hide : button.dataset.show;
  };
  button.addEventListener("click", () => reveal(field.type === "password"));
  // A password field again before it is sent, or browsers would not offer to save it.
  field.form.addEventListener("submit", () => reveal(false));
  button.hidden = false;
}

const link = document.querySelector("link[data-app]");
if (!link) {
  ready();
} else if (typeof WebAssembly === "object") {
  import(link.href)
    .then((app) =>
      app.default({ module_or_path: link.dataset.app }).then(() => {
        app.hydrate();
        for (const island of document.querySelectorAll("leptos-island")) {
          const start = app[island.dataset.component];
          if (start) start(island);
          else console.warn("no such island: " + island.dataset.component);
        }
        ready();
      }),
    )
    .catch((cause) => console.warn("islands are off:", cause));
}
