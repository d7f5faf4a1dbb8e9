// Which words may come next in a line of verse, as afterword.forms has it: speech, scansion,
// fitting and companion. The lexicon and the rules come from there as data: afterword.sounds.
window.afterword ??= {};
(() => {
const MARKS = {inside: " ,;:", end: "\n,.;:?!", last: ".?!"}, N_SEEN = 96;
const CONTRACTED = new Set(["th'", "t'"]);
const WORD = /\p{L}+(?:['’]\p{L}+)*['’]?|\p{Nd}+/gu;
const groups = (text) => text.match(/[aeiouy]+/g)?.length ?? 0;

afterword.spoken = (line) => (line.match(WORD) ?? [])
  .map((word) => word.toLowerCase().replaceAll("’", "'"))
  .map((word) => (CONTRACTED.has(word) ? word : word.replace(/^'+|'+$/g, "")));
afterword.capitalised = (word) => word.replace(/^('*)(.?)/u, (_, marks, first) => marks + first.toUpperCase());
afterword.seen = (text) => ("\n" + text.replace(/[’‘]/g, "'").replace(/[“”]/g, '"').replace(/[–—]/g, "-")).slice(-N_SEEN);

// The words of the lexicon, how they and others are said, and what may come next.
afterword.Words = class {
  constructor({lexicon, rules}) {
    this.endings = rules.endings;
    this.weak = new Set(rules.weak);
    this.vowel = new RegExp(`^(?:${rules.vowel})`);
    this.beforeStress = new RegExp(`^(?:${rules.before_stress})`);
    this.elisions = new RegExp(rules.elided, "dg");
    this.joins = new RegExp(rules.joined, "g");
    this.silentEd = new RegExp(rules.silent_ed);
    this.entries = new Map(lexicon.words.split(" ").map((row) => {
      const [written, i, rhymes] = row.split(":"), [word] = afterword.spoken(written);
      const readings = lexicon.readings[parseInt(i, 36)].split(",");
      return [word, {word, written, readings, rhymes: rhymes ? rhymes.split(",") : []}];
    }));
    this.kinds = new Map(); // words of which a metre asks the same
    for (const entry of this.entries.values()) {
      const said = this.waysHere(entry.word, null), isVowel = this.vowel.test(entry.word);
      const key = `${said.map(([way, needs]) => way + +needs).sort()}|${isVowel}`;
      if (!this.kinds.has(key)) this.kinds.set(key, {said, isVowel, entries: []});
      this.kinds.get(key).entries.push(entry);
    }
  }

  // ---- by spelling ----

  syllables(word) {
    word = word.replace(/[^aeiouyrl]les?$/, " a").replace(/e$|(?<=[^td])ed$|(?<=[^scxzgh])es$/, "");
    return Math.max(1, groups(word));
  }
  spelt(word) {
    const n = this.syllables(word);
    if (n === 1) return this.weak.has(word) ? "0" : "?";
    const main = n >= 3 && /(?:[st]ion|[cst]ian|ic)s?$/.test(word) ? n - 2
      : n >= 4 ? n - 3 : +this.beforeStress.test(word);
    return Array.from({length: n}, (_, i) => (i === main ? "1" : Math.abs(i - main) === 1 ? "0" : "?")).join("");
  }
  ending(word) {
    const silent = word.replace(/(?<=[^aeiouy])e$/, "");
    return (/[aeiouy]+[^aeiouy]*$/.exec(silent) ?? /[aeiouy]+$/.exec(word) ?? [word])[0];
  }

  // ---- how a word is said ----

  knows(word, bySpelling = false) {
    return bySpelling ? /^[a-z]*[aeiouy][a-z]*$/.test(word) : this.entries.has(word);
  }
  known(word, bySpelling) {
    const forms = [[word, ""], [word.replaceAll("'", ""), ""]];
    for (const [ending, instead, more] of this.endings)
      if (word.endsWith(ending))
        forms.push([word.slice(0, -ending.length).replaceAll("'", "") + instead, more]);
    return forms.find(([form]) => this.knows(form, bySpelling));
  }
  ways(word, after) { // each way to say it before another word; none if there is no telling
    if (CONTRACTED.has(word)) return [""];
    const form = this.known(word) ?? (/^[a-z']*[aeiouy][a-z']*$/.test(word) && [word.replaceAll("'", ""), ""]);
    if (!form) return [];
    const readings = this.entries.get(form[0])?.readings ?? [this.spelt(form[0])];
    const found = new Set([...readings].sort().map((way) => way + form[1]));
    for (const way of [...found]) {
      const longest = Math.max(...[...found].map((one) => one.length));
      if (way.length === longest && longest > 1)
        for (const shorter of this.elided(form[0], way)) found.add(shorter);
      if (word.endsWith("ed") && this.silentEd.test(word.slice(-4))) found.add(way.replaceAll("?", "1") + "0");
    }
    if ((word === "the" || word === "to") && this.vowel.test(after)) found.add("");
    return [...found];
  }
  elided(word, way) {
    const nGroups = groups(word.replace(/e$/, "")), at = (place) => groups(word.slice(0, place));
    const drops = [...word.matchAll(this.elisions)].map((one) => at(one.indices.slice(1).findLast(Boolean)[0]));
    if (way.length > nGroups) for (const {index} of word.matchAll(this.joins))
      drops.push(way[at(index)] === "0" ? at(index) : at(index) + 1);
    return drops.filter((drop) => way.length >= nGroups && "0?".includes(way[drop] ?? "none"))
      .map((drop) => way.slice(0, drop) + way.slice(drop + 1))
      .map((shorter) => (shorter.length === 1 ? "?" : shorter));
  }
  waysHere(word, after) { // [way, whether a vowel must follow]; after null: the next is not known
    const plain = this.ways(word, after ?? ""), found = plain.map((way) => [way, false]);
    if (after === null)
      for (const way of this.ways(word, "a")) if (!plain.includes(way)) found.push([way, true]);
    return found;
  }

  // ---- rhyme ----

  rhymes(before, word) { // true, false, or undefined where there is no telling
    let found = [before, word].map((each) => this.known(each));
    const isSound = found.every(Boolean);
    if (!isSound) found = [before, word].map((each) => this.known(each, true));
    if (!found.every(Boolean)) return undefined;
    const [[one, more], [other, otherMore]] = found;
    if (more !== otherMore || one === other) return false;
    const [ours, theirs] = [one, other].map((each) => this.entries.get(each)?.rhymes ?? []);
    return ours.length && theirs.length ? ours.some((sound) => theirs.includes(sound))
      : this.ending(one) === this.ending(other);
  }
  rhymesOf(word) {
    return new Set([...this.entries.values()].filter((one) => this.rhymes(word, one.word)).map((one) => one.written));
  }

  // ---- metre ----

  beats({nFeet, foot, isPlain}) { // the rows of beats that a line may have; plain: none with a weak end
    if (!foot) return ["1".repeat(nFeet)];
    const firsts = [foot];
    if (foot.length === 2) firsts.push([...foot].reverse().join(""));
    else if (foot.includes("00")) firsts.push(foot.replace("00", "0"));
    return firsts.flatMap((first) => (isPlain ? [""] : ["", "0"]).map((extra) => first + foot.repeat(nFeet - 1) + extra));
  }
  moved({beats, n, needs}, said, isVowel) { // where a word leads to
    if (needs && !isVowel) return [];
    return said.filter(([way]) => n + way.length <= beats.length
      && ![...way].some((sign, i) => sign === "1" && beats[n + i] === "0"))
      .map(([way, vowel]) => ({beats, n: n + way.length, needs: vowel}));
  }
  places(words, demand) { // where a line may stand after these words, word by word
    let here = this.beats(demand).map((beats) => ({beats, n: 0, needs: false}));
    return [here, ...words.map((word, i) => {
      const said = this.waysHere(word, words[i + 1] ?? null);
      const after = here.flatMap((place) => this.moved(place, said, this.vowel.test(word)));
      return here = [...new Map(after.map((place) => [Object.values(place).join(), place])).values()];
    })];
  }
  isWhole({beats, n, needs}) { return n === beats.length && !needs; }
  counts(words) { // how many syllables a line may have
    return words.reduce((all, word, i) => new Set(this.ways(word, words[i + 1] ?? "")
      .flatMap((way) => [...all].map((n) => n + way.length))), new Set([0]));
  }

  // ---- what may come next: {written: {ends, goesOn}}; empty if the line is full or has left the metre ----

  fitting(words, demand) {
    const rhymes = demand.rhyme ? this.rhymesOf(demand.rhyme) : null, known = new Map();
    const last = [...this.kinds.values()].filter(({entries}) => !rhymes || entries.some((one) => rhymes.has(one.written)));
    const step = (place, {said, isVowel}) => this.moved(place, said, isVowel);
    const canFinish = (place) => {
      const key = Object.values(place).join();
      if (!known.has(key)) known.set(key,
        last.some((kind) => step(place, kind).some((after) => this.isWhole(after)))
        || [...this.kinds.values()].some((kind) => step(place, kind).some(canFinish)));
      return known.get(key);
    };
    const here = this.places(words, demand).at(-1), fits = {};
    for (const kind of this.kinds.values()) {
      const after = here.flatMap((place) => step(place, kind));
      const mayEnd = after.some((place) => this.isWhole(place)), goesOn = after.some(canFinish);
      for (const {written} of mayEnd || goesOn ? kind.entries : []) {
        const ends = mayEnd && (!rhymes || rhymes.has(written));
        if (ends || goesOn) fits[written] = {ends, goesOn};
      }
    }
    return fits;
  }
};

// The n likeliest of these words after a text, with what each may do; exact, since no word is
// likelier than its beginning.
afterword.likeliest = ({model, encode, unknown}, text, fits, n) => {
  const strange = new Set(unknown(afterword.seen(text)));
  let logits = model.start(encode([...afterword.seen(text)].filter((sign) => !strange.has(sign)).join("")));
  const nSeen = model.seen.length, root = {};
  for (const word of Object.keys(fits)) {
    let node = root;
    for (const letter of word) node = (node.next ??= new Map()).get(letter) ?? node.next.set(letter, {}).get(letter);
    node.word = word;
  }
  const ids = {inside: encode(MARKS.inside), end: encode(MARKS.end)};
  let best = [];
  const visit = (node, p, depth, logits) => {
    const probs = afterword.softmax(logits), {word, next} = node, fit = fits[word];
    const add = (which, ends) => best.push({word, ends, prob: p * ids[which].reduce((sum, id) => sum + probs[id], 0)});
    if (fit?.ends) add("end", true);
    if (fit?.goesOn) add("inside", false);
    best = best.sort((a, b) => b.prob - a.prob).slice(0, n);
    const children = [...next ?? []].map(([letter, child]) => [encode(letter)[0], child])
      .map(([id, child]) => [p * probs[id], id, child]).sort((a, b) => b[0] - a[0]);
    for (const [q, id, child] of children) {
      if (best.length === n && q <= best.at(-1).prob) break;
      model.back(nSeen + depth);
      visit(child, q, depth + 1, model.feed(id));
    }
  };
  visit(root, 1, 0, logits);
  return best;
};

// The likeliest of some marks after a text that ends in a word.
afterword.mark = ({model, encode, unknown}, text, which) => {
  const strange = new Set(unknown(afterword.seen(text))), choices = [...MARKS[which]];
  const logits = model.start(encode([...afterword.seen(text)].filter((sign) => !strange.has(sign)).join("")));
  const heights = choices.map((sign) => logits[encode(sign)[0]]);
  return choices[heights.indexOf(Math.max(...heights))].trim();
};
})();
