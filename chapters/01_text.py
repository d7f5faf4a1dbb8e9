# %% [markdown]
# # 1 · What is there to predict?
#
# > *a rose is a rose is a rose*
#
# Cover everything after *a ro* and guess the next letter. Then uncover it, and guess the one after. By the second *rose* you will hardly miss one. You have just done all that a language model does: look at what was written, and say how likely each next piece is. The rest of this book is about doing it better.
#
# This chapter settles what the pieces are, what a guess is, and what a wrong guess costs. You will count letters until they write, see a counting model recite *Hamlet*, and end with four numbers that every model in the later chapters has to beat.
#
# **Needs** Python and the logarithm. **Time** about SECONDS s on two CPU cores; nothing here wants a GPU. **You will have** three tokenizers, models that count, a way to let any model write, and losses in a unit that all of them share.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/afterword-book/afterword/blob/main/chapters/01_text.ipynb)

# %%
import importlib.util, math, re, subprocess, sys, time
from collections import Counter, defaultdict
from itertools import islice, pairwise

if importlib.util.find_spec("afterword") is None:  # on Colab; its torch stays
    source = "afterword @ git+https://github.com/afterword-book/afterword@main"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", source]
    subprocess.run([*pip, "jaxtyping", "wadler-lindig"], check=True)
import matplotlib.pyplot as plt, torch, torch.nn.functional as F
from afterword.plots.style import COLOURS, use_style

rng = torch.Generator().manual_seed(1)
use_style()

# %% [markdown]
# ## A model with a pencil
#
# Take the line above. For each letter, note which letter came after it. (To us a space is a letter like any other.)

# %%
line = "a rose is a rose is a rose"
after = defaultdict(Counter)
for letter, next_letter in pairwise(line):
    after[letter][next_letter] += 1

after["s"]

# %% [markdown]
# After *s* came *e* three times, as in *rose*, and a space twice, as in *is*. Check it with a finger on the line. Shares of a count are our first probabilities.

# %%
def shares(counts):
    return {letter: n / counts.total() for letter, n in counts.items()}

shares(after["s"])

# %% [markdown]
# Three fifths and two fifths. This table of shares is a complete language model. It is called a *bigram* model, since it looks at two letters at a time, and Markov made one by hand in 1913 from the letters of *Eugene Onegin* ([Markov, 1913](../book/references.md#markov1913)). After *r* it is certain:

# %%
assert shares(after["r"]) == {"o": 1.0}
assert sum(counts.total() for counts in after.values()) == len(line) - 1

# %% [markdown]
# ## One of many, not yes or no
#
# What kind of chance is the choice of a letter? You will meet the sentence *"the probability of a word is Bernoulli"*. A Bernoulli draw is a coin: yes or no, with one number for how often yes. Let us take the sentence at its word. A space was followed by three letters.

# %%
shares(after[" "])

# %% [markdown]
# Give each of the three a coin of its own, with the probability just counted, and throw all three. How often does exactly one of them show heads, so that we know what to write? By pencil: this one and not the other two, three times.

# %%
r, i, a = 3 / 7, 2 / 7, 2 / 7
only_r, only_i = r * (1 - i) * (1 - a), (1 - r) * i * (1 - a)
only_a = (1 - r) * (1 - i) * a
exactly_one = only_r + only_i + only_a
print(f"{exactly_one:.3f}")

# %% [markdown]
# 155 of 343, less than half. The rest of the time no letter comes up, or two want the same place. Throw them, to be sure.

# %%
heads = torch.rand(10_000, 3, generator=rng) < torch.tensor([r, i, a])
n_usable = (heads.sum(dim=1) == 1).sum().item()
print(f"{n_usable / 10_000:.3f} of the throws name one letter")

# %% [markdown]
# One die with unequal sides is what we want: exactly one of many, with probabilities that add up to one. That is the *categorical* distribution, and the next letter, word or token is a draw from it. A coin is the case of two sides.
#
# Draw seven times and count, and the counts have a distribution too. It is the *multinomial*, and its formula is a die's: the number of orders, times the probability of one order.

# %%
orders = math.comb(7, 3) * math.comb(4, 2)  # places for r, then for i
p_3_2_2 = orders * r**3 * i**2 * a**2
print(f"{orders} orders, probability {p_3_2_2:.3f}")

# %% [markdown]
# Even the counts we saw, three *r*, two *i*, two *a*, would come back only about once in nine tries. A name to beware of: `torch.multinomial` draws letters, not counts. It is a categorical draw, and counting is left to us.

# %%
chances = torch.tensor([r, i, a]).expand(10_000, 3)
draws = torch.multinomial(chances, 7, replacement=True, generator=rng)
counts = F.one_hot(draws, 3).sum(dim=1)
n_same = (counts == torch.tensor([3, 2, 2])).all(dim=1).sum().item()
print(f"{n_same / 10_000:.3f} of the samples count 3, 2, 2")

