"""Answers to the exercises of chapter 4: right ones, and typical wrong ones with what they get."""

import torch

from afterword.exercises.ch04 import check_contributions, check_parameters, check_prefix


def in_block(d_model, d_head, n_heads, n_kv_heads, d_ff, *, n_norms=2, n_matrices=3):
    attention = 2 * d_model * d_head * (n_heads + n_kv_heads)
    return attention + n_matrices * d_model * d_ff + n_norms * d_model


def every_matrix(d_model, d_head, n_heads, n_kv_heads, d_ff):
    outputs = [n_heads * d_head, n_kv_heads * d_head, n_kv_heads * d_head]
    return sum(d_model * n for n in [*outputs, n_heads * d_head, d_ff, d_ff, d_ff, 1, 1])


def prefix(n_read, n_written):
    places = torch.arange(n_read + n_written)
    return (places <= places[:, None]) | (places < n_read)


def causal(n_read, n_written):
    return torch.ones(n_read + n_written, n_read + n_written).tril().bool()


def cut(n_read, n_written):
    allowed = prefix(n_read, n_written)
    allowed[n_read:, :n_read] = False
    return allowed


def ahead(n_read, n_written):
    allowed = prefix(n_read, n_written)
    allowed[:n_read] = True
    return allowed


def only_for_three(n_read, n_written):
    return prefix(3, 2) if n_read == 3 else ~causal(n_read, n_written)


def parts(x, blocks, *, normed=True, fresh=True, chained=True):
    result, begun = [x], x
    for block in blocks:
        at = x if chained else begun
        seen = block.attention(block.attention_norm(at) if normed else at)
        thought = block.mlp(block.mlp_norm(at + seen if fresh else at))
        result += [seen, thought]
        x = x + seen + thought
    return torch.stack(result)


def by_block(x, blocks):
    whole = parts(x, blocks)
    return torch.cat([whole[:1], whole[1::2] + whole[2::2]])


RIGHT = {
    check_parameters: [in_block, every_matrix],
    check_prefix: [prefix],
    check_contributions: [parts],
}
WRONG = {
    check_parameters: [
        (lambda *sizes: in_block(*sizes, n_norms=0), "You left out the two norms"),
        (lambda *sizes: in_block(*sizes, n_norms=1), "You counted one"),
        (lambda d, k, h, g, f: in_block(d, k, h, h, f), "as many heads as queries"),
        (lambda *sizes: in_block(*sizes, n_matrices=2), "two matrices in the MLP"),
        (lambda d, k, h, g, f: in_block(d, k, h, g, f) + 2 * k * (h + g), "There is a bias"),
        (lambda *sizes: in_block(*sizes, n_norms=4), "RMSNorm has a weight"),
        (lambda d, k, h, g, f: in_block(d, k, h, g, f) - d * h * k, "forgot the output matrix"),
        (lambda d, k, h, g, f: in_block(d, k, h, g, f) - d * g * k, "counted one of the two"),
        (lambda d, k, h, g, f: in_block(d, k, h, g, 4 * d), "4 d_model wide"),
        (lambda *sizes: 0, "Add up on paper"),
        (lambda *sizes: 448, "Right for the small block"),
    ],
    check_prefix: [
        (causal, "plain causal mask"),
        (lambda n, m: torch.ones(n + m, n + m).bool(), "Everybody sees everything"),
        (lambda n, m: ~prefix(n, m), "turned round"),
        (lambda n, m: prefix(n, m).mT, "Rows and columns"),
        (cut, "cannot see those that were read"),
        (ahead, "sees one that is yet to be written"),
        (lambda n, m: prefix(n, m)[n:], r"The shape should be \(5, 5\)"),
        (lambda n, m: prefix(n, m).int(), "A mask is True or False"),
        (lambda n, m: torch.eye(n + m).bool(), "Wanted"),
        (only_for_three, "Right for 3 and 2"),
        (lambda n, m: prefix(n, m).tolist(), "A tensor was wanted, and list came"),
    ],
    check_contributions: [
        (lambda x, blocks: parts(x, blocks).cumsum(0), "the stream after each part"),
        (lambda x, blocks: parts(x, blocks)[1:], "Before the first block"),
        (by_block, "A block adds twice"),
        (lambda x, blocks: parts(x, blocks, normed=False), "The first attention is not"),
        (lambda x, blocks: parts(x, blocks, fresh=False), "the first MLP is not"),
        (lambda x, blocks: parts(x, blocks, chained=False), "the second is not"),
        (lambda x, blocks: list(parts(x, blocks)), "A tensor was wanted, and list came"),
        (lambda x, blocks: parts(x, blocks)[None], r"The shape should be \(5, 4, 3\)"),
    ],
}
