// A model in the page, which writes as the reader turns its knobs. fetching.js brings it.
function writer(figure, data) {
  fetching(figure, data, "Load the model", [], (loaded, make) => form(figure, data, loaded, make));
}

function form(figure, data, {model, tokens, unknown, encode, decode}, make) {
  const N_MORE = 600, SLICE = 24, PAINT = 250; // tokens a press; ms of writing, and between two drawings
  const live = make("form", figure, {className: "writing"});
  const button = (parent, textContent, press) => {
    const made = make("button", parent, {type: "button", textContent});
    made.addEventListener("click", press);
    return made;
  };
  const beginning = make("textarea", make("label", live, {textContent: "The beginning"}),
    {value: data.prompt, rows: 2, spellcheck: false});
  const acts = make("div", live, {className: "acts"});
  const write = button(acts, "Write", () => (timer ? stop() : start()));
  const one = button(acts, "One letter", () => { append(1); show(); });
  const back = button(acts, "From the beginning", () => begin());
  const other = button(acts, "Another seed", () => { seed.value = +seed.value + 1; begin(); start(); });
  const seed = make("input", make("label", acts, {textContent: "Seed "}),
    {type: "number", min: 0, step: 1, value: 0});
  const page = make("div", live, {className: "text", tabIndex: 0});
  page.setAttribute("role", "region");
  page.setAttribute("aria-label", "The text");
  const given = make("span", page, {className: "given"}), grown = make("span", page);
  const said = make("p", live, {className: "told"});
  said.setAttribute("role", "status"); // polite, and told only when the hand or the pen rests
  const both = make("div", live, {className: "both"});
  const sliders = make("div", both, {className: "sliders"});
  const table = both.appendChild(figure.querySelector(".still table").cloneNode(true));
  const quote = table.querySelector("q"), rows = [...table.querySelectorAll("tr")].slice(1);

  const controls = data.controls.map(([name, title, min, max, step, neutral]) => {
    const label = make("label", sliders, {textContent: title}), end = max ?? tokens.length;
    const range = make("input", label, {type: "range"}), shown = make("output", label);
    Object.assign(range, {min, max: end, step});
    shown.setAttribute("aria-hidden", "true"); // the slider says it
    range.value = data.settings[name] ?? end;
    const idle = name === "top_k" || name === "top_p" ? end : name === "temperature" ? NaN : min;
    const tell = () => {
      const text = +range.value === idle ? neutral : step < 1 ? (+range.value).toFixed(2) : range.value;
      shown.textContent = text;
      range.setAttribute("aria-valuetext", text);
    };
    range.addEventListener("input", () => { tell(); if (!timer) show(); });
    tell();
    return [name, range];
  });
  const settings = () => {
    const {temperature, top_k: topK, top_p: topP, min_p: minP, repetition} =
      Object.fromEntries(controls.map(([name, range]) => [name, +range.value]));
    return {temperature, topK, topP, minP, repetition};
  };

  let ids = [], n_given = 0, logits = null, random, timer = 0, resting = 0;
  const named = (token) => data.names[token] ?? token;
  const percent = (share) => `${(100 * share).toFixed(1)}%`;
  const tell = (text) => { // after a rest, so that a screen reader is not flooded
    clearTimeout(resting);
    resting = setTimeout(() => (said.textContent = text), 400);
  };

  function begin() { // read the beginning; the seed's numbers start anew
    stop();
    const strange = unknown(beginning.value), ready = beginning.value !== "" && !strange.length;
    ids = ready ? encode(beginning.value) : [];
    n_given = ids.length;
    logits = ready ? model.start(ids) : null;
    random = afterword.chance(+seed.value);
    for (const control of [write, one, back, other]) control.disabled = !ready;
    beginning.setAttribute("aria-invalid", String(!ready));
    show();
    if (strange.length) tell(`The model does not know ${strange.map((c) => `“${c}”`).join(", ")}: ` +
      `the text it learnt from has ${tokens.length} other characters. Take out these to go on.`);
    else if (!ready) tell("Type at least one letter for the model to go on from.");
  }
  function append(n, until = Infinity) { // up to n tokens more, and how many they were
    const set = settings();
    let done = 0;
    while (done < n && (done === 0 || performance.now() < until)) {
      ids.push(afterword.draw(afterword.filtered(logits, ids, set), random));
      logits = model.feed(ids.at(-1));
      done++;
    }
    return done;
  }
  function start() {
    const began = performance.now();
    let left = N_MORE, drawn = began;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const go = () => {
      left -= append(left, performance.now() + SLICE);
      grow();
      if (!left) {
        stop();
        const speed = Math.round(N_MORE / (performance.now() - began) * 1000);
        figure.dataset.speed = speed;
        return tell(`Written: ${N_MORE} letters, ${speed} a second.`);
      }
      if (!calm && performance.now() - drawn > PAINT) { show(); drawn = performance.now(); }
      timer = setTimeout(go);
    };
    timer = setTimeout(go);
    write.textContent = "Stop";
    one.disabled = true;
  }
  function stop() {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    write.textContent = "Write";
    one.disabled = false;
    show();
  }
  function grow() {
    const atEnd = page.scrollHeight - page.scrollTop - page.clientHeight < 40;
    given.textContent = beginning.value;
    grown.textContent = decode(ids.slice(n_given));
    if (atEnd) page.scrollTop = page.scrollHeight;
  }
  function show() { // text, bars, and what they say
    grow();
    const text = beginning.value + grown.textContent;
    quote.textContent = (text.length > 24 ? "…" : "") + text.slice(-24).replaceAll("\n", " ");
    table.classList.toggle("empty", !logits);
    if (!logits) return;
    const kept = afterword.filtered(logits, ids, settings());
    const before = afterword.softmax(logits), after = afterword.softmax(kept);
    const larger = (id) => Math.max(before[id], after[id]);
    const order = [...before.keys()].sort((a, b) => larger(b) - larger(a) || a - b);
    const full = [0.25, 0.5, 1].find((end) => larger(order[0]) <= end) ?? 1;
    table.querySelector(".end").textContent = `${100 * full}%`;
    rows.forEach((line, i) => {
      const id = order[i], [head, , model, left] = line.children;
      line.classList.toggle("out", !after[id]);
      head.textContent = named(tokens[id]);
      line.querySelector(".light").style.width = `${100 * before[id] / full}%`;
      line.querySelector(".dark").style.width = `${100 * after[id] / full}%`;
      model.textContent = percent(before[id]);
      left.textContent = after[id] ? percent(after[id]) : "out";
    });
    const best = after.indexOf(Math.max(...after));
    tell(`${after.filter(Boolean).length} of ${tokens.length} tokens are kept. The likeliest is ` +
      `“${named(tokens[best])}”: ${percent(before[best])} by the model, ` +
      `${percent(after[best])} after the settings.`);
  }
  live.addEventListener("submit", (event) => event.preventDefault());
  beginning.addEventListener("input", begin);
  seed.addEventListener("input", begin);
  figure.dataset.ready = ""; // hides the still form
  begin();
  beginning.focus({preventScroll: true}); // the button that was pressed is gone
}