# %% [markdown]
# And the bell curve? Nobody draws a letter from it: letters are not numbers, and nothing lies halfway between *r* and *i*. It belongs one floor up. Draw a thousand letters and note the *share* of *r*. Do that many times. The shares heap up around 3/7, and the heap is a Gaussian whose width we can say beforehand: $\sqrt{p(1-p)/n}$.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Histogram of the share of r in samples of a thousand letters. The bars make a bell around 0.43, and the Gaussian curve with the predicted width lies on top of them."}}
n = 1_000
r_shares = (torch.rand(5_000, n, generator=rng) < r).float().mean(dim=1)
width = math.sqrt(r * (1 - r) / n)
fig, ax = plt.subplots(figsize=(6.4, 2.8))
ax.hist(r_shares.tolist(), bins=40, density=True, color=COLOURS["floor"])
x = torch.linspace(r - 4 * width, r + 4 * width, 200)
bell = torch.exp(-(((x - r) / width) ** 2) / 2) / (width * math.sqrt(2 * math.pi))
ax.plot(x, bell, color=COLOURS["model"])
ax.set(title="Shares measured on 1,000 letters make a bell")
ax.set(xlabel="share of r", yticks=[])
plt.show()

# %%
inside = ((r_shares - r).abs() < 1.96 * width).float().mean().item()
print(f"width {width:.4f}; {inside:.1%} of the shares within 1.96 widths of 3/7")

# %% [markdown]
# So a share measured on a thousand letters is good to about three hundredths. That is the use of the Gaussian here: it draws the interval around what we measure. Every share in this book comes with one, from a form of the same rule that stays honest near zero and one. Our 10,000 throws of three coins, for instance:

# %%
from afterword.evaluation.intervals import share_interval

low, high = share_interval(n_usable, 10_000)
print(f"{low:.3f} to {high:.3f}; exactly: {exactly_one:.3f}")
assert low < exactly_one < high

# %% [markdown]
# ## What a guess costs
#
# A model has said how likely each letter is; now the letter comes. The price it pays is the *surprisal*, minus the logarithm of the probability it gave to what came. With the logarithm to base 2 the price is in *bits*: a fair coin costs one, a letter foreseen with certainty nothing.

# %%
def surprisal(p):
    return -math.log2(p)

for what, p in [("coin", 1 / 2), ("r after space", 3 / 7), ("e after s", 3 / 5)]:
    print(f"{what}: {surprisal(p):.3f} bits")

# %% [markdown]
# Why a logarithm? Because probabilities of one letter after another multiply, and we would rather add. The whole line then costs the sum over its 25 guesses. Most are free: after *r* comes *o*, after *o* comes *s*. Only a space and an *s* leave a choice.

# %%
bits = [surprisal(shares(after[a])[b]) for a, b in pairwise(line)]
mean = sum(bits) / len(bits)
print(f"{sum(bits):.2f} bits over {len(bits)} guesses: {mean:.3f} a letter")

# %% [markdown]
# With a pencil: a space is followed three times by *r* at 1.222 bits and four times by *i* or *a* at 1.807; *s* is followed three times by *e* at 0.737 and twice by a space at 1.322. Together 15.75 bits, or 0.630 a letter. This mean is the *cross-entropy* of the model and the text, and the loss on which every model in this book is trained.
#
# Libraries compute it from *logits*: scores, one for each letter of the alphabet, which softmax turns into probabilities. The logarithm of our counts will do as scores.

# %%
alphabet = sorted(set(line))
counts = torch.tensor([[after[a][b] for b in alphabet] for a in alphabet])
ids = torch.tensor([alphabet.index(letter) for letter in line])
loss = F.cross_entropy(counts.log()[ids[:-1]], ids[1:])
print(f"{loss:.4f} nats a letter")

# %% [markdown]
# Torch uses the natural logarithm, whose unit is the *nat*. A nat is $1/\ln 2 = 1.443$ bits, and the two losses are one.

# %%
assert math.isclose(loss / math.log(2), mean, rel_tol=1e-6)

# %% [markdown]
# One more form, for the imagination. How many equally likely letters would leave us as unsure? Undo the logarithm. This is the *perplexity*.

# %% tags=["shows:afterword.evaluation.likelihood.perplexity"]
def perplexity(nats_per_token):
    return math.exp(nats_per_token)

# %%
print(f"a fair die {perplexity(math.log(6)):.2f}, our line {perplexity(loss):.2f}")
assert len(alphabet) == 7

# %% [markdown]
# A die has perplexity 6. Our line, with its alphabet of 7, has 1.55: at each letter the model is as unsure as someone who must choose between one and a half.
#
# ## The letter that never came
#
# The price above was too kind. We guessed a line that we had counted. Try a new one: *a rose is a nose*.

# %%
try:
    for a, b in pairwise("a rose is a nose"):
        surprisal(shares(after[a])[b])
