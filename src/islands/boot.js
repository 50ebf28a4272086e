// Starts the islands. An own module instead of the framework's inline script, so that the page's policy needs neither a
// nonce nor 'unsafe-inline'. Whatever fails here, the server's page goes on working: every form is a plain form.
const root = document.documentElement;
const link = document.querySelector("link[data-app]");
if (!link) root.dataset.islands = "ready";
else if (typeof WebAssembly === "object") {
  import(link.href)
    .then((app) =>
      app.default({ module_or_path: link.dataset.app }).then(() => {
        app.hydrate();
        for (const island of document.querySelectorAll("leptos-island")) {
          const start = app[island.dataset.component];
          if (start) start(island);
          else console.warn("no such island: " + island.dataset.component);
        }
        root.dataset.islands = "ready";
      }),
    )
    .catch((cause) => console.warn("islands are off:", cause));
}

// Only a page that reads codes loads what drives a camera.
const camera = document.querySelector("form[data-camera]");
if (camera) import(camera.dataset.camera).catch((cause) => console.warn("the camera is off:", cause));

// Shows what is typed. The field is a password again before the form is sent, or browsers would not offer to save it.
for (const button of document.querySelectorAll("button[data-for]")) {
  const field = document.getElementById(button.dataset.for);
  if (!field) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    const hide = field.type === "text";
    field.type = hide ? "password" : "text";
    button.textContent = hide ? button.dataset.show : button.dataset.hide;
  });
  if (field.form) field.form.addEventListener("submit", () => (field.type = "password"));
}

// Copies a number. The page shows it as well, and one tap marks it.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", () =>
    navigator.clipboard.writeText(button.dataset.copy).then(() => (button.textContent = button.dataset.copied)),
  );
}
