// A line of buttons, one a word; under it each head, with a bar over every word it looks at.
// Point at a word, tap it, or reach it by key.
function attention(figure, {rows, columns, heads, shares}) {
  const make = (tag, name, parent, text = "") => {
    const element = parent.appendChild(document.createElement(tag));
    element.className = name;
    element.textContent = text;
    return element;
  };
  const live = make("div", "asking", figure);
  make("p", "label", live, "Choose the word that asks:");
  const line = make("div", "words", live);
  line.setAttribute("role", "group");
  line.setAttribute("aria-label", "The word that asks");
  const buttons = rows.map((word) => make("button", "word", line, word));

  const bars = heads.map((name) => {
    make("p", "label", live, name);
    const list = make("div", "words", live);
    list.setAttribute("aria-hidden", "true"); // the sentence below says it
    return columns.map((word) => {
      const place = make("span", "place", list);
      const number = make("span", "number", place);
      const bar = make("span", "bar", make("span", "track", place));
      make("span", "word", place, word);
      return {number, bar};
    });
  });
  const said = make("p", "said", live);
  said.setAttribute("aria-live", "polite");

  const best = (row) => {
    const most = Math.max(...row);
    const named = row.flatMap((share, j) => (share === most ? [`${columns[j]} (word ${j + 1})`] : []));
    const whom = named.length > 2 ? `${named.length} words alike` : named.join(" and ");
    return `${most.toFixed(2)} at ${whom}`;
  };
  const ask = (i) => {
    buttons.forEach((button, j) => button.setAttribute("aria-pressed", String(i === j)));
    heads.forEach((name, h) => columns.forEach((word, j) => {
      const {number, bar} = bars[h][j];
      const share = shares[h][i][j];
      number.textContent = share ? share.toFixed(2) : "";
      bar.style.height = `${100 * share}%`;
    }));
    const each = heads.map((name, h) => `${name} ${best(shares[h][i])}`);
    said.textContent = `“${rows[i]}” (word ${i + 1}) looks most: ${each.join("; ")}.`;
  };
  buttons.forEach((button, i) => {
    button.type = "button";
    for (const event of ["mouseenter", "focus", "click"]) button.addEventListener(event, () => ask(i));
  });
  ask(rows.length - 1);
}