except KeyError as error:
    print("no probability for", error)

# %% [markdown]
# After a space we have never seen *n*, so its probability is zero and its price infinite. Two lessons, and they hold for the largest model too. **Judge on text that was not trained on.** And **leave something for what was never seen**: pretend, say, that every continuation was counted once more than it was.

# %%
def smoothed(counts, letter, n_letters, k=1):
    return (counts[letter] + k) / (counts.total() + k * n_letters)

p = smoothed(after[" "], "n", n_letters=27)
assert p == 1 / (7 + 27)
print(f"{surprisal(p):.2f} bits for the n of nose")

# %% [markdown]
# ## A text to learn from
#
# Enough of one line. The package carries the works of Shakespeare; nothing is downloaded.

# %%
from afterword.text import corpora

works = corpora.load("shakespeare")
print(f"{len(works)} works, {sum(len(work.text) for work in works):,} letters")
hamlet = works[6].text
print(hamlet[hamlet.index("To be, or not") :][:180])

# %% [markdown]
# We set about a tenth aside, to judge on: whole works, chosen by lot. To cut each play in two would be easier and wrong. The names and turns of phrase of its first half would be learnt and met again in the second, and we would think our model clever.

# %%
from afterword.text.batches import split_documents

def split(seed):
    rng = torch.Generator().manual_seed(seed)
    return map(corpora.join, split_documents(works, share=0.1, rng=rng))

train_text, held_out_text = split(seed=0)
print([work.title for work in works if work.text in held_out_text])
print(f"{len(train_text):,} letters to learn, {len(held_out_text):,} to judge on")

# %% [markdown]
# ## From letters to numbers
#
# A model counts with whole numbers, *ids*. Who turns text into ids, and back, is a *tokenizer*. The plainest gives each character a number.

# %%
from afterword.text.characters import CharTokenizer

chars = CharTokenizer.from_text(corpora.text("shakespeare"))
ids = chars.encode("a rose")
print(f"{chars.vocab_size} characters; {ids} is {chars.decode(ids)!r}")

# %% [markdown]
# 84 characters are all that Shakespeare's editors needed. They are not all there is.

# %% tags=["raises-exception"]
chars.encode("un rosé")

# %% [markdown]
# It is tempting to put some character for the unknown in its place. Then text goes in and another text comes out, and no loss will tell. *Bytes* do better. Every text is stored as bytes, numbers from 0 to 255, and the encoding UTF-8 has some for each character of each script.

# %%
from afterword.text.bytes import ByteTokenizer

by_bytes = ByteTokenizer()
for word in ["rose", "rosé", "玫瑰"]:
    print(word, by_bytes.encode(word))

# %% [markdown]
# An English letter is one byte, *é* is two, a Chinese character three. Nothing is unknown any more, and the alphabet stays small. The price is length: a model that looks back over 100 tokens sees 100 English letters, but only 33 Chinese ones. And a model that writes byte by byte can stop halfway through a character:

# %%
half_a_rose = by_bytes.encode("玫瑰")[:4]
print(by_bytes.decode(half_a_rose))

# %% [markdown]
# ### Pairs that travel together
#
# Bytes that keep company could share a number. *Byte-pair encoding* began as a way to compress files ([Gage, 1994](../book/references.md#gage1994)) and came to language models by way of translation ([Sennrich et al., 2016](../book/references.md#sennrich2016)). Find the commonest pair, give it a new id, put that id wherever the pair stands, and begin again.

# %%
def count_pairs(ids):
    return Counter(pairwise(ids))

def merge(ids, pair, new_id):
    merged = []
    for i in ids:
        if merged and (merged[-1], i) == pair:
            merged[-1] = new_id
        else:
            merged.append(i)
    return merged

assert merge([1, 2, 1, 2, 3], pair=(1, 2), new_id=256) == [256, 256, 3]
assert merge([7, 7, 7], pair=(7, 7), new_id=256) == [256, 7]

# %% [markdown]
# Five rounds on our line:

# %%
ids, pieces = by_bytes.encode(line), {i: bytes([i]) for i in range(256)}
for new_id in range(256, 261):
    pair, n = count_pairs(ids).most_common(1)[0]
    ids = merge(ids, pair, new_id)
    pieces[new_id] = pieces[pair[0]] + pieces[pair[1]]
    print(n, "|".join(pieces[i].decode() for i in ids))

# %% [markdown]
# *a rose* has become one token, and *is* is still in pieces. Left alone, merges run over the ends of words and spend the vocabulary on phrases. GPT-2 therefore cuts the text into chunks first, about a word each with the space before it, and lets no pair reach over a cut ([Radford et al., 2019](../book/references.md#radford2019)).

# %%
from afterword.text.bpe_training import CHUNK

print(CHUNK.findall(line + ", isn't it?"))

