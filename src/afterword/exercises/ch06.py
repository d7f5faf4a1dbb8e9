"""Checkers for the exercises of chapter 6."""

from afterword.exercises.checking import NotYet, compare, is_unwritten


def check_nucleus(nucleus) -> None:
    """``nucleus(p, mass)``: the places that top-p keeps, likeliest first."""
    p = [0.125, 0.5, 0.25, 0.125]
    got = nucleus(p, 0.75)
    if is_unwritten(got, "nucleus"):
        return
    compare(
        got,
        [1, 2],
        slips={
            "Those are the probabilities. Their places in the list were wanted.": [0.5, 0.25],
            "You added up in the order of the list. Begin with the likeliest.": [0, 1, 2],
            "With 0.5 and 0.25 the mass of 0.75 is reached; yours takes one more. What is kept "
            "is what has less than the mass before it.": [1, 2, 0],
            "Right, but in the order of the list reversed: the likeliest is place 1.": [2, 1],
        },
        otherwise="From the likeliest down: 0.5 is place 1, 0.25 is place 2, and that is enough.",
    )
    compare(
        nucleus(p, 0.6),
        [1, 2],
        slips={
            "The one that crosses the edge is missing: 0.5 alone is less than 0.6, so place 2 "
            "stays.": [1],
        },
        otherwise="Right for 0.75. For 0.6 it is the same two places.",
    )
    compare(
        nucleus(p, 0.25),
        [1],
        slips={
            "The likeliest alone has more than the mass, and you keep nothing. One stays.": [],
        },
        otherwise="Right for 0.75 and 0.6. For 0.25 the likeliest alone is enough: [1].",
    )
    compare(
        nucleus(p, 1.0),
        [1, 2, 0, 3],
        slips={},
        otherwise="Right so far. With a mass of 1 all four stay, likeliest first, and of equals "
        "the first in the list.",
    )
    print("Right: the fewest of the likeliest that have the mass, the crossing one among them.")


def check_penalty(penalised) -> None:
    """``penalised(logits, said, penalty)``: what was said falls, whatever its sign."""
    got = penalised([3.0, -2.0, 4.0, -6.0], [0, 1, 0], 2.0)
    if is_unwritten(got, "penalised"):
        return
    compare(
        got,
        [1.5, -4.0, 4.0, -6.0],
        slips={
            "You divided the negative logit too, and −2 became −1: what was said has become "
            "likelier. Multiply there.": [1.5, -1.0, 4.0, -6.0],
            "You multiplied where you should divide, and divided where you should multiply: what "
            "was said has become likelier.": [6.0, -1.0, 4.0, -6.0],
            "You multiplied both. A positive logit falls when it is divided.": [
                6.0,
                -4.0,
                4.0,
                -6.0,
            ],
            "Token 0 was said twice, and you punished it twice. How often does not matter.": [
                0.75,
                -4.0,
                4.0,
                -6.0,
            ],
            "You changed the logits of all tokens, not only of those in `said`.": [
                1.5,
                -4.0,
                2.0,
                -12.0,
            ],
            "You changed what was not said, and left what was.": [3.0, -2.0, 2.0, -12.0],
            "You subtracted the penalty. That is the presence penalty.": [1.0, -4.0, 4.0, -6.0],
        },
        otherwise="Tokens 0 and 1 were said: 3 is divided by 2, −2 is multiplied by 2, the others "
        "stay.",
    )
    compare(
        penalised([2.0, -1.0], [], 3.0),
        [2.0, -1.0],
        slips={},
        otherwise="Right when something was said. When nothing was, nothing changes.",
    )
    compare(
        penalised([3.0, -1.0], [1, 0], 4.0),
        [0.75, -4.0],
        slips={},
        otherwise="Right for a penalty of 2. With 4, a logit of 3 becomes 0.75, and −1 becomes −4.",
    )
    print("Right: divided above zero, multiplied below, and once however often it was said.")


