// From logits to text, beside gpt.js: filters as in afterword.sampling, a draw, the tokenizers,
// and the weights as afterword.interop.pages wrote them.
(() => {
// ---- filters, in the order of the page; each drops tokens by setting them to -Infinity ----
// A Float32Array rounds as torch does, so that what ties there ties here.

const FILTERS = {
  repetition(logits, penalty, ids) {
    const p = Math.fround(penalty);
    for (const id of new Set(ids)) logits[id] = logits[id] < 0 ? logits[id] * p : logits[id] / p;
  },
  temperature(logits, t) {
    logits.forEach((logit, id) => (logits[id] = logit / Math.fround(t)));
  },
  topK(logits, k) { // the k likeliest; among equals the lowest ids
    for (const id of ranked(logits).slice(k)) logits[id] = -Infinity;
  },
  topP(logits, p) { // the fewest likeliest that hold p
    const probs = afterword.softmax(logits);
    let held = 0;
    for (const id of ranked(logits)) {
      if (held >= p) logits[id] = -Infinity;
      held += probs[id];
    }
  },
  minP(logits, p) { // those that are at least p times as likely as the likeliest
    const least = Math.fround(Math.max(...logits) + Math.log(p));
    logits.forEach((logit, id) => { if (logit < least) logits[id] = -Infinity; });
  },
};
const ORDER = ["repetition", "temperature", "topK", "topP", "minP"];
const NEUTRAL = {repetition: 1, temperature: 1, topK: Infinity, topP: 1, minP: 0};

const ranked = (logits) => Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);

afterword.softmax = (logits) => {
  const most = Math.max(...logits), shares = Float64Array.from(logits, (x) => Math.exp(x - most));
  const sum = shares.reduce((a, b) => a + b);
  return shares.map((share) => share / sum);
};

// The logits after all filters; ids is the text so far, settings {repetition, temperature, ...}.
afterword.filtered = (logits, ids, settings) => {
  const result = Float32Array.from(logits);
  if (result.some(Number.isNaN)) throw new Error("the model's logits are not numbers");
  for (const name of ORDER)
    if (settings[name] !== NEUTRAL[name]) FILTERS[name](result, settings[name], ids);
  return result;
};

// ---- chance: the same seed, the same numbers from 0 to 1 (mulberry32) ----

afterword.chance = (seed) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

afterword.draw = (logits, random) => {
  const probs = afterword.softmax(logits);
  let rest = random(), last = 0;
  for (let id = 0; id < probs.length; id++) {
    if (!probs[id]) continue;
    last = id;
    if ((rest -= probs[id]) < 0) break;
  }
  return last; // what rounding leaves over goes to the last that is kept
};

// ---- tokenizers ----

const TOKENIZERS = {
  characters({alphabet}) {
    const tokens = [...alphabet], ids = new Map(tokens.map((token, id) => [token, id]));
    return {
      tokens,
      unknown: (text) => [...new Set(text)].filter((character) => !ids.has(character)),
      encode: (text) => [...text].map((character) => ids.get(character)),
      decode: (all) => all.map((id) => tokens[id]).join(""),
    };
  },
  bytes: () => ({
    tokens: Array.from({length: 256}, (_, byte) => byte > 31 && byte < 127
      ? String.fromCharCode(byte) : byte === 10 ? "\n" : `0x${byte.toString(16).padStart(2, "0")}`),
    unknown: () => [],
    encode: (text) => [...new TextEncoder().encode(text)],
    decode: (all) => new TextDecoder().decode(Uint8Array.from(all)),
  }),
};

// ---- weights ----

function half(u) { // the number that 16 bits stand for (IEEE 754)
  const sign = u >> 15 ? -1 : 1, exponent = (u >> 10) & 31, rest = u & 1023;
  if (exponent === 31) return rest ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + rest / 1024) : 2 ** -24 * rest);
}

const KINDS = { // from bytes to numbers; a matrix has one row for each output
  fp32: {size: (n) => 4 * n, read: (bytes) => new Float32Array(bytes)},
  fp16: {size: (n) => 2 * n, read: (bytes) => Float32Array.from(new Uint16Array(bytes), half)},
  int8: {size: (n, nRows) => n + 4 * nRows, read(bytes, n, nRows) { // a scale a row, then the rows
    const scales = new Float32Array(bytes, 0, nRows), whole = new Int8Array(bytes, 4 * nRows);
    return Float32Array.from(whole, (x, i) => x * scales[Math.floor(i * nRows / n)]);
  }},
};

// A model and its tokenizer from {config, tokenizer, weights, parts}; parts are in base64.
afterword.open = ({config, tokenizer, weights, parts}) => {
  const bytes = Uint8Array.from(parts.map(atob).join(""), (character) => character.charCodeAt(0));
  const sizes = weights.map(({name, shape, kind}) => {
    if (!Object.hasOwn(KINDS, kind)) throw new Error(`this page cannot read ${kind}, as ${name} is kept`);
    return KINDS[kind].size(shape.reduce((a, b) => a * b, 1), shape[0]);
  });
  const wanted = sizes.reduce((a, b) => a + b, 0);
  if (wanted !== bytes.length)
    throw new Error(`the model should have ${wanted} bytes, ${bytes.length} came`);
  let at = 0;
  const read = Object.fromEntries(weights.map(({name, shape, kind}, i) => {
    const piece = bytes.slice(at, (at += sizes[i])).buffer, n = shape.reduce((a, b) => a * b, 1);
    return [name, {shape, data: KINDS[kind].read(piece, n, shape[0])}];
  }));
  if (!Object.hasOwn(TOKENIZERS, tokenizer.type))
    throw new Error(`this page cannot read text with a tokenizer of ${tokenizer.type ?? "another kind"}`);
  return {model: new afterword.GPT(config, read), ...TOKENIZERS[tokenizer.type](tokenizer)};
};
})();
