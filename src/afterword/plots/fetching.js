// The model that a live figure asks for. It is fetched when the reader presses the button, by script
// elements, since a page that was opened from a disk may fetch nothing else. Start.js brings gpt.js
// and sampler.js; `more` are scripts beside the models. Then `ready(model, make)` shows the figure.
function fetching(figure, {model, size}, title, more, ready) {
  const root = document.documentElement.dataset.content_root;
  if (root === undefined) return; // not a page of the book: the still form stays
  figure.querySelector(".stays").hidden = true; // it speaks of other places
  const make = (tag, parent, settings = {}) =>
    Object.assign(parent.appendChild(document.createElement(tag)), settings);
  const folder = `${root}_static/writers/`, own = `${model}/`;
  const asking = make("div", figure, {className: "asking"});
  const ask = make("button", asking, {type: "button", textContent: `${title} (${size})`});
  const progress = make("progress", asking, {value: 0, max: 1, hidden: true});
  progress.setAttribute("aria-label", "Loading the model");
  const told = make("p", asking, {className: "told"});
  told.setAttribute("role", "status");

  const fetched = (file) => new Promise((done, fail) => {
    const script = make("script", document.head, {src: folder + file, onload: done});
    script.onerror = () => fail(new Error(`${file} did not come`));
  });
  async function load() {
    const models = (window.afterword ??= {}).models ??= {};
    if (!models[model]) await fetched(`${own}start.js`);
    for (const {file, has} of more) if (!has()) await fetched(file);
    const {files, parts} = models[model];
    for (const [i, file] of files.entries()) {
      if (parts[i] === undefined) await fetched(own + file);
      progress.value = (i + 1) / files.length;
      told.textContent = `${i + 1} of ${files.length} parts`;
      if (parts[i] === undefined) throw new Error(`${file} is damaged`);
    }
    return afterword.open(models[model]);
  }
  ask.addEventListener("click", async () => {
    if (!progress.hidden) return; // it is on its way
    progress.hidden = false;
    told.textContent = "";
    try {
      const loaded = await load();
      asking.remove();
      ready(loaded, make);
    } catch (error) {
      progress.hidden = true;
      told.textContent = `The model could not be loaded: ${error.message}. Try again, or build the book anew.`;
    }
  });
}
