# %% [markdown]
# # 1 · What is there to predict?
#
# > *a rose is a rose is a rose*
#
# Cover everything after *a ro* and guess the next letter. Then uncover it, and guess the one after. By the second *rose* you will hardly miss one. You have just done what a language model does: look at what was written, and judge what comes next. The rest of this book is about doing it better.
#
# This chapter settles what the pieces are, what a guess is, and what a wrong guess costs. You will count letters until they write, catch a counting model reciting *Hamlet*, and end with four numbers that every model in the later chapters has to beat. <!-- number four: the rungs of the ladder -->
#
# **Needs** Python, arrays as in NumPy, and the logarithm. **Time** about 70 seconds and 2.1 GB on two CPU cores, which is what Colab lends; not yet timed on a T4. Nothing here would use one. **You will have** three tokenizers, models that count, a loop in which any model writes, and a measure of loss that all of them share.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/afterword-book/afterword/blob/main/chapters/01_text.ipynb)

# %%
import importlib.util, math, random, re, subprocess, sys, time
from collections import Counter, defaultdict
from itertools import islice, pairwise
if importlib.util.find_spec("afterword") is None:  # on Colab; its torch stays
    source = "afterword @ git+https://github.com/afterword-book/afterword@main"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", source]
    subprocess.run([*pip, "jaxtyping", "wadler-lindig"], check=True)
import matplotlib.pyplot as plt, torch, torch.nn.functional as F
from afterword.plots.style import COLOURS, use_style

use_style()
rng = torch.Generator().manual_seed(1)

# %% [markdown]
# ## A model with a pencil
#
# Take the line above. For each letter, note which letter came after it. (By a letter we mean any character: a space is one, and so is a comma.)

# %%
line = "a rose is a rose is a rose"
after = defaultdict(Counter)
for letter, next_letter in pairwise(line):
    after[letter][next_letter] += 1

after["s"]

# %% [markdown]
# After *s* came *e* three times, as in *rose*, and a space twice, as in *is*. Check it with a finger on the line. Divided by their total, the counts become our first probabilities.

# %%
def shares(counts):
    return {letter: n / counts.total() for letter, n in counts.items()}

shares(after["s"])

# %% [markdown]
# Three fifths and two fifths. Do it for every letter and you have a table, and the table is a complete language model. It is called a *bigram* model, since it looks at two letters at a time. Markov counted the first such table by hand in 1913, with only two kinds of letter, vowel and consonant, over *Eugene Onegin* ([Markov, 1913](../book/references.md#markov1913)).

# %% mystnb={"image": {"alt": "A table of seven rows and seven columns, one for each letter of the line. Most rows hold a single 1.00: after r comes o, after o comes s. The row of the space holds 0.43 for r, 0.29 for i and 0.29 for a; the row of s holds 0.60 for e and 0.40 for a space."}} tags=["hide-input"]
from afterword.plots.tables import plot_table

alphabet = sorted(set(line))
counts = torch.tensor([[after[a][b] for b in alphabet] for a in alphabet])
names = [letter.replace(" ", "␣") for letter in alphabet]
ax = plot_table(counts / counts.sum(dim=1, keepdim=True), names, names)
ax.set(title="Only a space and an s leave a choice", xlabel="next", ylabel="seen")
plt.show()

# %% [markdown]
# The shares say what may come. How is one letter chosen?
#
# ## One of many, not yes or no
#
# You will meet the sentence *"the probability of a word is Bernoulli"*. A Bernoulli draw is a coin: yes or no, with one number for how often yes. Let us take the sentence at its word. After a space came *r* three times in seven, *i* twice and *a* twice. Give each of the three a coin of its own, with that probability of heads, and throw all three. How often does exactly one of them show heads, so that we know what to write? By pencil: this one and not the other two, in three ways.

# %%
p_r, p_i, p_a = 3 / 7, 2 / 7, 2 / 7
only_r = p_r * (1 - p_i) * (1 - p_a)
only_i = (1 - p_r) * p_i * (1 - p_a)
only_a = (1 - p_r) * (1 - p_i) * p_a
print(f"{only_r + only_i + only_a:.3f}")

# %% [markdown]
# Less than half: 155 times in 343. The rest of the time no letter comes up, or two or three want the same place. Throw them, to be sure. A *tensor* is an array of numbers; this one has 10,000 rows of three, and `dim=1` adds along each row.

# %%
assert math.isclose(only_r + only_i + only_a, 155 / 343)
heads = torch.rand(10_000, 3, generator=rng) < torch.tensor([p_r, p_i, p_a])
one_letter = heads.sum(dim=1) == 1
print(f"{one_letter.float().mean():.3f} of the throws name one letter")

# %% [markdown]
# What we want is one loaded die: exactly one of many, with probabilities that add up to one. That is the *categorical* distribution, and the next letter or word is a draw from it. A coin is a die with two sides.
#
# Throw the die seven times and count, and the counts have a distribution too, the *multinomial*. The probability of three *r*, two *i* and two *a* is the number of orders in which they can come, times the probability of one such order.

# %%
n_orders = math.comb(7, 3) * math.comb(4, 2)  # places for r, then for i
p_counts = n_orders * p_r**3 * p_i**2 * p_a**2
print(f"{n_orders} orders, together {p_counts:.3f}")

# %% [markdown]
# Even the counts that we saw would come back only once in nine tries. A name to beware of: `torch.multinomial` draws letters, not counts. It is a categorical draw, and counting is left to us.

# %%
die = torch.tensor([p_r, p_i, p_a]).expand(10_000, 3)
draws = torch.multinomial(die, 7, replacement=True, generator=rng)
n_each = F.one_hot(draws, 3).sum(dim=1)
as_seen = (n_each == torch.tensor([3, 2, 2])).all(dim=1)
print(f"{as_seen.float().mean():.3f} of the samples count 3, 2, 2")

# %% [markdown]
# And the bell curve, the Gaussian? Nobody draws a letter from it: letters are not numbers, and nothing lies halfway between *r* and *i*. It belongs to shares and averages, and will come when we measure some. First: a letter has been drawn. What does it cost to have given it the wrong probability?
#
# ## What a guess costs
#
# A model has said how likely each letter is; now the letter comes. Its cost is the *surprisal*, minus the logarithm of the probability that the model gave it. With the logarithm to base 2 the cost is in *bits*: a fair coin costs one, a letter foreseen with certainty nothing.