def check_stop(until) -> None:
    """``until(pieces, stop)``: the text before the stop string, across the pieces."""
    got = until(iter(["to be", "\n\nor not"]), "\n\n")
    if is_unwritten(got, "until"):
        return
    compare(
        got,
        "to be",
        slips={
            "The stop string itself is still there. End before it.": "to be\n\n",
            "What follows the stop string is still there. End before it.": "to be\n\nor not",
        },
        otherwise="The text is 'to be', then the stop string, then more: 'to be' was wanted.",
    )
    compare(
        until(iter(["to be\n", "\nor not"]), "\n\n"),
        "to be",
        slips={
            "You looked into each piece alone. Here one newline is in the first piece and one in "
            "the second: look at the text so far.": "to be\n\nor not",
            "The text ends with the first half of the stop string. Cut the text so far, not the "
            "last piece.": "to be\n",
        },
        otherwise="Right when the stop string lies in one piece. Here it lies across two.",
    )
    compare(
        until(iter(["To be, and mo", "re\n\nand\n\nmore"]), "\n\n"),
        "To be, and more",
        slips={
            "The letters before the stop string belong to the text, though the string is in the "
            "same piece.": "To be, and mo",
            "You cut at the last stop string. The first ends it.": "To be, and more\n\nand",
        },
        otherwise="Right so far. Of 'To be, and more', two newlines and more, the first four words "
        "were wanted.",
    )
    compare(
        until(iter(["no end", " here\n"]), "\n\n"),
        "no end here\n",
        slips={
            "Without a stop string you return nothing. Then the whole text is wanted.": "",
            "The stop string does not come here: str.find says −1, and a slice up to −1 drops "
            "the last letter.": "no end here",
        },
        otherwise="Right where the stop string comes. Where it does not, the whole text is wanted.",
    )
    pieces = iter(["a\n", "\nb", "c"])
    compare(until(pieces, "\n\n"), "a", slips={}, otherwise="'a' and two newlines: 'a' is left.")
    if list(pieces) != ["c"]:
        raise NotYet(
            "The text is right, but you read pieces after the stop string had come. Each costs a "
            "pass of the model: look after each piece, and return."
        )
    print("Right: across the borders, before the first stop string, and no piece too many.")


def check_speculation(say) -> None:
    """``say(p, q, guess, u, v)``: accept the draft's guess, or draw from what it lacked."""
    p, q = [0.5, 0.25, 0.125, 0.125], [0.125, 0.125, 0.25, 0.5]
    got = say(p, q, 1, 0.9, 0.5)
    if is_unwritten(got, "say"):
        return
    compare(
        got,
        1,
        slips={
            "Token 1 is twice as likely by p as by q, so the guess always stands. You let it fall: "
            "is your ratio q/p?": 0,
        },
        otherwise="Token 1 was guessed, and p/q is 2, which no u exceeds: 1 was wanted.",
    )
    compare(
        say(p, q, 2, 0.4, 0.1),
        2,
        slips={
            "Token 2 has p/q = 1/2, and u is 0.4, so the guess stands. You let it fall: do you "
            "accept only what p finds likelier?": 0,
        },
        otherwise="Token 2 has p/q = 1/2 and u is 0.4: the guess stands.",
    )
    compare(
        say(p, q, 3, 0.4, 0.6),
        0,
        slips={
            "Token 3 has p/q = 1/4, and u is 0.4, so it falls. You let it stand.": 3,
            "You threw v among all of p. Only what p has more of than q may come.": 1,
            "You took |p − q|. Where p has less than q nothing is lacking: max(p − q, 0).": 2,
            "What is lacking is 0.375 and 0.125, and does not add up to one, so that v = 0.6 lies "
            "past both. Divide by the sum.": None,
        },
        otherwise="Token 3 falls. What p has more of is 0.375 for token 0 and 0.125 for token 1, "
        "as shares 0.75 and 0.25; v is 0.6, so it is token 0.",
    )
    compare(
        say(p, q, 3, 0.4, 0.8),
        1,
        slips={
            "You took the token that lacks most. Throw v: 0.8 lies past the 0.75 of token 0.": 0,
        },
        otherwise="Right for v = 0.6. With 0.8 it lies past the 0.75 of token 0: token 1.",
    )
    print("Right: what the draft has too much of falls, and what it lacks is made up.")
