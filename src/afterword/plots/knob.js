// A slider for the base; the drawing is a copy of the still one, and follows.
function knob(figure, data) {
  const {n_pairs, context_length, n_places, left, right, high, low} = data;
  const make = (tag, parent, settings = {}) =>
    Object.assign(parent.appendChild(document.createElement(tag)), settings);
  const live = make("div", figure, {className: "turning"});
  const label = make("label", live, {textContent: "Base of the frequencies "});
  const shown = make("span", label, {className: "shown"}); // an <output> would take the label for itself
  shown.setAttribute("aria-hidden", "true"); // the slider says it
  const slider = make("input", label, {type: "range"});
  Object.assign(slider, {min: 0, max: data.stops.length - 1, step: 1});
  slider.value = data.stops.indexOf(data.base);
  const drawing = live.appendChild(figure.querySelector(".still svg").cloneNode(true));
  const said = make("p", live);
  said.setAttribute("aria-live", "polite");

  const line = drawing.querySelector(".scores");
  const circles = [...drawing.querySelectorAll(".wave")];
  const across = (places) => left + (right - left) * Math.log10(places) / (data.longest + 1);
  const named = (number) => Math.round(number).toLocaleString("en-US");

  const turn = () => {
    const base = data.stops[slider.value];
    const slowness = circles.map((_, i) => base ** (i / n_pairs)); // places for one radian
    const score = (d) => slowness.reduce((sum, s) => sum + Math.cos(d / s), 0) / n_pairs;
    const points = Array.from({length: n_places + 1}, (_, d) => [
      left + (right - left) * d / n_places,
      (high + low) / 2 - (low - high) / 2 * score(d),
    ]);
    line.setAttribute("points", points.map((xy) => xy.map((x) => x.toFixed(2)).join()).join(" "));
    const waves = slowness.map((s) => 2 * Math.PI * s);
    circles.forEach((circle, i) => {
      circle.setAttribute("cx", across(waves[i]).toFixed(2));
      circle.classList.toggle("known", waves[i] <= context_length);
    });
    const longer = waves.filter((wave) => wave > context_length).length;
    shown.textContent = named(base);
    slider.setAttribute("aria-valuetext", named(base));
    said.textContent = `Base ${named(base)}: waves of ${waves[0].toFixed(1)} to ` +
      `${named(waves.at(-1))} places, ${longer} of ${n_pairs} longer than ${context_length}. ` +
      `At distance ${context_length} the score is ${score(context_length).toFixed(2)}.`;
  };
  slider.addEventListener("input", turn);
  turn();
}