# %%
def surprisal(p):
    return -math.log2(p)

for what, p in [("coin", 1 / 2), ("r after space", 3 / 7), ("e after s", 3 / 5)]:
    print(f"{what}: {surprisal(p):.3f} bits")

# %% [markdown]
# Why a logarithm? Because the probabilities of one letter after another multiply, and we would rather add. The whole line then costs the sum over its 25 guesses.

# %%
bits = [surprisal(shares(after[a])[b]) for a, b in pairwise(line)]
mean = sum(bits) / len(bits)
print(f"{sum(bits):.2f} bits over {len(bits)} guesses: {mean:.3f} per letter")

# %% [markdown]
# With a pencil: a space is followed three times by *r* at 1.222 bits and four times by *i* or *a* at 1.807; *s* is followed three times by *e* at 0.737 and twice by a space at 1.322. All else is free. Together 15.75 bits, or 0.630 per letter. This mean is the *cross-entropy* of the model and the text, and it is the *loss* on which every model in this book is trained.

# %%
by_pencil = 3 * 1.222 + 4 * 1.807 + 3 * 0.737 + 2 * 1.322
assert math.isclose(by_pencil, sum(bits), abs_tol=0.005)

# %% [markdown]
# Libraries compute it from *logits*: scores, one for each letter of the alphabet. *Softmax* makes probabilities of them; it raises e to each score and divides by the sum. So the logarithms of our counts will do as scores, and a count of zero, whose logarithm torch gives as −∞, becomes a probability of zero. One row of scores for each letter but the last; the targets are the letters that came.

# %%
ids = torch.tensor([alphabet.index(letter) for letter in line])
loss = F.cross_entropy(counts.log()[ids[:-1]], ids[1:]).item()
print(f"{loss:.4f} nats per letter")
assert math.isclose(loss / math.log(2), mean, rel_tol=1e-6)

# %% [markdown]
# Torch uses the natural logarithm, whose unit is the *nat*. A nat is 1/ln 2 = 1.443 bits, and the two losses are one.
#
# One more unit, easier to picture. How many equally likely letters would leave us as unsure? Undo the logarithm. This is the *perplexity*.

# %% tags=["shows:afterword.evaluation.likelihood.perplexity"]
def perplexity(nats_per_token):
    return math.exp(nats_per_token)

# %%
print(f"a fair die {perplexity(math.log(6)):.2f}, our line {perplexity(loss):.2f}")
from afterword.evaluation import likelihood

assert likelihood.perplexity(loss) == perplexity(loss)
coin = -(5 / 6 * math.log(5 / 6) + 1 / 6 * math.log(1 / 6))
print(f"a coin that falls on one side five times in six {perplexity(coin):.2f}")
print(f"a nat is {1 / math.log(2):.3f} bits; we have {len(alphabet)} letters")

# %% [markdown]
# A die has perplexity 6. Our line, with its 7 letters, has 1.55. A fair coin has 2. One that falls on the same side five times in six has 1.57, so each guess is about as hard as one throw of that.
#
# ## The letter that never came
#
# That was too kind. We guessed a line that we had counted. Try a new one: *a rose is a nose*.

# %%
try:
    for seen, came in pairwise("a rose is a nose"):
        surprisal(shares(after[seen])[came])
except KeyError as error:
    print("no probability for", error)

# %% [markdown]
# After a space we have never seen *n*, so its probability is zero and its cost infinite. Two lessons, and they hold for the largest model too. **Judge on text that was not trained on.** And **leave something for what was never seen**: pretend, say, that every continuation was counted once more than it was. Let the alphabet be *a* to *z* and the space, 27 in all. Then *n* has 1 out of 7 + 27.

# %%
def smoothed(counts, letter, n_letters, k=1):
    return (counts[letter] + k) / (counts.total() + k * n_letters)

p = smoothed(after[" "], "n", n_letters=27)
assert p == 1 / (7 + 27)
print(f"{surprisal(p):.2f} bits for the n of nose")

# %% [markdown]
# ## A text to learn from
#
# Enough of one line. The book's package, `afterword`, carries the works of Shakespeare; nothing is downloaded.

# %%
from afterword.text import corpora

collection = corpora.load("shakespeare")
works = {work.title: work.text for work in collection}
print(f"{len(works)} works, {sum(map(len, works.values())):,} letters")
hamlet = works["Hamlet"]
print(hamlet[hamlet.index("To be, or not") :][:174])

# %% [markdown]
# We set about a tenth aside, to judge on: whole works, chosen at random. Cutting each play in half would be easier, and wrong. The names and turns of phrase of its first half would be learnt and met again in the second, and we would think our model clever. Even whole works can leak. *The Passionate Pilgrim* reprints poems that stand elsewhere in the collection, so we leave it out.

# %%
from afterword.text.batches import split_documents

verse = "Did not the heavenly rhetoric of thine eye"
assert verse in works.pop("The Passionate Pilgrim")
assert verse in works["Love's Labour's Lost"]
chance = torch.Generator().manual_seed(4)
sides = split_documents(list(works.values()), share=0.1, rng=chance)
train_text, held_out_text = map("\n\n\n".join, sides)
held_out_works = [title for title in works if works[title] in sides[1]]
print(f"{len(train_text):,} letters to learn, {len(held_out_text):,} held out:")
print(", ".join(held_out_works))

# %% [markdown]
# But a model cannot read. It wants numbers.
#
# ## From letters to numbers
#
# What turns text into whole numbers, *ids*, and back is a *tokenizer*. The pieces that it numbers are *tokens*, and all of them together are its *vocabulary*. The plainest gives each character a number.

# %%
from afterword.text.characters import CharTokenizer

chars = CharTokenizer.from_text(train_text)
ids = chars.encode("a rose")
print(f"{chars.vocab_size} characters; {ids} is {chars.decode(ids)!r}")

# %% [markdown]
# 83 characters are all that Shakespeare's editors needed. They are not all there are.

# %%
assert set(held_out_text) <= set(train_text)
try:
    chars.encode("un rosé")
except ValueError as error:
    print(str(error).split(";")[0])

# %% [markdown]
# It is tempting to replace what is unknown with a stand-in such as `?`. Then what comes out is not what went in, and no loss will show it. *Bytes* do better. Every text is stored as bytes, numbers from 0 to 255, and the encoding UTF-8 has a sequence of them for every character of every script. Here is a rose in English, in French and in Chinese. <!-- number 255: a byte has eight bits -->

