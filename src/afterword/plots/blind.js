// Shows pairs of texts, takes down which is better, keeps it in this browser, saves it as a file.
(() => {
  const {page, question, items} = JSON.parse(document.getElementById("data").textContent);
  const main = document.querySelector("main");
  main.querySelector("p").remove(); // which says that there are no scripts
  const make = (tag, parent, settings = {}) =>
    Object.assign(parent.appendChild(document.createElement(tag)), settings);
  const button = (parent, textContent, press) => {
    const made = make("button", parent, {type: "button", textContent});
    made.addEventListener("click", press);
    return made;
  };

  // what is kept: the name, where we are, and a vote for each pair (null: none yet)
  const place = `afterword-blind-${page}`;
  const fresh = () => ({rater: "", at: 0, votes: items.map(() => null)});
  let state = fresh(), since = 0, keeps = true, saved = false;
  function recall() {
    try {
      const kept = JSON.parse(localStorage.getItem(place));
      const fits = kept?.votes?.length === items.length && kept.at >= 0 && kept.at <= items.length;
      if (fits && kept.rater) state = kept;
    } catch { /* a browser that keeps nothing, or what it kept is damaged: begin anew */ }
  }
  function keep() {
    try {
      localStorage.setItem(place, JSON.stringify(state));
    } catch {
      keeps = false;
    }
    warning.hidden = keeps;
  }

  const warning = make("p", main, {className: "warns", hidden: true, textContent:
    "This browser keeps nothing between visits. Save your votes before you close the page."});

  const begin = make("form", main, {hidden: true});
  make("p", begin, {textContent: `You will see ${items.length} ${items.length === 1 ? "pair" : "pairs"} ` +
    "of texts. For each, say which is better, or that you see no difference. There is no right answer."});
  make("p", begin, {textContent: "With the keyboard: ← or 1 for the first text, → or 2 for the second, " +
    "↓, 3 or space for no difference, ↑ or Backspace to go back."});
  make("p", begin, {textContent: "Nothing is sent anywhere. At the end you save a file with your votes."});
  const name = make("input", make("label", begin, {textContent: "Your name, or any word of your own"}),
    {type: "text", required: true, autocomplete: "off", maxLength: 60});
  make("button", make("div", begin, {className: "acts"}), {type: "submit", textContent: "Begin"});

  const voting = make("section", main, {hidden: true});
  const told = make("p", voting, {className: "told"});
  told.setAttribute("role", "status"); // polite: said after what is being said
  const bar = make("progress", voting, {max: items.length});
  bar.setAttribute("aria-label", "Pairs done");
  const head = make("h2", voting, {textContent: question, tabIndex: -1});
  const pair = make("div", voting, {className: "pair"});
  const texts = [1, 2].map((n) => {
    const article = make("article", pair);
    make("h3", article, {textContent: `Text ${n}`});
    return make("div", article, {className: "words"});
  });
  const fill = (place, {text, html}) => {
    if (html === undefined) return place.replaceChildren(text);
    place.innerHTML = html;
    for (const silent of place.querySelectorAll("script")) { // what is set as HTML does not run
      silent.replaceWith(make("script", place, {textContent: silent.textContent}));
    }
  };
  const choices = make("div", voting, {className: "choices"});
  choices.setAttribute("role", "group");
  choices.setAttribute("aria-label", "Which is better?");
  const choose = [["left", "Text 1 is better", "←"], ["tie", "No difference", "↓"], ["right", "Text 2 is better", "→"]]
    .map(([winner, label, key]) => {
      const made = button(choices, `${label} `, () => vote(winner));
      make("kbd", made, {textContent: key}).setAttribute("aria-hidden", "true");
      return [winner, made];
    });
  const acts = make("div", voting, {className: "acts"});
  const back = button(acts, "Back", () => go(state.at - 1));
  button(acts, "Save so far", () => save());

  const end = make("section", main, {hidden: true});
  const thanks = make("h2", end, {tabIndex: -1});
  make("p", end, {textContent: "Save your votes and send the file to whoever gave you this page."});
  const finish = make("div", end, {className: "acts"});
  button(finish, "Save votes", () => save());
  button(finish, "Back", () => go(items.length - 1));
  button(finish, "Let someone else vote", () => {
    if (!saved && !confirm("Your votes are not saved yet. Throw them away?")) return;
    state = fresh();
    saved = false;
    keep();
    show();
    name.focus();
  });

  function show() {
    const done = state.votes.filter(Boolean).length, over = state.at >= items.length;
    begin.hidden = state.rater !== "";
    voting.hidden = !begin.hidden || over;
    if (!voting.hidden) return showPair(done);
    end.hidden = !(begin.hidden && over);
    thanks.textContent = `Thank you, ${state.rater}: ${done} of ${items.length} done.`;
  }
  function showPair(done) {
    end.hidden = true;
    told.textContent = `Pair ${state.at + 1} of ${items.length}`;
    bar.value = done;
    items[state.at].texts.forEach((text, i) => {
      texts[i].classList.toggle("words", text.html === undefined);
      fill(texts[i], text);
    });
    const winner = state.votes[state.at]?.winner;
    for (const [choice, made] of choose) made.setAttribute("aria-pressed", String(choice === winner));
    back.disabled = state.at === 0;
    since = performance.now();
  }
  function go(at) {
    if (at < 0) return;
    state.at = at;
    keep();
    show();
    scrollTo(0, 0);
    if (at >= items.length) thanks.focus();
    else if (!voting.contains(document.activeElement)) head.focus();
  }
  function vote(winner) {
    const {item, texts: [left, right]} = items[state.at];
    const seconds = Math.round((performance.now() - since) / 100) / 10;
    state.votes[state.at] = {item, left: left.mark, right: right.mark, winner, seconds};
    saved = false;
    go(state.at + 1);
  }
  function save() {
    const {rater, votes} = state;
    const file = new Blob([JSON.stringify({page, rater, votes: votes.filter(Boolean)}, null, 1)], {type: "application/json"});
    const link = make("a", document.body, {href: URL.createObjectURL(file), hidden: true,
      download: `votes-${page}-${rater.replace(/[^\p{L}\p{N}]+/gu, "-")}.json`});
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    saved = true;
  }

  begin.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!name.value.trim()) return name.focus();
    state.rater = name.value.trim();
    name.value = "";
    go(0);
  });
  const keys = {ArrowLeft: "left", 1: "left", ArrowRight: "right", 2: "right", ArrowDown: "tie", 3: "tie", " ": "tie"};
  document.addEventListener("keydown", (event) => {
    if (voting.hidden || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest(".pair")) return; // a figure there has its own keys
    if (event.key === " " && event.target.closest("button")) return; // it presses that button
    if (event.key in keys) vote(keys[event.key]);
    else if (event.key === "ArrowUp" || event.key === "Backspace") go(state.at - 1);
    else return;
    event.preventDefault();
  });

  recall();
  show();
  warning.hidden = keeps;
})();
