// Tones made from overtones, a little ahead of time; and the note that sounds is marked.
function player(figure, data) {
  const PARTIALS = [1, 0.42, 0.26, 0.12, 0.07, 0.04]; // music/sound.py has the same
  const ATTACK = 0.006, RELEASE = 0.05, DECAY = 0.9, LOUD = 0.35, AHEAD = 1.5; // seconds
  const {notes, pickup} = data;
  const end = notes.at(-1)[3], last = Math.max(Math.ceil(end - pickup - 1e-3), 1);
  const make = (tag, parent, settings = {}) =>
    Object.assign(parent.appendChild(document.createElement(tag)), settings);
  const drawn = [...figure.querySelectorAll(".still svg .note")];
  const acts = make("div", figure, {className: "acts"});
  const button = make("button", acts, {type: "button", textContent: "Play"});
  const slider = (name, settings) => {
    const label = make("label", acts, {textContent: name});
    const shown = make("output", label);
    return [Object.assign(make("input", label, {type: "range"}), settings), shown];
  };
  const [place, placeShown] = slider("Bar", {min: 1, max: last, step: 1, value: 1});
  const [speed, speedShown] = slider("Speed", {min: 40, max: 160, step: 5, value: 100});

  let audio = null, wave = null, out = null;
  let at = 0, since = 0, next = 0, isPlaying = false, timer = 0, marked = null; // at, in bars, was at since
  let sounding = []; // [oscillator, gain, when it ends]
  const pace = () => data.pace * 100 / speed.value;
  const now = () => isPlaying ? Math.max(at, at + (audio.currentTime - since) / pace()) : at;

  const begin = () => {
    if (audio) return;
    audio = new (window.AudioContext || window.webkitAudioContext)();
    const real = new Float32Array(PARTIALS.length + 1);
    const imaginary = Float32Array.from([0, ...PARTIALS]);
    wave = audio.createPeriodicWave(real, imaginary, {disableNormalization: true});
    out = audio.createGain();
    out.gain.value = LOUD / PARTIALS.reduce((a, b) => a + b);
    out.connect(audio.destination);
  };
  const tone = (pitch, start, seconds) => {
    const source = audio.createOscillator(), gain = audio.createGain();
    source.setPeriodicWave(wave);
    source.frequency.value = 440 * 2 ** ((pitch - 69) / 12);
    const level = Math.exp(-Math.max(seconds - ATTACK, 0) / DECAY);
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(1, start + ATTACK);
    gain.gain.exponentialRampToValueAtTime(level, start + Math.max(seconds, ATTACK + 0.001));
    gain.gain.linearRampToValueAtTime(0, start + Math.max(seconds, ATTACK + 0.001) + RELEASE);
    source.connect(gain).connect(out);
    source.start(start);
    source.stop(start + seconds + RELEASE + 0.02);
    source.onended = () => { gain.disconnect(); };
    sounding.push([source, gain, start + seconds + RELEASE]);
  };
  const hush = () => { // fade what sounds, drop what was to sound
    for (const [source, gain] of sounding) {
      gain.gain.cancelScheduledValues(audio.currentTime);
      gain.gain.setTargetAtTime(0, audio.currentTime, 0.01);
      source.stop(audio.currentTime + 0.06);
    }
    sounding = [];
  };
  const schedule = () => {
    const here = audio.currentTime;
    sounding = sounding.filter(([, , until]) => until > here);
    while (next < notes.length) {
      const [, pitch, from, to] = notes[next];
      const start = since + (from - at) * pace();
      if (start > here + AHEAD) break;
      if (pitch !== null) tone(pitch, Math.max(start, here), (to - from) * pace());
      next += 1;
    }
  };
  const show = () => {
    const bar = Math.min(Math.max(Math.floor(now() - pickup + 1e-3) + 1, 1), last);
    place.value = bar;
    placeShown.textContent = `${bar} of ${last}`;
    place.setAttribute("aria-valuetext", `bar ${bar} of ${last}`);
    const note = isPlaying ? notes.findLast((one) => one[2] <= now() + 1e-3) : null;
    const element = note && note[1] !== null ? drawn[note[0]] : null;
    if (element === marked) return;
    marked?.classList.remove("now");
    element?.classList.add("now");
    marked = element;
  };
  const start = () => {
    since = audio.currentTime + 0.08;
    next = notes.findIndex((note) => note[2] >= at - 1e-3);
    if (next < 0) next = notes.length;
    schedule();
  };
  const tick = () => {
    if (!figure.isConnected) return pause(); // the cell was run anew
    if (now() >= end + RELEASE / pace()) { pause(); at = 0; return show(); }
    schedule();
    show();
  };
  const play = async () => {
    begin();
    isPlaying = true;
    button.textContent = "Pause";
    document.dispatchEvent(new CustomEvent("player", {detail: figure})); // one at a time
    await audio.resume();
    if (!isPlaying) return;
    if (at >= end) at = 0;
    start();
    timer = setInterval(tick, 40);
  };
  const pause = () => {
    if (!isPlaying) return;
    at = Math.min(now(), end);
    isPlaying = false;
    clearInterval(timer);
    hush();
    button.textContent = "Play";
    show();
  };
  const move = (to) => {
    if (isPlaying) hush();
    at = to;
    if (isPlaying) start();
    show();
  };
  document.addEventListener("player", (event) => { if (event.detail !== figure) pause(); });
  button.addEventListener("click", () => isPlaying ? pause() : play());
  place.addEventListener("input", () => move(place.value > 1 ? place.value - 1 + pickup : 0));
  let shownSpeed = 100;
  speed.addEventListener("input", () => {
    const wanted = speed.value;
    if (isPlaying) { // where it is, by the speed until now
      speed.value = shownSpeed;
      const here = now();
      speed.value = wanted;
      move(here);
    }
    shownSpeed = wanted;
    speedShown.textContent = `${wanted}%`;
    speed.setAttribute("aria-valuetext", `${wanted} percent`);
  });
  drawn.forEach((element, i) => element.addEventListener("click", () => {
    const first = notes.find((note) => note[0] === i);
    if (first) move(first[2]);
  }));
  speedShown.textContent = "100%";
  speed.setAttribute("aria-valuetext", "100 percent");
  show();
}