# %%
from afterword.text.bytes import ByteTokenizer

by_bytes = ByteTokenizer()
for word in ["rose", "rosé", "玫瑰"]:
    print(word, by_bytes.encode(word))

# %% [markdown]
# An English letter is one byte, *é* is two, each Chinese character three. Nothing is unknown any more, and the alphabet stays small. The catch is length: a model that looks back over 100 tokens sees 100 English letters, but only 33 Chinese ones. <!-- number 100, 100, 33: an example, and a third of it --> And a model that writes byte by byte can stop in the middle of a character:

# %%
cut_short = by_bytes.encode("玫瑰")[:4]
print(by_bytes.decode(cut_short))

# %% [markdown]
# ### Pairs that travel together
#
# Bytes that keep company could share a number. *Byte-pair encoding* began as a way to compress files ([Gage, 1994](../book/references.md#gage1994)) and came to language models by way of translation ([Sennrich et al., 2016](../book/references.md#sennrich2016)). Find the most frequent pair of neighbours, give it a new id, put that id wherever the pair stands, and begin again.

# %%
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
# Five rounds on our line. Where several pairs stand three times, we take the one that came first.

# %%
ids, pieces = by_bytes.encode(line), {i: bytes([i]) for i in range(256)}
for new_id in range(256, 256 + 5):
    pair, n = Counter(pairwise(ids)).most_common(1)[0]
    ids = merge(ids, pair, new_id)
    pieces[new_id] = pieces[pair[0]] + pieces[pair[1]]
    print(n, "|".join(pieces[i].decode() for i in ids))

# %% [markdown]
# *a rose* has become one token, and *is* is still in pieces. Left alone, merges run across the ends of words and spend the vocabulary on phrases. So the text is cut into chunks first, about a word each with the space before it, and no pair may cross a cut. The cuts we use are GPT-2's. They also fall between letters and signs, so that *rose.* and *rose!* need no tokens of their own ([Radford et al., 2019](../book/references.md#radford2019)).

# %%
from afterword.text.bpe_training import CHUNK

print(CHUNK.findall(line + ", isn't it?"))

# %% [markdown]
# Training repeats these steps, counting within chunks. It counts everything anew in each round.

# %%
def train_slowly(chunks, n_merges):
    merges = []
    while len(merges) < n_merges:
        pairs = Counter(pair for chunk in chunks for pair in pairwise(chunk))
        merges.append(pairs.most_common(1)[0][0])
        chunks = [merge(chunk, merges[-1], 255 + len(merges)) for chunk in chunks]
    return merges

# %%
excerpt = train_text[:50_000]
chunks = [by_bytes.encode(chunk) for chunk in CHUNK.findall(excerpt)]
began = time.perf_counter()
slow = train_slowly(chunks, n_merges=20)
seconds_each = (time.perf_counter() - began) / 20
hours = 3_840 * seconds_each * len(train_text) / len(excerpt) / 3600
print(f"{hours:.1f} hours for 3,840 merges over the whole text")

# %% [markdown]
# Far too long. The package's trainer changes only the counts that a merge touches, and looks at each different chunk once. It learns the same merges.

# %%
from afterword.text.bpe import BPETokenizer

assert BPETokenizer.train(excerpt, vocab_size=276).merges == slow
began = time.perf_counter()
bpe = BPETokenizer.train(train_text, vocab_size=4_096)
print(f"{time.perf_counter() - began:.1f} s")

# %% [markdown]
# The vocabulary of 4,096 tokens is 256 bytes and 3,840 merges. Here are lines from plays that the tokenizer has not seen. Common words are whole, rare ones in pieces.

# %%
for unseen in ["Beware the Ides of March.", "my kingdom for a horse!"]:
    assert unseen in held_out_text
    print("|".join(bpe.decode([i]) for i in bpe.encode(unseen)))

# %% [markdown]
# Is it the algorithm that everyone uses? Hugging Face's `tokenizers` learns from the same text. It must then cut the held-out works exactly where ours does.

# %% tags=["hide-input"]
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
# Characters, bytes, pieces of words: three ways to cut a text. <!-- number three: as listed --> Which one makes it easiest to predict?
#
# ## A unit that tokenizers share
#
# Let the plainest model decide, the *unigram*, which knows how frequent each token is and nothing more. The package's `AddK` is our `smoothed` for a *context*, the tokens looked back at, of any length. Its *order* counts the tokens it looks at, the one to guess included: order 1 looks back at nothing, order 2 is the bigram. <!-- number 2: by definition -->

# %%
from afterword.text.ngrams import AddK

def unigram_loss(tokenizer):
    texts = train_text, held_out_text
    train, held_out = (torch.tensor(tokenizer.encode(text)) for text in texts)
    model = AddK(train, order=1, k=1, vocab_size=tokenizer.vocab_size)
    return model.surprisal(held_out).mean().item(), len(held_out) - 1

# %%
sizes = [256, 512, 1_024, 2_048, 4_096]
by_size = []
for size in sizes:
    smaller = BPETokenizer.from_merges(bpe.merges[: size - 256])
    token_loss, n_guesses = unigram_loss(smaller)
    by_size.append((token_loss, n_guesses))
    print(f"{size:5,}: {n_guesses:,} guesses at {token_loss:.2f} nats")

# %% [markdown]
# By this table bytes are best and every merge makes things worse. It is the table that is wrong. A long token is harder to guess than a short one, but it says more, and there are fewer of them to guess. What can be compared is the cost of the whole text, in bits, over something that does not depend on the tokenizer. Its length in bytes will do.

# %% tags=["shows:afterword.evaluation.likelihood.bits_per_byte"]
def bits_per_byte(nats_per_token, *, n_tokens, n_bytes):
    if n_tokens < 1 or n_bytes < 1:
        raise ValueError(
            f"a text has tokens and bytes; got {n_tokens} tokens, {n_bytes} bytes"
        )
    return nats_per_token * n_tokens / math.log(2) / n_bytes

# %%
n_bytes = len(held_out_text.encode())
rates = [bits_per_byte(nats, n_tokens=n, n_bytes=n_bytes) for nats, n in by_size]
assert likelihood.bits_per_byte(math.log(256), n_tokens=9, n_bytes=9) == 8
print(f"{rates[0]:.2f} bits per byte with bytes, {rates[-1]:.2f} with 4,096 tokens")

