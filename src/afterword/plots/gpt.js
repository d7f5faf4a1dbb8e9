// The model of afterword.model.gpt in plain JavaScript: one token in, the next one's logits out.
//
//   model = new afterword.GPT(config, weights)   config.json, and {name: {shape, data}} as in
//   logits = model.start(ids)                    state_dict(); what it does not know is an Error,
//   logits = model.feed(id)                      never a wrong answer
//   model.back(n)
//
// Keys and values are kept. When the context is full, its newest half is read again ("jump").
window.afterword ??= {};
(() => {
const SIZES = ["vocab_size", "context_length", "d_model", "n_layers", "n_heads", "n_kv_heads",
  "d_head", "d_ff"];
const CHOICES = ["block", "norm", "norm_eps", "qk_norm", "mlp", "positions", "has_bias",
  "is_tied", "dropout"]; // dropout is for training: a model that writes leaves nothing out
const BLOCKS = {Block: false, DropoutBlock: false, PostNormBlock: true}; // is the norm after?
const SETTINGS = {NoPositions: [], Learned: [], Sinusoidal: ["base", "scale"],
  Rotary: ["base", "share"], ALiBi: [], SteepALiBi: ["first", "ratio"]};

function lookUp(table, name, what) {
  if (!Object.hasOwn(table, name)) throw new Error(`this page knows no ${what} called ${name}`);
  return table[name];
}

function checkKeys(given, wanted, where) {
  for (const key of Object.keys(given))
    if (!wanted.includes(key)) throw new Error(`this page does not know ${key}, which ${where} has`);
  for (const key of wanted) if (!(key in given)) throw new Error(`${where} has no ${key}`);
}

// ---- norms: in place, on n numbers from start ----

const NORMS = {
  Identity: {parts: [], apply() {}},
  LayerNorm: {parts: ["weight", "bias"], apply(x, start, n, {weight, bias}, eps) {
    let mean = 0, square = 0;
    for (let i = 0; i < n; i++) mean += x[start + i] / n;
    for (let i = 0; i < n; i++) square += (x[start + i] - mean) ** 2 / n;
    const scale = 1 / Math.sqrt(square + eps);
    for (let i = 0; i < n; i++) x[start + i] = (x[start + i] - mean) * scale * weight[i] + bias[i];
  }},
  RMSNorm: {parts: ["weight"], apply(x, start, n, {weight}, eps) {
    let square = 0;
    for (let i = 0; i < n; i++) square += x[start + i] * x[start + i] / n;
    const scale = 1 / Math.sqrt(square + eps);
    for (let i = 0; i < n; i++) x[start + i] *= scale * weight[i];
  }},
};

// ---- MLPs: how the widened numbers are bent ----

function erf(x) { // Abramowitz and Stegun 1964, 7.1.26: off by less than 2e-7
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - sum * Math.exp(-x * x));
}

const BENDS = {
  ReLU: (x) => Math.max(x, 0),
  ReLUSquared: (x) => (x > 0 ? x * x : 0),
  GELU: (x) => x * (1 + erf(x * Math.SQRT1_2)) / 2,
  TanhGELU: (x) => x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))) / 2,
  SwiGLU: (x, gate) => x * gate / (1 + Math.exp(-gate)),
};

// ---- positions: each enters in one place, and leaves the others alone ----

const SCHEMES = {
  NoPositions: () => ({}),
  Learned(_, config, take) {
    const table = take("positions.embedding.weight", config.context_length, config.d_model);
    return {add(x, place) { x.forEach((_, i) => (x[i] += table[place * x.length + i])); }};
  },
  Sinusoidal: ({base, scale}, {d_model}) => ({add(x, place) {
    for (let i = 0; i < d_model; i += 2) {
      const angle = place / base ** (i / d_model);
      x[i] += scale * Math.sin(angle);
      x[i + 1] += scale * Math.cos(angle);
    }
  }}),
  Rotary({base, share}, {d_head}) {
    const n = Math.round(d_head * share / 2); // pairs
    if (n < 1 || Math.abs(d_head * share - 2 * n) > 0.5)
      throw new Error(`rotary positions cannot turn a share of ${share} of ${d_head} numbers`);
    return {turn(x, start, place) {
      for (let i = start; i < start + n; i++) {
        const angle = place / base ** ((i - start) / n), cos = Math.cos(angle), sin = Math.sin(angle);
        [x[i], x[i + n]] = [x[i] * cos - x[i + n] * sin, x[i + n] * cos + x[i] * sin];
      }
    }};
  },
  ALiBi: (_, {n_heads}) => ({slope: (h) => 2 ** (-8 * (h + 1) / n_heads)}),
  SteepALiBi: ({first, ratio}) => ({slope: (h) => first / ratio ** h}),
};