# %% [markdown]
# With the cuts, training is a loop over what we have. It counts everything anew in each round, so let us time it on a small piece and work out what the whole would take.

# %%
def train_slowly(chunks, n_merges):
    merges = []
    while len(merges) < n_merges:
        pairs = Counter(pair for chunk in chunks for pair in pairwise(chunk))
        merges.append(pairs.most_common(1)[0][0])
        chunks = [merge(chunk, merges[-1], 255 + len(merges)) for chunk in chunks]
    return merges

excerpt = train_text[:50_000]
start = time.perf_counter()
chunks = [by_bytes.encode(chunk) for chunk in CHUNK.findall(excerpt)]
slow = train_slowly(chunks, n_merges=20)
all_of_it = len(train_text) / len(excerpt) * 3_840 / 20
seconds = (time.perf_counter() - start) * all_of_it
print(f"{seconds / 3600:.1f} hours for 3,840 merges over all the plays")

# %% [markdown]
# Far too long. The package's trainer changes only the counts that a merge touches, and looks at each different chunk once. It learns the same merges.

# %%
from afterword.text.bpe import BPETokenizer

assert BPETokenizer.train(excerpt, vocab_size=276).merges[:5] == slow[:5]
start = time.perf_counter()
bpe = BPETokenizer.train(train_text, vocab_size=4_096)
print(f"{time.perf_counter() - start:.1f} s")

# %% [markdown]
# 4,096 tokens: 256 bytes and 3,840 merges. Here is a line from a play the tokenizer has not seen, cut where it cuts. Common words are whole, rare ones in pieces.

# %%
def show(text, tokenizer=bpe):
    print("|".join(tokenizer.decode([i]) for i in tokenizer.encode(text)))

show("O Romeo, Romeo! wherefore art thou Romeo?")
show("A pound of saffron, to colour the warden pies.")

# %% [markdown]
# Is it the algorithm that everyone uses? Hugging Face's `tokenizers` trains on the same text, and then must cut all of the held-out plays in the same places.

# %%
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

theirs = Tokenizer(models.BPE())
theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
trainer = trainers.BpeTrainer(
    vocab_size=4_096,
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    show_progress=False,
)
theirs.train_from_iterator([train_text], trainer)

# %%
ours = [bpe.decode([i]) for i in bpe.encode(held_out_text)]
cuts = theirs.encode(held_out_text).offsets
assert ours == [held_out_text[a:b] for a, b in cuts]
print(f"{len(ours):,} equal tokens of {len(held_out_text) / len(ours):.2f} letters")

# %% [markdown]
# ## A unit that tokenizers share
#
# Which tokenizer makes the text easiest to predict? Take the plainest model there is, the *unigram*, which knows how frequent each token is and nothing more, and let it pay for the held-out plays.

# %%
from afterword.text.ngrams import AddK

def unigram_loss(tokenizer):
    texts = train_text, held_out_text
    train, held_out = (torch.tensor(tokenizer.encode(text)) for text in texts)
    model = AddK(train, order=1, vocab_size=tokenizer.vocab_size)
    return model.surprisal(held_out).mean().item(), len(held_out) - 1

# %%
sizes = [256, 512, 1_024, 2_048, 4_096]
by_size = []
for size in sizes:
    smaller = BPETokenizer.from_merges(bpe.merges[: size - 256])
    loss, n_tokens = unigram_loss(smaller)
    by_size.append((loss, n_tokens))
    print(f"{size:5,}: {n_tokens:,} tokens, each {loss:.2f} nats")

# %% [markdown]
# By this table bytes are best and every merge makes things worse. It is the table that is wrong. A long token is harder to guess than a short one, but it says more, and there are fewer of them to guess. What can be compared is the price of the whole text, in bits, over something that does not depend on the tokenizer. Its length in bytes will do.

# %% tags=["shows:afterword.evaluation.likelihood.bits_per_byte"]
def bits_per_byte(nats_per_token, *, n_tokens, n_bytes):
    if n_tokens < 1 or n_bytes < 1:
        raise ValueError(
            f"a text has tokens and bytes; got {n_tokens} tokens, {n_bytes} bytes"
        )
    return nats_per_token * n_tokens / math.log(2) / n_bytes

# %%
from afterword.evaluation import likelihood

n_bytes = len(held_out_text.encode())
prices = [bits_per_byte(loss, n_tokens=n, n_bytes=n_bytes) for loss, n in by_size]
assert prices[0] == likelihood.bits_per_byte(
    by_size[0][0], n_tokens=by_size[0][1], n_bytes=n_bytes
)
print(", ".join(f"{price:.2f}" for price in prices))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the size of the vocabulary from 256 to 4,096. Left: nats per token climb from about 3 to 6. Right: bits per byte of the same models fall from about 5 to 3."}}
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8))
losses = [loss for loss, _ in by_size]
left.plot(sizes, losses, marker="o", color=COLOURS["rival"])
left.set(title="Each token costs more …", ylabel="nats per token")
right.plot(sizes, prices, marker="o", color=COLOURS["model"])
right.set(title="… and the text costs less", ylabel="bits per byte")
for ax in (left, right):
    ax.set(xscale="log", xlabel="size of the vocabulary", ylim=(0, 7))
    ax.set_xticks(sizes, sizes)
    ax.minorticks_off()