# %% mystnb={"image": {"alt": "Two panels over the size of the vocabulary from 256 to 4,096. Left: nats per token climb from 3.37 to 6.28. Right: bits per byte of the same models fall from 4.86 to 3.05."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(4.8, 2.5))
left.plot(sizes, [nats for nats, _ in by_size], marker="o", color=COLOURS["rival"])
left.set(title="Tokens cost more …", ylabel="nats per token")
right.plot(sizes, rates, marker="o", color=COLOURS["model"])
right.set(title="… the text costs less", ylabel="bits per byte")
for ax in (left, right):
    ax.set(xscale="log", xlabel="size of the vocabulary", ylim=(0, 7))
    ax.set_xticks(sizes, sizes)
    ax.minorticks_off()
plt.show()

# %% [markdown]
# The same model costs 4.86 bits per byte of text when its tokens are bytes, and 3.05 when they are pieces of words. Much of what a longer look back would have told it, the token already holds. (The first token is given and costs nothing, which in a text of this length changes no digit shown.) From now on, where tokenizers differ, we compare bits per byte.
#
# And a model that really looks further back?
#
# ## Counting further back
#
# To keep the numbers small we go on with characters. The bigram of the first page now learns from four and a half million letters, and is judged on the held-out works. <!-- number four and a half million: above -->

# %%
V = chars.vocab_size
train = torch.tensor(chars.encode(train_text))
held_out = torch.tensor(chars.encode(held_out_text))
naive = AddK(train, order=2, k=0, vocab_size=V).surprisal(held_out)
n_impossible = naive.isinf().sum()
print(f"{naive.mean()} nats: {n_impossible} of {len(naive):,} given probability 0")

# %% [markdown]
# 76 letters are enough to spoil the mean of all the rest. Adding one to every count mends it:

# %%
add_one = AddK(train, order=2, k=1, vocab_size=V).surprisal(held_out)
print(f"{add_one.mean():.3f} nats per letter")

# %% [markdown]
# An *n-gram* model looks back over *n* − 1 letters. These are its *context*; *n* is its order. With longer contexts, adding one stops working. There are 83⁴, more than 47 million, ways to write four letters. <!-- number 83⁴: V to the fourth --> <!-- number 83, 83: above --> Most never occur, and most of those that do were followed by only a few of the 83. One more count for each of the 83 then outweighs all that was seen.

# %%
assert 47e6 < V**4 < 48e6

# %% [markdown]
# *Kneser–Ney* smoothing joins two better ideas ([Kneser and Ney, 1995](../book/references.md#kneser1995)). The first: take a fixed discount $D$ off each count, and give what was taken to the guess of a model with a shorter context. After *e s t r*, most of the weight goes to what followed *e s t r*; some goes to what followed *s t r*, which in turn gives some to *t r*, and so on, down to all letters alike.
#
# $$\begin{aligned} p(w \mid h) ={}& \frac{\max(c(hw) - D,\ 0)}{c(h)} \\ &+ \frac{D \, n(h)}{c(h)}\; p(w \mid h') \end{aligned} \tag{1}$$
#
# Here $w$ is the next letter, $h$ the context and $h'$ the context without its first letter; $c$ counts, and $n(h)$ is the number of different letters seen after $h$. $D$ was taken off that many times, so $D\,n(h)$ is what there is to give. A context that was never seen hands the guess on whole.
#
# The second idea is what the shorter model should count. Words show it best.

# %%
words = re.findall(r"[A-Za-z']+", train_text)
came_after = defaultdict(set)
for previous, word in pairwise(words):
    came_after[word].add(previous)
for word in ["TOBY", "Since"]:
    n, n_before = Counter(words)[word], len(came_after[word])
    print(f"{word}: {n} times; different words before it: {n_before}")
assert came_after["TOBY"] == {"SIR"}

# %% [markdown]
# *TOBY* is more frequent than *Since*, but it stands after *SIR* and nowhere else. After a word that neither has followed before, *Since* is by far the better guess. So all but the longest n-grams are counted by how many different letters they come after, not by how often they occur. Both ideas together, on our line:

# %%
n_before = Counter(b for _, b in set(pairwise(line)))  # different letters before

def kneser_ney(counts, letter, D=0.5):
    shorter = n_before[letter] / n_before.total()
    freed = D * len(counts) / counts.total()
    return max(counts[letter] - D, 0) / counts.total() + freed * shorter

kept, freed = 3 - 0.5, 3 * 0.5
back = freed * 1 / 10
print(f"r keeps {kept}, gets back {back} of {freed}: {kept + back} in 7")
assert math.isclose(kneser_ney(after[" "], "r"), (kept + back) / 7)
assert math.isclose(sum(kneser_ney(after[" "], b) for b in alphabet), 1)

# %% [markdown]
# By pencil: after a space, *r* was seen 3 times and keeps 2.5. Three letters were seen there, so the discounts free 1.5. Of the ten different pairs in the line one ends in *r*, so *r* gets back a tenth of it: 2.65 out of 7. <!-- number a tenth: one of the ten pairs --> The package does the same for any length of context, and discounts the shorter ones too. Chen and Goodman compared what was known by 1999, and found only their own refinement better: three discounts for each length, for counts of one, of two and of more, worked out from how many n-grams occur once, twice, three and four times ([Chen and Goodman, 1999](../book/references.md#chen1999)). That is the form we use. <!-- number three, two, twice, four: cited chen1999 -->

# %%
from afterword.text.ngrams import KneserNey

five = KneserNey(train, order=5, vocab_size=V)
five_loss = five.surprisal(held_out).mean().item()
print(f"{five_loss:.3f} nats per letter, perplexity {perplexity(five_loss):.2f}")

# %% [markdown]
# Before we hear it, back to the tokenizers. The unigram liked large pieces. Does a model with a context of four tokens? <!-- number four: order 5 looks back so far -->

# %%
by_context = {}
for size in [256, 1_024, 4_096]:
    smaller = BPETokenizer.from_merges(bpe.merges[: size - 256])
    texts = train_text, held_out_text
    read, unread = (torch.tensor(smaller.encode(text)) for text in texts)
    nats = KneserNey(read, order=5, vocab_size=size).surprisal(unread).mean().item()
    rate = bits_per_byte(nats, n_tokens=len(unread) - 1, n_bytes=n_bytes)
    by_context[size] = rate
    print(f"{size:5,} tokens: {rate:.2f} bits per byte")