// ---- the model ----

// y = W x + b, four rows at once, so that x is fetched once for the four. If only some of x are not
// zero, which is what a ReLU leaves, `only` says which, and the rest is skipped.
function linear({weight, bias}, x, y, only) {
  const n = x.length, nUsed = only ? only.length : n, whole = y.length - y.length % 4;
  for (let o = 0; o < whole; o += 4) {
    const r0 = o * n, r1 = r0 + n, r2 = r1 + n, r3 = r2 + n;
    let a = 0, b = 0, c = 0, d = 0;
    for (let k = 0; k < nUsed; k++) {
      const i = only ? only[k] : k, v = x[i];
      a += weight[r0 + i] * v;
      b += weight[r1 + i] * v;
      c += weight[r2 + i] * v;
      d += weight[r3 + i] * v;
    }
    y[o] = a; y[o + 1] = b; y[o + 2] = c; y[o + 3] = d;
  }
  for (let o = whole; o < y.length; o++) {
    y[o] = 0;
    for (let i = 0; i < n; i++) y[o] += weight[o * n + i] * x[i];
  }
  if (bias) for (let o = 0; o < y.length; o++) y[o] += bias[o];
}

afterword.GPT = class {
  constructor(config, weights) {
    checkKeys(config, [...SIZES, ...CHOICES], "the model's config");
    const {d_model, d_head, d_ff, n_heads, n_kv_heads, has_bias} = this.config = config;
    const left = new Map(Object.entries(weights));
    const take = (name, ...shape) => {
      const found = left.get(name);
      if (!found) throw new Error(`the model has no weights called ${name}`);
      if (found.shape.join() !== shape.join())
        throw new Error(`${name} is ${found.shape.join(" × ")}, wanted ${shape.join(" × ")}`);
      left.delete(name);
      return found.data;
    };
    const dense = (name, nOut, nIn) =>
      ({weight: take(`${name}.weight`, nOut, nIn), bias: has_bias && take(`${name}.bias`, nOut)});
    const norm = (name, kind, n) => {
      const {parts, apply} = lookUp(NORMS, kind, "norm");
      const given = Object.fromEntries(parts.map((part) => [part, take(`${name}.${part}`, n)]));
      return (x, start = 0) => apply(x, start, n, given, config.norm_eps);
    };

    this.isAfter = lookUp(BLOCKS, config.block, "block");
    this.bend = lookUp(BENDS, config.mlp, "MLP");
    const {kind, ...settings} = config.positions;
    checkKeys(settings, lookUp(SETTINGS, kind, "position scheme"), kind);
    this.positions = SCHEMES[kind](settings, config, take);
    this.embedding = take("embedding.weight", config.vocab_size, d_model);
    this.unembedding = {weight: config.is_tied ? this.embedding
      : take("unembedding.weight", config.vocab_size, d_model)};
    this.norm = norm("norm", config.norm, d_model);
    this.layers = Array.from({length: config.n_layers}, (_, i) => {
      const at = `blocks.${i}.`, looking = `${at}attention.`;
      return {
        attentionNorm: norm(`${at}attention_norm`, config.norm, d_model),
        query: dense(`${looking}query`, n_heads * d_head, d_model),
        key: dense(`${looking}key`, n_kv_heads * d_head, d_model),
        value: dense(`${looking}value`, n_kv_heads * d_head, d_model),
        output: dense(`${looking}output`, d_model, n_heads * d_head),
        queryNorm: norm(`${looking}query_norm`, config.qk_norm, d_head),
        keyNorm: norm(`${looking}key_norm`, config.qk_norm, d_head),
        mlpNorm: norm(`${at}mlp_norm`, config.norm, d_model),
        up: dense(`${at}mlp.up`, d_ff, d_model),
        gate: config.mlp === "SwiGLU" && dense(`${at}mlp.gate`, d_ff, d_model),
        down: dense(`${at}mlp.down`, d_model, d_ff),
        keys: new Float32Array(config.context_length * n_kv_heads * d_head),
        values: new Float32Array(config.context_length * n_kv_heads * d_head),
      };
    });
    if (left.size) throw new Error(`this page does not know the weights ${[...left.keys()].join(", ")}`);
    const room = (n) => new Float32Array(n);
    Object.assign(this, {x: room(d_model), read: room(d_model), added: room(d_model)});
    Object.assign(this, {q: room(n_heads * d_head), mixed: room(n_heads * d_head)});
    Object.assign(this, {wide: room(d_ff), gate: room(d_ff), scores: room(config.context_length)});
    this.alive = new Uint32Array(d_ff);
    this.seen = [];
  }

  start(ids) { // forget all and read a text; of one that is too long, what fills half the context
    if (!ids.length) throw new Error("nothing to continue: give at least one token");
    const {context_length} = this.config, n = Math.max(1, context_length >> 1);
    this.seen = [];
    return ids.slice(ids.length > context_length ? -n : 0).map((id) => this.step(id)).at(-1);
  }

  feed(id) { // one token more
    const isFull = this.seen.length === this.config.context_length;
    return isFull ? this.start([...this.seen, id]) : this.step(id);
  }

  back(n) { // forget all but the first n tokens, as if the others had not been read
    if (!(n >= 0 && n <= this.seen.length)) throw new Error(`${this.seen.length} tokens were read, cannot keep ${n}`);
    this.seen.length = n;
  }

  step(id) {
    const {x, read, added, positions, config: {d_model, vocab_size}} = this, place = this.seen.length;
    if (!(id >= 0 && id < vocab_size)) throw new Error(`the model has no token ${id}`);
    x.set(this.embedding.subarray(id * d_model, (id + 1) * d_model));
    positions.add?.(x, place);
    const half = (norm, compute) => { // look around, or think it over, and add that to the stream
      read.set(x);
      if (!this.isAfter) norm(read);
      compute();
      for (let i = 0; i < d_model; i++) x[i] += added[i];
      if (this.isAfter) norm(x);
    };
    for (const layer of this.layers) {
      half(layer.attentionNorm, () => this.attend(layer, place));
      half(layer.mlpNorm, () => this.think(layer));
    }
    this.norm(x);
    this.seen.push(id);
    const logits = new Float32Array(vocab_size);
    linear(this.unembedding, x, logits);
    return logits;
  }

  attend({query, key, value, output, queryNorm, keyNorm, keys, values}, place) {
    const {q, mixed, scores, read, positions, config: {n_heads, n_kv_heads, d_head}} = this;
    const width = n_kv_heads * d_head, now = place * width;
    linear(query, read, q);
    linear(key, read, keys.subarray(now, now + width));
    linear(value, read, values.subarray(now, now + width));
    const prepare = (heads, start, norm) => { norm(heads, start); positions.turn?.(heads, start, place); };
    for (let i = 0; i < q.length; i += d_head) prepare(q, i, queryNorm);
    for (let i = now; i < now + width; i += d_head) prepare(keys, i, keyNorm);
    mixed.fill(0);
    for (let h = 0; h < n_heads; h++) {
      const own = h * d_head, shared = Math.floor(h * n_kv_heads / n_heads) * d_head;
      const slope = positions.slope?.(h) ?? 0, scale = 1 / Math.sqrt(d_head);
      let most = -Infinity, sum = 0;
      for (let j = 0, at = shared; j <= place; j++, at += width) {
        let dot = 0;
        for (let i = 0; i < d_head; i++) dot += q[own + i] * keys[at + i];
        scores[j] = dot * scale - slope * (place - j);
        most = Math.max(most, scores[j]);
      }
      for (let j = 0; j <= place; j++) sum += scores[j] = Math.exp(scores[j] - most);
      for (let j = 0, at = shared; j <= place; j++, at += width) {
        const share = scores[j] / sum;
        for (let i = 0; i < d_head; i++) mixed[own + i] += share * values[at + i];
      }
    }
    linear(output, mixed, this.added);
  }

  think({up, gate, down}) {
    const {wide, read, bend, alive, gate: gates} = this;
    linear(up, read, wide);
    if (gate) linear(gate, read, gates);
    let n = 0;
    for (let i = 0; i < wide.length; i++) if ((wide[i] = bend(wide[i], gates[i]))) alive[n++] = i;
    linear(down, wide, this.added, alive.subarray(0, n));
  }
};
})();