plt.show()

# %% [markdown]
# So the same model pays 4.78 bits for each byte of the text when its tokens are bytes, and 3.12 when they are pieces of words. Much of what a longer memory would have told it, the token already holds. From now on, where tokenizers differ, we compare in bits per byte.
#
# ## Counting further back
#
# To keep the numbers small we go on with characters. The bigram of the first page now learns from four and a half million letters, and judges the held-out plays.

# %%
train = torch.tensor(chars.encode(train_text))
held_out = torch.tensor(chars.encode(held_out_text))
setting = {"vocab_size": chars.vocab_size}
naive = AddK(train, order=2, k=0, **setting).surprisal(held_out)
n_impossible = naive.isinf().sum()
print(f"{naive.mean()} nats: {n_impossible} of {len(naive):,} held impossible")

# %% [markdown]
# 26 letters of 437,491 are enough to spoil the mean. Adding one to every count mends it:

# %%
add_one = AddK(train, order=2, k=1, **setting).surprisal(held_out)
print(f"{add_one.mean():.3f} nats")

# %% [markdown]
# With longer memories adding stops working. An *n-gram* model looks back over $n-1$ letters. There are $84^4$, some fifty million, ways to write four letters. Most never occur, and those that do have been followed by few of the 84. If each of the 84 gets one more count, the made-up counts outnumber the true ones.
#
# *Kneser–Ney* smoothing has two better ideas ([Kneser and Ney, 1995](../book/references.md#kneser1995)). The first: take a fixed discount $D$ off each count, and give what was taken to a model with a shorter memory. After *e s t r*, see what followed *s t r*, and failing that *t r*.
#
# $$p(w \mid h) = \frac{\max(c(hw) - D,\ 0)}{c(h)} + \frac{D \, n(h)}{c(h)}\; p(w \mid h') \tag{1}$$
#
# Here $h$ is the history and $h'$ the history without its first letter, $c$ counts, and $n(h)$ says how many different letters were seen after $h$: so many times $D$ was taken off.
#
# The second idea is what the shorter model should count. Words show it best.

# %%
words = re.findall(r"[A-Za-z']+", train_text)
came_after = defaultdict(set)
for before, word in pairwise(words):
    came_after[word].add(before)
for word in ["TOBY", "Since"]:
    n, n_before = Counter(words)[word], len(came_after[word])
    print(f"{word}: {n} times, after {n_before} different words")

# %% [markdown]
# *TOBY* is as frequent as *Since*, but it stands after *SIR* and nowhere else. In a place we have never seen, *Since* is by far the better guess. So all but the longest n-grams are counted not by how often they occur but by how many different letters they come after. Chen and Goodman compared what was known by 1999 and found nothing better ([Chen and Goodman, 1999](../book/references.md#chen1999)).

# %%
from afterword.text.ngrams import KneserNey

five = KneserNey(train, order=5, **setting)
loss = five.surprisal(held_out).mean().item()
print(f"{loss:.3f} nats a letter, perplexity {perplexity(loss):.2f}")

# %% [markdown]
# From 84 letters to choose from, down to fewer than five.
#
# ## A model writes
#
# To write is to draw a letter, append it, and ask again. That is true of a table of counts and of the largest Transformer, so we write it once, for anything that turns ids into logits. This function will run every model in the book.

# %% tags=["shows:afterword.sampling.generate.draw"]
def draw(logits, rng):
    return torch.multinomial(logits.softmax(dim=-1), 1, generator=rng).squeeze(-1)

# %% tags=["shows:afterword.sampling.generate.stream"]
@torch.no_grad()
def stream(model, ids, *, context_length, rng):
    if ids.shape[-1] == 0:
        raise ValueError(
            "nothing to continue: give a prompt of at least one token"
        )
    while True:
        ids = ids[:, -context_length:]
        token = draw(model(ids)[:, -1], rng)
        yield token
        ids = torch.cat([ids, token.unsqueeze(-1)], dim=-1)

# %%
start = torch.tensor([chars.encode("The ")])
letters = islice(stream(five, start, context_length=4, rng=rng), 60)
print(chars.decode([letter.item() for letter in letters]))

# %% [markdown]
# `write` in the package wraps this for text. How far back must a model look, to write? Each of these looks one to seven letters back, or not at all.

# %%
from afterword.sampling.generate import write

def sample(model, n_tokens=150, prompt="To be, or not to be"):
    rng, n = torch.Generator().manual_seed(4), model.context_length
    return write(
        model, chars, prompt, n_tokens=n_tokens, context_length=n, rng=rng
    )