gained = by_context[256] - min(by_context.values())
print(f"{gained:.2f} bits gained, {rates[0] - rates[-1]:.2f} without context")

# %% [markdown]
# A model that looks back gains little from large tokens: 0.14 bits at most, where the unigram gained 1.81, and the middle size is best. What a big vocabulary did for the unigram was to lend it a memory. This one has its own. What does it sound like?
#
# ## A model writes
#
# To write is to draw a letter, append it, and ask again. That is true of a table of counts and of the largest model there is, so we write it once, for anything that turns ids into logits. Ids have the shape (texts, positions); logits have one axis more, a score for each token of the vocabulary that could come after each position. To go on we need only the last position's, `[:, -1]`.

# %%
def draw(logits, rng):
    return torch.multinomial(logits.softmax(dim=-1), 1, generator=rng).squeeze(-1)

# %%
@torch.no_grad()
def stream(model, ids, *, context_length, rng):
    while True:
        ids = ids[:, -context_length:]
        token = draw(model(ids)[:, -1], rng)
        yield token
        ids = torch.cat([ids, token.unsqueeze(-1)], dim=-1)

# %% [markdown]
# `no_grad` tells torch that nothing is being trained. The stream has no end; `islice` takes as much of it as we want.

# %%
start = torch.tensor([chars.encode("The ")])  # one text
letters = islice(stream(five, start, context_length=4, rng=rng), 60)
print(chars.decode([letter.item() for letter in letters]))

# %% [markdown]
# The package has both, with the choices that chapter 6 is about; without them it draws what ours draws.

# %%
from afterword.sampling import generate

def sixty_letters(stream):
    rng = torch.Generator().manual_seed(1)
    letters = stream(five, start, context_length=4, rng=rng)
    return torch.cat(list(islice(letters, 60)))

assert torch.equal(sixty_letters(stream), sixty_letters(generate.stream))

# %% [markdown]
# From text to text, this is `write`. How far back must a model look, to write? These look back over no letter, one, two and four.

# %%
from afterword.sampling.generate import write

def sample(model, n_tokens=150, prompt="To be, or not to be"):
    rng, n = torch.Generator().manual_seed(8), model.context_length
    return write(
        model, chars, prompt, n_tokens=n_tokens, context_length=n, rng=rng
    )

for order in [1, 2, 3, 5]:
    text = sample(KneserNey(train, order=order, vocab_size=V), n_tokens=100)
    print(f"--- order {order}\n{text}\n")

# %% [markdown]
# And at order 8:

# %% tags=["front:writes"]
eight = KneserNey(train, order=8, vocab_size=V)
print(sample(eight))

# %% [markdown]
# Read them aloud. (The seed, which fixes the random draws, is the one of ten that we liked best; try others.) <!-- number one of ten: how we chose --> Order 1 has Shakespeare's letters and nothing else. Order 2 can be pronounced for a syllable or two. Order 3 writes short words and breaks its lines. At order 5 nearly every word is one, and *honey-sweary* ought to be. Order 8 keeps its grammar for a few words at a time, and has the tone: *as when times of dross*.
#
# Now listen for what is missing. Nobody speaks to anybody. No line knows what the line before it wanted. What was more than seven letters ago is gone. <!-- number seven: order 8 looks back so far -->
#
# It sounds better with each order. By how much?
#
# ## The ladder
#
# Here are models that need no training to speak of, each knowing a little more than the one above it. Later, when a network's loss falls over hours, we shall want to know what the fall is worth. These floors will be drawn into every learning curve.

# %%
from afterword.text.ngrams import floors

ladder = floors(train, held_out, vocab_size=V)
assert ladder["uniform"] == math.log(V)
assert ladder["5-gram Kneser–Ney"] == five_loss
eight_loss = eight.surprisal(held_out).mean().item()
for (_, worse), (name, better) in pairwise(ladder.items()):
    print(f"{name} saves {(worse - better) / math.log(V):.0%} of ln {V}")
for order, nats in [(5, five_loss), (8, eight_loss)]:
    in_bits = nats / math.log(2)
    print(f"order {order}: {nats:.3f} nats, {in_bits:.2f} bits per letter")

# %% mystnb={"image": {"alt": "Horizontal bars, in nats per letter: uniform 4.42, unigram 3.37, bigram 2.49, 5-gram Kneser-Ney 1.48."}} tags=["hide-input"]
from afterword.plots.curves import plot_band, plot_ladder

ax = plot_ladder(ladder, unit="letter")
ax.set_title("Context more than halves the cost")
plt.show()

# %% [markdown]
# The highest is ln 83, for a model that knows nothing. Frequencies take off a quarter of it, one letter of context a fifth, and three letters more bring the loss to 1.48 nats. <!-- number three: from order 2 to order 5 --> In these works a letter is a byte, so that is 2.14 bits per byte; the unigram over pieces of words stood at 3.05. The ladder stops at order 5, which is quick to count. Counting can go lower: the order-8 model that we have just heard reaches 1.40.
#
# A mean hides where the cost lies. Here is a line from a play that the model has not read. Each letter stands as high as its surprisal, in bits. Where would you have drawn them?

# %% mystnb={"figure": {"caption": "A line of Shakespeare. The higher a letter, the less a counting model expected it."}, "image": {"alt": "Beware the Ides of March, letter by letter, each on a stem as high as its surprisal. The I and the d of Ides stand highest by far, the I at 13 bits; the other letters that begin a word stand fairly high, and most of those inside a word near the ground."}} tags=["hide-input", "opening"]
from afterword.plots.words import plot_raised

unseen = "Beware the Ides of March."
end = held_out_text.index(unseen) + len(unseen)
costs = eight.surprisal(held_out[end - 60 : end]) / math.log(2)
costs = costs[-len(unseen) :]
plot_raised(unseen, costs, "bits")
plt.show()
ides = slice(unseen.index("I"), unseen.index(" of"))
print(f"Ides {costs[ides].sum():.0f} bits, the line {costs.sum():.0f}")

# %% [markdown]
# The beginnings of words cost most, and the model glides down from there: once it has seen *th*, the *e* is nearly free. *Ides* alone, a word that it hardly knows, takes 31 bits, and the whole line 78. That is where something can still be gained, and one will have to know more than letters for it.
#
# How far down could the ladder go? Shannon had printed English guessed letter by letter, with the hundred letters before it in view, and worked out from the guesses that a letter is worth between 0.6 and 1.3 bits ([Shannon, 1951](../book/references.md#shannon1951)). His alphabet had 27 signs, *a* to *z* and the space. <!-- number 0.6, 1.3, hundred: cited shannon1951 --> Reduce our text to these, and take order 8:

