// Starts the islands. An own module instead of the framework's inline script, so that the page's policy needs neither a
// nonce nor 'unsafe-inline'. Whatever fails here, the server's page goes on working: every form is a plain form.
const link = document.querySelector("link[data-app]");
if (link && typeof WebAssembly === "object") {
  import(link.href)
    .then((app) =>
      app.default({ module_or_path: link.dataset.app }).then(() => {
        app.hydrate();
        for (const island of document.querySelectorAll("leptos-island")) {
          const start = app[island.dataset.component];
          if (start) start(island);
          else console.warn("no such island: " + island.dataset.component);
        }
        document.documentElement.dataset.islands = "ready";
      }),
    )
    .catch((cause) => console.warn("islands are off:", cause));
}