for order in [1, 2, 3, 5, 8]:
    text = sample(KneserNey(train, order=order, **setting))
    print(f"--- order {order}\n{text}\n")

# %% [markdown]
# Read them aloud. Order 1 has Shakespeare's letters and nothing else. Order 2 can almost be pronounced. Order 3 writes short words, and verse lines that begin with a capital. At order 5 nearly every word is one, and three or four in a row belong together. Order 8 keeps its grammar to the end of a line, and has found the tone: *the bragging in darkness for age and run*.
#
# Now listen for what is missing. Nobody speaks to anybody. No line knows what the line before it wanted. And in the last text a bracket closes that was never opened: seven letters back, there was none to be seen.

# %%
assert text.count("]") > text.count("["), "order 8 closes what it did not open"

# %% [markdown]
#
# ## The ladder
#
# Every rung is a model that needs no training to speak of. Later, when a network's loss falls over hours, we shall want to know what the fall is worth. These lines will be drawn across the picture.

# %%
from afterword.text.ngrams import floors

ladder = floors(train, held_out, vocab_size=chars.vocab_size)
ladder

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four horizontal bars, in nats per letter: uniform 4.43, unigram 3.32, bigram 2.51, 5-gram Kneser\u2013Ney 1.57."}}
from afterword.plots.curves import plot_band, plot_ladder

ax = plot_ladder(ladder)
ax.set_title("Four letters of memory more than halve the price")
plt.show()

# %% [markdown]
# The top rung is $\ln 84$. Knowing the frequencies saves a quarter of it, one letter of memory almost a fifth more, and four letters bring the price to 1.57 nats. In bits that is 2.27 a letter.

# %%
print(f"{ladder['5-gram Kneser–Ney'] / math.log(2):.2f} bits a letter")
assert ladder["5-gram Kneser–Ney"] == loss

# %% [markdown]
# How far down does the ladder go? Shannon had people guess printed English letter by letter, with the hundred letters before it in view, and worked out from their guesses that a letter is worth between 0.6 and 1.3 bits ([Shannon, 1951](../book/references.md#shannon1951)). His alphabet had 27 signs and his text was no play, so the numbers are not quite comparable. But the gap is plain, and it is what the remaining chapters are for.
#
#
# ## An experiment: how much memory pays?
#
# Before you go on, write down a guess. If four letters back are better than one, are eight better than four? Our own guess was that more memory always helps a little, and that Kneser–Ney only softens the blow where counts run thin.
#
# We change one thing, the number of letters looked back over, for two smoothings. Five times we draw other plays to judge on. To be quick, each model learns from a million letters.

# %%
orders = range(1, 9)
runs = []
for seed in range(5):
    kept, aside = split(seed)
    learn = torch.tensor(chars.encode(kept[:1_000_000]))
    judge = torch.tensor(chars.encode(aside[:200_000]))
    for n in orders:
        models = (
            KneserNey(learn, order=n, **setting),
            AddK(learn, order=n, k=0.01, **setting),
        )
        runs.append([model.surprisal(judge).mean() for model in models])
kneser_ney, add_a_little = torch.tensor(runs).view(5, 8, 2).unbind(dim=-1)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Loss in nats per letter over the order of the model, 1 to 8, as bands over five splits. Both curves fall together to order 3. Adding 0.01 turns at order 4 and climbs to 3. Kneser\u2013Ney falls until order 6 and then stays almost level."}}
ax = plot_band(orders, add_a_little, label="add 0.01", color=COLOURS["rival"])
plot_band(orders, kneser_ney, label="Kneser–Ney", color=COLOURS["model"], ax=ax)
ax.set(title="Without good smoothing, memory turns against the model")
ax.set(xlabel="order n: it looks back n − 1 letters", ylabel="nats per letter")
plt.show()

# %%
print("best orders:", kneser_ney.argmin(1) + 1, "and", add_a_little.argmin(1) + 1)
six, eight = kneser_ney[:, 5], kneser_ney[:, 7]
assert (add_a_little[:, 7] > add_a_little[:, 1]).all()
print(f"order 6 costs {six.min():.2f} to {six.max():.2f}, depending on the split")
dearer = eight - six
print(f"order 8 costs {dearer.min():.3f} to {dearer.max():.3f} more than order 6")

# %% [markdown]
# Half right. In all five splits, Kneser–Ney gains up to order 6 and then loses a little, 0.02 nats by order 8: a discount softens the blow and does not undo it. Adding a constant turns at order 4, and ends above where it began with two letters.
#
# Look at the last two lines together. Which plays happen to be set aside moves the loss by 0.14 nats, seven times as much as what we wanted to measure. Had we judged order 6 on one set of plays and order 8 on another, chance would have decided. Compared on the same plays, the sign is the same five times out of five. So: **compare on the same text**, and show the spread.
#
# ## Did it write that, or remember it?
#
# An *n*-gram model without smoothing can only go on as the text once went on. With a long memory, few places in the text fit, and in the end only one: then it recites.

