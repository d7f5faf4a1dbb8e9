// Verse written with a model in the page. fetching.js brings the model, words.js the lexicon.
function verse(figure, data) {
  const lexicon = {file: "words.js", has: () => afterword.Words};
  fetching(figure, data, "Write with the model", [lexicon], (opened, make) =>
    companion(figure, data, opened, new afterword.Words(afterword.sounds), make));
}

function companion(figure, data, opened, words, make) {
  const N_SHOWN = 12, N_DRAWN = 24, N_LINES = 4;
  const live = make("form", figure, {className: "writing"});
  const button = (parent, textContent, press) => {
    const made = make("button", parent, {type: "button", textContent});
    made.addEventListener("click", press);
    return made;
  };
  const choose = (parent, title, names, value) => {
    const select = make("select", make("label", parent, {textContent: `${title} `}));
    for (const name of names) make("option", select, {value: name, textContent: name});
    select.value = value;
    select.addEventListener("change", () => refresh());
    return select;
  };
  const number = (parent, title, settings) =>
    make("input", make("label", parent, {textContent: `${title} `}), {type: "number", ...settings});
  const top = make("div", live, {className: "acts"});
  const metre = choose(top, "Metre", Object.keys(data.metres), data.metre);
  const scheme = choose(top, "Rhymes", data.schemes, data.scheme);
  const pen = make("textarea", make("label", live, {textContent: "Your verse"}),
    {value: `${data.first}\n`, rows: 5, spellcheck: false});
  const verdicts = make("ol", live, {className: "verdicts"});
  verdicts.setAttribute("aria-label", "What holds of each line");
  const items = Array.from({length: N_LINES}, () => make("li", verdicts));
  const said = make("p", live, {className: "told"});
  said.setAttribute("role", "status"); // polite, and told only when the hand rests
  const offered = make("div", live, {className: "offered"});
  offered.setAttribute("role", "group");
  offered.setAttribute("aria-label", "Words that may come next");
  const slots = Array.from({length: N_SHOWN}, (_, i) => button(offered, "", () => take(found[i])));
  const own = make("div", live, {className: "acts"});
  const word = make("input", make("label", own, {textContent: "A word of your own "}),
    {type: "text", autocapitalize: "off", spellcheck: false});
  button(own, "Put it in", () => putIn());
  const acts = make("div", live, {className: "acts"});
  const undo = button(acts, "Undo", () => { if (past.length) { pen.value = past.pop(); isTyping = false; refresh(); } });
  button(acts, "Finish the line", () => finish("line"));
  button(acts, "Finish the verse", () => finish("verse"));
  button(acts, "Copy", async () => {
    try { await navigator.clipboard.writeText(pen.value); } catch { pen.select(); document.execCommand("copy"); }
    tell("Copied.");
  });
  const seed = number(acts, "Seed", {min: 0, step: 1, value: 0});
  const heat = number(acts, "Temperature", {min: 0.1, max: 2, step: 0.1, value: 0.7});

  let found = [], past = [], isTyping = false, resting = 0, waiting = 0, running = 0;
  const tell = (text) => {
    clearTimeout(resting);
    resting = setTimeout(() => (said.textContent = text), 400);
  };
  const percent = (share) => {
    const digits = share > 0 ? Math.max(0, 1 - Math.floor(Math.log10(100 * share))) : 0;
    return `${(100 * share).toFixed(Math.min(digits, 20))}%`;
  };

  // ---- what is asked of a line, and what holds of it ----

  const demand = (lines, i) => { // of line i; a word that nothing rhymes with asks for no rhyme
    const {feet, foot} = data.metres[metre.value], letters = scheme.value === "free" ? "" : scheme.value;
    const at = i % N_LINES, partner = letters.slice(0, at).lastIndexOf(letters[at] ?? " ");
    const before = partner < 0 ? "" : afterword.spoken(lines[i - at + partner] ?? "").at(-1) ?? "";
    const isFree = before !== "" && !words.rhymesOf(before).size;
    return {nFeet: feet[i % feet.length], foot, rhyme: isFree ? "" : before, isFree, before, partner: i - at + partner};
  };
  const untold = (all) => all.find((one) => !words.waysHere(one, null).length);
  function judged(lines, i) {
    const all = afterword.spoken(lines[i] ?? "");
    if (!all.length) return "";
    const strange = untold(all);
    if (strange) return `cannot tell how “${strange}” is said`;
    const asked = demand(lines, i), sizes = words.beats(asked).map((beats) => beats.length);
    const counts = [...words.counts(all)].sort((a, b) => a - b), steps = words.places(all, asked);
    const low = counts[0], high = counts.at(-1), wanted = Math.min(...sizes);
    const n = steps.at(-1).some(words.isWhole) ? counts.filter((k) => sizes.includes(k)).join(" or ")
      : low === high ? low : `${low} to ${high}`;
    const stuck = steps.findIndex((places) => !places.length);
    const isOpen = i === lines.length - 1 && !steps.at(-1).some(words.isWhole) && high < wanted && stuck < 0;
    const guessed = all.filter((one) => !words.known(one)), bySpelling = guessed.length ? [`by spelling: ${guessed.join(", ")}`] : [];
    if (isOpen) return [`${n} of ${wanted} syllables so far`, ...bySpelling].join(", ");
    const notes = [`${n} ${n === 1 ? "syllable" : "syllables"}`];
    if (steps.at(-1).some(words.isWhole)) { if (asked.foot) notes.push("keeps the metre"); }
    else if (!counts.some((k) => sizes.includes(k))) notes.push(`${wanted} wanted`);
    else notes.push(stuck > 0 ? `against the metre at “${all[stuck - 1]}”` : "cannot be read in the metre");
    if (asked.before) {
      const rhymes = words.rhymes(asked.before, all.at(-1)), other = `“${asked.before}”`;
      notes.push(rhymes ? `rhymes with ${other}` : rhymes === undefined ? `cannot tell whether it rhymes with ${other}`
        : asked.isFree ? `no word here rhymes with ${other}` : `no rhyme with ${other}`);
    }
    return [...notes, ...bySpelling].join(", ");
  }

  // Where the pen stands: the text as the next word finds it. A line that is whole is over.
  function here() {
    const lines = pen.value.split("\n"), i = lines.length - 1, all = afterword.spoken(lines[i]);
    const strange = untold(all);
    if (strange) return {lines, i, all, strange};
    const asked = demand(lines, i), isWhole = all.length && words.places(all, asked).at(-1).some(words.isWhole);
    const isOpen = lines[i].endsWith(" ") && Object.keys(words.fitting(all, {...asked, isPlain: true})).length > 0;
    if (isWhole && !isOpen) return {lines: [...lines, ""], i: i + 1, all: [], text: `${pen.value.trimEnd()}\n`};
    return {lines, i, all, text: all.length ? `${pen.value.trimEnd()} ` : pen.value.replace(/[^\S\n]+$/, "")};
  }
  function offers(place, n) {
    const fits = words.fitting(place.all, {...demand(place.lines, place.i), isPlain: true});
    const cased = place.all.length ? fits
      : Object.fromEntries(Object.entries(fits).map(([one, fit]) => [afterword.capitalised(one), fit]));
    return {nFits: Object.keys(fits).length, found: Object.keys(fits).length ? afterword.likeliest(opened, place.text, cased, n) : []};
  }

  // ---- what is shown ----

  function refresh(isNow = false) {
    const lines = pen.value.split("\n"), nDone = lines.filter((line) => line.trim()).length;
    const first = N_LINES * Math.floor(Math.max(0, nDone - 1) / N_LINES);
    items.forEach((item, k) => {
      const text = judged(lines, first + k);
      item.value = first + k + 1;
      item.textContent = text || "nothing yet";
      item.classList.toggle("empty", !text);
    });
    undo.disabled = !past.length;
    clearTimeout(waiting);
    found = [];
    offered.setAttribute("aria-busy", "true");
    if (isNow) show(); else waiting = setTimeout(show, 150);
  }
  function show() {
    const began = performance.now(), place = here();
    const {nFits = 0, found: all = []} = place.strange ? {} : offers(place, N_SHOWN);
    found = all;
    slots.forEach((slot, k) => {
      const one = all[k];
      slot.classList.toggle("none", !one);
      if (!one) return;
      slot.replaceChildren();
      make("span", slot, {className: "bar"}).style.width = `${100 * one.prob / all[0].prob}%`;
      make("span", slot, {className: "word", textContent: one.ends ? `${one.word} ↵` : one.word});
      make("span", slot, {className: "share", textContent: percent(one.prob)});
      slot.setAttribute("aria-label", `${one.word}${one.ends ? ", ends the line" : ""}, ${percent(one.prob)}`);
    });
    offered.removeAttribute("aria-busy");
    figure.dataset.ms = Math.round(performance.now() - began);
    const line = `Line ${place.i + 1}: `, asked = place.strange ? {} : demand(place.lines, place.i);
    const left = opened.unknown(afterword.seen(pen.value)).map((sign) => `“${sign}”`).join(", ");
    const more = (asked.isFree ? ` No word here rhymes with “${asked.before}”, so the line may end as it likes.` : "")
      + (left ? ` The model does not know ${left} and reads on without it.` : "");
    if (place.strange) tell(`${line}cannot tell how “${place.strange}” is said, so nothing can be offered.`);
    else if (!all.length) tell(`${line}no word fits: it has left the metre. Take back a word, or press Enter for a new line.${more}`);
    else tell(`${line}${nFits} of ${words.entries.size} words fit. The likeliest is “${all[0].word}”, ${percent(all[0].prob)}.${more}`);
  }

  // ---- what changes the text ----

  function keep(text) { // as the new text; the old one can be had again
    past.push(pen.value);
    isTyping = false;
    pen.value = text;
    pen.scrollTop = pen.scrollHeight;
  }
  function written(place, one) { // the text with a word, its mark, and what comes between
    const isLast = one.ends && place.i % N_LINES === N_LINES - 1;
    const sign = /[,.;:?!]$/.test(one.word) ? "" : afterword.mark(opened, place.text + one.word, one.ends ? (isLast ? "last" : "end") : "inside");
    return place.text + one.word + sign + (one.ends ? "\n" : " ");
  }
  function take(one) {
    const place = one && here();
    if (!place || running) return;
    keep(written(place, one));
    refresh(true);
  }
  function putIn() {
    const text = word.value.trim().replace(/\s+/g, " "), place = here();
    if (!text || running) return;
    if (place.strange) { keep(`${pen.value.trimEnd()} ${text} `); return refresh(); }
    const all = [...place.all, ...afterword.spoken(text)];
    const ends = !untold(all) && words.places(all, demand(place.lines, place.i)).at(-1).some(words.isWhole);
    keep(written(place, {word: text, ends}));
    word.value = "";
    refresh(true);
  }
  function finish(what) { // word by word, so that the page stays awake
    if (running) { running = 0; return; }
    const random = afterword.chance(+seed.value), before = pen.value, turn = (running = Math.random());
    const begun = here();
    const end = what === "line" ? begun.i + 1 : N_LINES * (Math.floor(begun.i / N_LINES) + 1);
    tell("Writing …");
    const go = () => {
      const place = here();
      const all = running !== turn || place.strange || place.i >= end ? [] : offers(place, N_DRAWN).found;
      if (!all.length) {
        running = 0;
        if (pen.value !== before) { past.push(before); isTyping = false; }
        return refresh(true);
      }
      const powers = all.map(({prob}) => Math.log(prob) / Math.max(0.05, +heat.value || 0.7));
      pen.value = written(place, all[afterword.draw(powers, random)]);
      pen.scrollTop = pen.scrollHeight;
      setTimeout(go);
    };
    go();
  }
  live.addEventListener("submit", (event) => event.preventDefault());
  word.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); putIn(); } });
  pen.addEventListener("beforeinput", () => { if (!isTyping) past.push(pen.value); isTyping = true; running = 0; });
  pen.addEventListener("input", () => { refresh(); });
  figure.dataset.ready = ""; // hides the still form
  refresh(true);
  pen.focus({preventScroll: true}); // the button that was pressed is gone
  pen.setSelectionRange(pen.value.length, pen.value.length);
}