# %%
def reduced(text):
    signs = " abcdefghijklmnopqrstuvwxyz"
    letters = re.sub("[^a-z]+", " ", text.lower())
    return torch.tensor(CharTokenizer(signs).encode(letters))

model = KneserNey(reduced(train_text), order=8, vocab_size=27)
nats = model.surprisal(reduced(held_out_text)).mean().item()
print(f"{nats / math.log(2):.2f} bits per letter of 27")
assert nats / math.log(2) - 1.3 > 0.5

# %% [markdown]
# Less than two, and still more than half a bit above the upper of his bounds. His text was not Shakespeare, so do not lean on the second digit. But his guessers knew what the words meant. The rest of this book is about closing that gap.
#
# ## An experiment: how much context pays?
#
# Before you go on, write down a guess. If four letters back are better than one, are eight better than four? <!-- number four, four, eight: orders 5 and 9 look back so far --> Our own guess: with Kneser–Ney every further letter helps, if only a little; with a small constant added to the counts, longer contexts do harm once the counts run thin.
#
# We change one thing, the order, for each of the two smoothings. The works are shuffled once and dealt into five parts; each part is held out in turn. To be quick, a model learns from a quarter of a million letters and is judged on as many.

# %%
chance = torch.Generator().manual_seed(0)
shuffled = torch.randperm(len(works), generator=chance)

def fold(k):
    aside = {list(works)[i] for i in shuffled[k::5]}
    learn = "\n\n\n".join(works[title] for title in works if title not in aside)
    judge = "\n\n\n".join(works[title] for title in works if title in aside)
    return learn, judge

# %%
orders, runs = range(1, 10), []
for k in range(5):
    texts = [text[:250_000] for text in fold(k)]
    learn, judge = (torch.tensor(chars.encode(text)) for text in texts)
    for n in orders:
        smooth = KneserNey(learn, order=n, vocab_size=V)
        added = AddK(learn, order=n, k=0.01, vocab_size=V)
        runs.append([model.surprisal(judge).mean() for model in (smooth, added)])
kneser_ney_runs, added_runs = torch.tensor(runs).view(5, 9, 2).unbind(dim=-1)

# %% mystnb={"image": {"alt": "Loss in nats per letter over the order of the model, 1 to 9, as bands over five held-out parts. Both curves fall together at first. Adding 0.01 turns at order 4 and climbs. Kneser-Ney falls until order 6 and then stays level."}} tags=["hide-input"]
ax = plot_band(orders, added_runs, label="add 0.01", color=COLOURS["rival"])
blue = COLOURS["model"]
plot_band(orders, kneser_ney_runs, label="Kneser–Ney", color=blue, ax=ax)
ax.set(title="Without good smoothing, context does harm", xticks=orders)
ax.set(xlabel="order n: it looks back n − 1 letters", ylabel="nats per letter")
plt.show()

# %%
print("best order of Kneser–Ney:", (kneser_ney_runs.argmin(dim=1) + 1).tolist())
print("best order, adding 0.01:", (added_runs.argmin(dim=1) + 1).tolist())
at_5, at_9 = kneser_ney_runs[:, 4], kneser_ney_runs[:, 8]
gain, spread = at_5 - at_9, at_5.max() - at_5.min()
print(f"order 5: {at_5.min():.2f} to {at_5.max():.2f}, a spread of {spread:.2f}")
print(f"order 9: {gain.min():.3f} to {gain.max():.3f} less than order 5")
print(f"the spread is {spread / gain.mean():.0f} times the mean gain")
times = len(train_text) / 250_000
print(f"order 8, {times:.0f} times the text: {five_loss - eight_loss:.3f} less")
assert (added_runs[:, 7] > added_runs[:, 1]).all()

# %% [markdown]
# (The line is the mean of the five parts; the band runs from the least to the most.) Half right. Adding a constant is best at order 4, and by order 8 it is worse than the plain bigram. With Kneser–Ney, eight letters back are indeed better than four, in all five parts. <!-- number eight, four: orders 9 and 5 look back so far --> But the gain is a hundredth of a nat, and order 6 is better still. How much context pays depends on the text that is there to fill it: the order-8 model that we let write had read eighteen times as much, and it gains 0.081 nats on order 5.
#
# Look at the third and fourth printed lines together. Which works happen to be held out moves the loss by 0.15 nats, seventeen times what we wanted to measure. Had we judged order 5 on one part and order 9 on another, chance would have decided. Judged on the same works, the sign is the same five times out of five. So: **compare on the same text**, and show the spread.
#
# ## Did it write that, or remember it?
#
# An *n*-gram model without smoothing can only go on as the text once went on. With a long context, few places in the text fit, and in the end only one: then it recites.

# %%
small_text, small = train_text[:1_000_000], train[:1_000_000]
parrot = AddK(small, order=20, k=0, vocab_size=V)
print(sample(parrot))

# %% [markdown]
# Word for word the third act of *Hamlet*, which is in the million letters it has read. (It must start from a context that it has read. After any other it has no counts, and to it all letters are alike.) How would you know, if you did not know *Hamlet*? Cut what a model wrote into pieces of 20 letters, and look each one up in what it has read. People repeat themselves too, so the same is done for works it has not read.

# %%
def copied_pieces(text, size=20):
    pieces = [text[i : i + size] for i in range(0, len(text) - size + 1, size)]
    return [piece for piece in pieces if piece in small_text], len(pieces)

for title in ["Julius Caesar", "Pericles", "King Richard III"]:
    copies, n = copied_pieces(works[title])
    print(f"{title}: {len(copies)} of {n:,} pieces, {len(copies) / n:.2%}")
copies[:12]

# %% [markdown]
# In these plays between 0.26% and 0.67% of the pieces stand letter for letter in what the model has read. The list shows the first twelve from *King Richard III*: stage furniture, and phrases that were anybody's.
#
# ### How far can a share be trusted?
#
# Here the bell curve has its place. Our *r* came after a space with probability 3/7. Draw a thousand letters and note the share of *r*. Do that many times. The measured shares heap up around 3/7, and the heap is a Gaussian. Its width, the standard deviation, is known beforehand: the square root of $p(1-p)/n$.