# %%
million, learn = train_text[:1_000_000], train[:1_000_000]
parrot = AddK(learn, order=16, k=0, **setting)
print(sample(parrot))

# %% [markdown]
# Word for word the third act of *Hamlet*, which is in the million letters it has read. How would you know, if you did not know *Hamlet*? Cut what a model wrote into pieces of 20 letters, and look each up in what it has read. People repeat each other too, so the same is done for the plays it has not read.

# %%
def n_copied(text, size=20):
    pieces = [text[i : i + size] for i in range(0, len(text) - size, size)]
    return sum(piece in million for piece in pieces), len(pieces)

hits, n = n_copied(held_out_text[:200_000])
human = share_interval(hits, n)
print(f"{hits} of {n:,} pieces by Shakespeare: {human[0]:.2%} to {human[1]:.2%}")

# %% [markdown]
# Our guess: below that share for short memories, all of it for long ones, and Kneser–Ney somewhat better, since it now and then leaves the track. Five samples of 400 letters for each model.

# %%
def copied_shares(model):
    start = torch.tensor([chars.encode("To be, or not to be")] * 5)
    rng = torch.Generator().manual_seed(0)
    steps = stream(model, start, context_length=model.context_length, rng=rng)
    rows = torch.stack(list(islice(steps, 400)), dim=1).tolist()
    return [hits / n for hits, n in (n_copied(chars.decode(row)) for row in rows)]

# %%
orders = [2, 4, 8, 10, 12, 16]
raw = [copied_shares(AddK(learn, order=n, k=0, **setting)) for n in orders]
smooth = [copied_shares(KneserNey(learn, order=n, **setting)) for n in orders]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Share of 20-letter pieces copied from the training text, over the order of the model from 2 to 16, as bands over five samples. Without smoothing it rises from nothing at order 4 to nearly all at order 16. With Kneser\u2013Ney smoothing it stays within a few hundredths of nothing, close to the thin line for Shakespeare himself."}}
raw_runs, smooth_runs = list(zip(*raw)), list(zip(*smooth))
ax = plot_band(orders, raw_runs, label="not smoothed", color=COLOURS["rival"])
plot_band(orders, smooth_runs, label="Kneser–Ney", color=COLOURS["model"], ax=ax)
ax.axhspan(*human, color=COLOURS["human"])
ax.text(2, human[1] + 0.02, "Shakespeare himself", color=COLOURS["human"])
ax.set(title="A long memory recites, unless it is smoothed")
ax.set(xlabel="order n", ylabel="pieces of 20 letters copied")
plt.show()

# %%
for n, a, b in zip(orders, raw, smooth):
    print(f"order {n:2}: {sum(a) / 5:6.1%} copied, with smoothing {sum(b) / 5:.1%}")

# %% [markdown]
# For the parrot we guessed right: at order 16, 96 of 100 pieces are copied. For Kneser–Ney we were wrong. With the same fifteen letters in view it copies 3 of 100, not so far above the man himself. A context seen once has a count of one, and the discount takes most of it away; so at every letter the model is likely to leave the track. Smoothing was meant to make it guess better. It also keeps it from reciting.
#
# Keep the two questions, for they come back with models a million times larger, which also recite what they have read ([Carlini et al., 2021](../book/references.md#carlini2021)): what share of this was copied, and what is that share for people?
#
#
# ## Claim: *first, remove the stop words*
#
# Many a guide to text generation begins its recipe so: clean the data, drop *the*, *and*, *of*. We drop 57 such words, train on what is left, and let both models guess the held-out plays as they were written.

# %%
STOP_WORDS = set("""the and to of a in is that it for with as be this on by at or
an are was not but from have had has he she they we you i me my his him her your
our their them do did so if no all will shall what which who when there then
than""".split())

def clean(text):
    def keep(match):
        return "" if match[0].strip().lower() in STOP_WORDS else match[0]
    return re.sub(r"[A-Za-z']+ ?", keep, text)

gone = [word for word in words if word.lower() in STOP_WORDS]
print(f"{len(STOP_WORDS)} words are {len(gone) / len(words):.0%} of the text")
print(clean("To be, or not to be,--that is the question:--"))

# %%
def bits_on_real_text(seed, prepare):
    kept, aside = split(seed)
    ids = torch.tensor(chars.encode(prepare(kept[:1_000_000])))
    real = torch.tensor(chars.encode(aside[:200_000]))
    nats = KneserNey(ids, order=5, **setting).surprisal(real).mean().item()
    return nats / math.log(2)

for seed in range(3):
    whole = bits_on_real_text(seed, prepare=str)
    cleaned = bits_on_real_text(seed, prepare=clean)
    print(f"split {seed}: {whole:.2f} bits a letter, cleaned {cleaned:.2f}")
    assert cleaned > whole + 0.9