# %% mystnb={"image": {"alt": "Histogram of the share of r in samples of a thousand letters. The bars make a bell around 3/7, and the Gaussian curve with the predicted width lies on top of them."}} tags=["hide-input"]
n = 1_000
r_shares = (torch.rand(5_000, n, generator=rng) < p_r).float().mean(dim=1)
width = math.sqrt(p_r * (1 - p_r) / n)
fig, ax = plt.subplots(figsize=(4.8, 2.5))
bins = torch.arange(0.3605, 0.4985, 0.003).tolist()  # three shares to a bar
ax.hist(r_shares.tolist(), bins=bins, density=True, color=COLOURS["floor"])
x = torch.linspace(p_r - 4 * width, p_r + 4 * width, 200)
bell = torch.exp(-(((x - p_r) / width) ** 2) / 2) / (width * math.sqrt(2 * math.pi))
ax.plot(x, bell, color=COLOURS["model"])
ax.set(title="Shares measured on 1,000 letters make a bell")
ax.set(xlabel="share of r", yticks=[])
plt.show()

# %% [markdown]
# In a Gaussian, 95% of the draws lie within 1.96 widths of the middle. Ours should too.

# %%
print(f"by the formula {math.erf(1.96 / math.sqrt(2)):.0%} lie within 1.96 widths")
inside = ((r_shares - p_r).abs() < 1.96 * width).float().mean().item()
print(f"ours: {inside:.1%} within 1.96 × {width:.4f} = {1.96 * width:.3f}")

# %% [markdown]
# So a share measured on a thousand draws is good to about 0.03. Turned around, this gives an interval for the true share around a measured one. We use Wilson's form of the rule, which also works near zero and one. Our throws of coins, for instance:

# %%
from afterword.evaluation.intervals import share_interval

low, high = share_interval(one_letter.sum().item(), 10_000)
print(f"between {low:.3f} and {high:.3f}; exactly: {155 / 343:.3f}")
assert low < 155 / 343 < high

# %% [markdown]
# One condition: the draws must not depend on each other. Coins do not. Neighbouring pieces of one play do, for they share its speakers and its scenes. So below, each sample that a model writes counts as one draw, and the average of many samples is again a bell: its width is the standard deviation of the samples over the square root of their number.
#
# ### The parrot and the others
#
# Now the models. Our guess: nothing copied for short contexts, everything for long ones, and Kneser–Ney somewhat better, since it now and then leaves the track. Each model starts at twenty random places of what it has read, and writes 200 letters.

# %%
def copied_shares(model, n_samples=20):
    n, rng = model.context_length, torch.Generator().manual_seed(0)
    places = torch.randint(len(small) - n, (n_samples, 1), generator=rng)
    start = small[places + torch.arange(n)]
    steps = islice(stream(model, start, context_length=n, rng=rng), 200)
    rows = torch.stack(list(steps), dim=1).tolist()
    return [len(copied_pieces(chars.decode(row))[0]) / 10 for row in rows]

orders = [2, 4, 8, 10, 12, 16]
raw = [copied_shares(AddK(small, order=n, k=0, vocab_size=V)) for n in orders]
smooth = [copied_shares(KneserNey(small, order=n, vocab_size=V)) for n in orders]

# %% mystnb={"image": {"alt": "Share of 20-letter pieces copied from the training text, over the order of the model from 2 to 16: means of twenty samples with their intervals. Without smoothing it rises from nothing at order 4 to nearly all at order 16. With Kneser-Ney smoothing it stays near one piece in a hundred."}} tags=["hide-input", "front:recites"]
from afterword.plots.curves import plot_means

ax = plot_means(orders, raw, label="not smoothed", color=COLOURS["rival"])
plot_means(orders, smooth, label="Kneser–Ney", color=COLOURS["model"], ax=ax)
ax.set(title="A long context recites, unless it is smoothed", xticks=orders)
ax.set(xlabel="order n", ylabel="share of pieces copied")
plt.show()

# %%
for name, samples in [("not smoothed", raw[-1]), ("Kneser–Ney", smooth[-1])]:
    samples = torch.tensor(samples)
    half = 1.96 * samples.std() / math.sqrt(len(samples))
    print(f"order 16, {name}: {samples.mean():.1%} ± {half:.1%}")

# %% [markdown]
# About the parrot we guessed right. About Kneser–Ney we were wrong: with as many letters in view it copies about one piece in a hundred, within reach of what Shakespeare copies from himself. Has it forgotten the text? Ask how much probability it gives to the letter that really came, in a stretch that it has read.

# %%
model = KneserNey(small, order=16, vocab_size=V)
p_next = model.surprisal(small[500_000:510_000]).neg().exp().mean().item()
print(f"{p_next:.3f} a letter, {p_next**20:.4f} for twenty in a row")

# %% [markdown]
# It has not. It would go on as the text does two times out of three. But a piece is copied only if it does so twenty times in a row, and if every letter were like the average, that would happen four times in ten thousand. Letters are not all alike, so it copies more, but not much: one piece in a hundred. Smoothing was meant to make it guess better. It also keeps it from reciting what it knows.
#
# Keep both questions, for they come back with the largest models, which recite what they have read as well ([Carlini et al., 2021](../book/references.md#carlini2021)): what share of this was copied, and what is that share for people?
#
# ## Claim: *first, remove the stop words*
#
# Many guides to text generation begin like this: clean the data, drop *the*, *and*, *of*. We drop 57 such words and train on what is left. To see what comes from dropping *these* words, and not from dropping words, a third text loses about as many words at random. Each model learns from a million letters and guesses held-out works as they were written; three of the five parts are held out, one at a time. <!-- number a million, three of the five: set in the cells below -->

# %%
STOP_WORDS = set("""the and to of a in is that it for with as be this on by at or
an are was not but from have had has he she they we you i me my his him her your
our their them do did so if no all will shall what which who when there then
than""".split())

def without(text, is_dropped):
    def keep(match):
        return "" if is_dropped(match[0].strip().lower()) else match[0]
    return re.sub(r"[A-Za-z']+ ?", keep, text)

# %%
gone = [word for word in words if word.lower() in STOP_WORDS]
share = len(gone) / len(words)
print(f"{len(STOP_WORDS)} words make up {share:.0%} of all that are written")
famous = "To be, or not to be,--that is the question:--"
print(without(famous, STOP_WORDS.__contains__))