# %%
ids = torch.tensor(chars.encode(clean(million)))
print(sample(KneserNey(ids, order=8, **setting), n_tokens=300))

# %% [markdown]
# Every split says the same: a letter of real text costs about one bit more. And read it. There is no *the*, no *of*; the commas stand about with nothing between them. What was thrown away as noise was the grammar. *To be, or not to be* is made of stop words.
#
# Where does the advice come from? From search. There the question is which play a passage is from, and *the* says nothing about that. We index the first half of each work by its counts of words, take passages from the second halves, and ask for the work whose counts point in the same direction.

# %%
def bag(text, dropped):
    found = re.findall(r"[a-z']+", text.lower())
    return Counter(word for word in found if word not in dropped)

def similarity(a, b):
    def dot(a, b):
        return sum(n * b[word] for word, n in a.items())
    return dot(a, b) / math.sqrt(dot(a, a) * dot(b, b))

# %%
def found(dropped):
    index = [bag(w.text[: len(w.text) // 2], dropped) for w in works]
    hits = []
    for number, work in enumerate(works):
        for place in (0.6, 0.75, 0.9):
            passage = work.text[int(place * len(work.text)) :][:1_000]
            query = bag(passage, dropped)
            scores = [similarity(query, entry) for entry in index]
            hits.append(scores.index(max(scores)) == number)
    return hits

for name, dropped in [("all words", set()), ("without stop words", STOP_WORDS)]:
    hits = found(dropped)
    low, high = share_interval(sum(hits), len(hits))
    print(f"{name}: {sum(hits)} of {len(hits)} found ({low:.0%} to {high:.0%})")

# %% [markdown]
# So the advice is good, for its own trade. Without stop words three fifths of the passages are found, with them two fifths, and the intervals do not touch. A finder wants what sets texts apart, a writer what holds them together. Leave the words in.
#
# ## Exercises
#
# Each has a checker that says what went wrong, and a solution to unfold.
#
# > **Exercise 1.** *Easy, 10 minutes.* Write `perplexity_of(probs)`: the perplexity of a text, from the list of probabilities that the model gave to the letters that came. For 0.5 and 0.125 it is 4.

# %%
from afterword.exercises import ch01

def perplexity_of(probs):
    ...

ch01.check_perplexity(perplexity_of)

# %% tags=["hide-cell"] jupyter={"source_hidden": true}
# @title Solution {display-mode: "form"}
def perplexity_of(probs):
    return 2 ** (sum(map(surprisal, probs)) / len(probs))

ch01.check_perplexity(perplexity_of)

# %% [markdown]
# > **Exercise 2.** *Medium, 20 minutes.* We have trained merges but never said how to use them. Write `encode_chunk(ids, merges)`: from the bytes of one chunk to its tokens. `merges` maps a pair to its new id, in the order in which they were learnt. Think of *b c* learnt before *a b*, and of the bytes *a b c*.

# %%
def encode_chunk(ids, merges):
    ...

ch01.check_encode(encode_chunk)

# %% tags=["hide-cell"] jupyter={"source_hidden": true}
# @title Solution {display-mode: "form"}
def encode_chunk(ids, merges):
    while known := [pair for pair in pairwise(ids) if pair in merges]:
        first_learnt = min(known, key=merges.get)
        ids = merge(ids, first_learnt, merges[first_learnt])
    return ids

ch01.check_encode(encode_chunk)

# %% [markdown]
# > **Exercise 3.** *Medium, 15 minutes.* A paper reports a loss of 2.0 nats a token on a text of nine tokens. Write `bits_per_byte_of(nats_per_token, n_tokens, text)`, so that you can compare it with yours. The checker's text is not in English only.

# %%
def bits_per_byte_of(nats_per_token, n_tokens, text):
    ...

ch01.check_bits_per_byte(bits_per_byte_of)

# %% tags=["hide-cell"] jupyter={"source_hidden": true}
# @title Solution {display-mode: "form"}
def bits_per_byte_of(nats_per_token, n_tokens, text):
    return nats_per_token * n_tokens / math.log(2) / len(text.encode())

ch01.check_bits_per_byte(bits_per_byte_of)

# %% [markdown]
# ## What you now have
#
# You can turn any text into ids and back without loss, by characters, by bytes, or by pieces learnt from the text. You know what a model predicts, a categorical distribution over the next piece, and what a prediction costs, in nats, bits, perplexity, and in bits per byte when tokenizers differ. You have models that count, a loop in which any model writes, and four floors: 4.43, 3.32, 2.51 and 1.57 nats a letter.
#
# You have also met the walls of counting. A table cannot see further back than its keys are long. And it cannot know that *king* and *queen* are alike: what it learnt after one says nothing about the other. The next chapter builds the part of a language model that can look at any earlier word, near or far, and ask how much it matters.