# %%
def bits_on_real_text(k, is_dropped):
    learn, judge = fold(k)
    learn = without(learn, is_dropped)[:1_000_000]
    model = KneserNey(torch.tensor(chars.encode(learn)), order=5, vocab_size=V)
    judge = torch.tensor(chars.encode(judge[:250_000]))
    return model.surprisal(judge).mean().item() / math.log(2)

dice = random.Random(0)
ways = {"none": lambda word: False,
        "as many at random": lambda word: dice.random() < share,
        "stop words": STOP_WORDS.__contains__}
dropped = {way: [bits_on_real_text(k, ways[way]) for k in range(3)] for way in ways}
for way, bits in dropped.items():
    extra = [b - before for b, before in zip(bits, dropped["none"])]
    print(f"{way}: {sum(bits) / 3:.2f} bits per letter, {sum(extra) / 3:.2f} more "
          f"than none ({min(extra):.2f} to {max(extra):.2f})")

# %%
cleaned = without(train_text, STOP_WORDS.__contains__)[:1_000_000]
ids = torch.tensor(chars.encode(cleaned))
print(sample(KneserNey(ids, order=8, vocab_size=V), n_tokens=300))

# %% [markdown]
# To lose words at random costs a twentieth of a bit. To lose these costs more than eight tenths. And read it: no *the*, no *of*, nouns and names set down side by side. What was thrown away as noise was the grammar. *To be, or not to be* is made of stop words.
#
# Where does the advice come from? From search. There the question is which work a passage is from, and *the* says nothing about that. We index the first half of each work <!-- number half: where we cut --> by its counts of words, take passages from the second halves, and ask for the work whose counts point in the most similar direction.

# %% tags=["hide-input"]
def direction(text, weight):
    """Weighted counts of words, as an arrow of length one."""
    counts = Counter(re.findall(r"[a-z']+", text.lower()))
    arrow = {word: n * weight(word) for word, n in counts.items()}
    length = math.sqrt(sum(x * x for x in arrow.values()))
    return {word: x / length for word, x in arrow.items()}

def likeness(query, entry):
    return sum(x * entry.get(word, 0) for word, x in query.items())

halves = {title: text[: len(text) // 2] for title, text in works.items()}
bags = [direction(half, lambda word: 1) for half in halves.values()]
n_works_with = Counter(word for bag in bags for word in bag)

# %%
def n_found(weight, places=(0.6, 0.75, 0.9)):
    index = {title: direction(half, weight) for title, half in halves.items()}
    found = 0
    for title, text in works.items():
        for place in places:
            query = direction(text[int(place * len(text)) :][:1_000], weight)
            found += title == max(index, key=lambda t: likeness(query, index[t]))
    return found, len(works) * len(places)

# %%
def is_kept(word):
    return word not in STOP_WORDS

def rarity(word):
    return math.log(len(works) / max(n_works_with[word], 1))

weights = {"all words alike": lambda word: 1, "without stop words": is_kept,
           "by rarity": rarity,
           "by rarity, without": lambda word: is_kept(word) * rarity(word)}
for name, weight in weights.items():
    hits, n = n_found(weight)
    low, high = share_interval(hits, n)
    print(f"{name}: {hits} of {n} found ({low:.0%} to {high:.0%})")

# %% [markdown]
# So there is something in the advice, for search: without stop words more passages are found. But weigh each word by how few works have it, and more still are found, as many with the stop words as without. Even there they need not go. (Passages of one work resemble each other, so the intervals are a little too narrow. The differences are not in doubt.) A finder wants what sets texts apart, a writer what holds them together. Leave the words in.
#
# ## Exercises
#
# Each has a checker that says what went wrong, and a solution to unfold.
#
# > **Exercise 1.** *Easy, 10 minutes.* Write `perplexity_of(probs)`: the perplexity of a text, from the list of probabilities that the model gave to the letters that came. For 0.5 and 0.125 it is 4. <!-- number 0.5, 0.125, 4: what the checker asks -->

# %%
from afterword.exercises import ch01

def perplexity_of(probs):
    ...

ch01.check_perplexity(perplexity_of)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def perplexity_of(probs):
    return 2 ** (sum(map(surprisal, probs)) / len(probs))

ch01.check_perplexity(perplexity_of)

# %% [markdown]
# > **Exercise 2.** *Medium, 20 minutes.* We have trained merges, but left it to the package to apply them to a new text. Write `encode_chunk(ids, merges)`: from the bytes of one chunk to its tokens. `merges` is a dict from pair to new id, the smallest id learnt first. With `{(98, 99): 256, (97, 98): 257}`, the bytes of *abc*, `[97, 98, 99]`, become `[97, 256]`. Why not `[257, 99]`?

# %%
def encode_chunk(ids, merges):
    ...

ch01.check_encode(encode_chunk)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def encode_chunk(ids, merges):
    while known := [pair for pair in pairwise(ids) if pair in merges]:
        first_learnt = min(known, key=merges.get)
        ids = merge(ids, first_learnt, merges[first_learnt])
    return ids

ch01.check_encode(encode_chunk)

# %% [markdown]
# > **Exercise 3.** *Medium, 15 minutes.* Write `bits_per_byte_of(probs, text)`, from the probability that a model gave to each token of a text, and the text. The checker's text is *rosé 玫瑰*, in six tokens. <!-- number six: as the checker has it -->

# %%
def bits_per_byte_of(probs, text):
    ...

ch01.check_bits_per_byte(bits_per_byte_of)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def bits_per_byte_of(probs, text):
    return sum(map(surprisal, probs)) / len(text.encode())

ch01.check_bits_per_byte(bits_per_byte_of)

# %% [markdown]
# ## What you now have
#
# You can turn any text into ids and back without loss, by bytes or by pieces learnt from the text. You know what a model predicts, a categorical distribution over the next piece, and what a prediction costs, in nats, in bits, as perplexity, and, when tokenizers differ, in bits per byte. You have models that count, a loop in which any model writes, and four floors: 4.42, 3.37, 2.49 and 1.48 nats per letter. <!-- number four: as listed -->
#
# You have also met the limits of counting. A table cannot see further back than its keys are long. And it cannot know that *king* and *queen* are alike: what it learnt after one says nothing about the other. [The next chapter](02_attention.ipynb) builds the part of a language model that can look at any earlier word, near or far, and ask how much it matters.
