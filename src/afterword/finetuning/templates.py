"""How a conversation is written down, so that who speaks and who stops can be seen in the ids.

prompt = to_prompt([dict(role="user", content="Why?")], template=CHATML)
text = write(model, WithMarkers(tokenizer), prompt, …, stop=["<|im_end|>"])
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from afterword.text.tokenizer import Ids, Tokenizer

Message = Mapping[str, str]  # with a role and a content
ANSWERS = "assistant"  # the role whose words are learnt


@dataclass(frozen=True, kw_only=True)
class Template:
    """How a conversation is written: what stands before and after a message of each role.

    ``system`` is said first where a conversation does not begin with a message of that role; by
    default nothing is.
    """

    begin: Mapping[str, str]
    end: Mapping[str, str]
    system: str = ""

    def __post_init__(self):
        if self.begin.keys() != self.end.keys() or ANSWERS not in self.begin:
            raise ValueError(
                f"the template begins messages of {', '.join(self.begin)} and ends those of "
                f"{', '.join(self.end)}; both need the same roles, {ANSWERS} among them"
            )
        endless = [role for role, end in self.end.items() if not end]
        if endless:
            raise ValueError(
                f"nothing ends a message of {endless[0]}, so it could not be told from the next; "
                f"give end[{endless[0]!r}] a marker"
            )


ROLES = ("system", "user", ANSWERS)
CHATML = Template(
    begin={role: f"<|im_start|>{role}\n" for role in ROLES},
    end=dict.fromkeys(ROLES, "<|im_end|>\n"),
    system="You are a helpful AI assistant named SmolLM, trained by Hugging Face",
)
# for a model of letters: two that its books hardly use, and an answer ends with an empty line
PLAIN = Template(begin={"user": "{", ANSWERS: ""}, end={"user": "}\n", ANSWERS: "\n\n"})


def to_prompt(messages: Sequence[Message], *, template: Template) -> str:
    """The conversation so far, up to where the assistant's answer begins.

    With a tokenizer that has special tokens, give it to the model through ``WithMarkers``.

    >>> to_prompt([dict(role="user", content="the moon")], template=PLAIN)
    '{the moon}\\n'
    """
    messages = complete(messages, template)
    if messages[-1]["role"] == ANSWERS:
        raise ValueError(
            f"the last message is of {ANSWERS}, so there is nothing to answer; leave it out"
        )
    said = [template.begin[m["role"]] + m["content"] + template.end[m["role"]] for m in messages]
    return "".join(said) + template.begin[ANSWERS]


class WithMarkers:
    """A tokenizer that takes special tokens spelled out in a text for those tokens.

    For texts that a template wrote, such as ``write(model, WithMarkers(tokenizer), prompt, …)``.
    A tokenizer that has none is used as it is.
    """

    def __init__(self, tokenizer: Tokenizer):
        self.tokenizer, self.vocab_size = tokenizer, tokenizer.vocab_size

    def encode(self, text: str) -> list[int]:
        if getattr(self.tokenizer, "special_tokens", None):
            return self.tokenizer.encode(text, allow_special=True)
        return self.tokenizer.encode(text)

    def decode(self, ids: Ids) -> str:
        return self.tokenizer.decode(ids)


def complete(messages: Sequence[Message], template: Template) -> list[Message]:
    """The messages, after that of the system where they begin without one; bad ones refused."""
    if not messages:
        raise ValueError("a conversation needs messages, got none")
    if template.system and messages[0].get("role") != "system":
        messages = [dict(role="system", content=template.system), *messages]
    for message in messages:
        if message.keys() != {"role", "content"}:
            raise ValueError(f"a message has a role and a content, got {dict(message)}")
        if message["role"] not in template.begin:
            raise ValueError(
                f"the template has no role {message['role']!r}; there are: "
                f"{', '.join(template.begin)}"
            )
        check_content(message["content"], template, end=template.end[message["role"]])
    return list(messages)


def check_content(content: str, template: Template, *, end: str) -> None:
    """Raise ``ValueError`` if what was said could be mistaken for a marker."""
    written = filter(None, [*template.begin.values(), *template.end.values()])
    forged = [marker for marker in written if (marker.strip() or marker) in content]
    if (content + end).index(end) < len(content):
        forged.append(end)
    if forged:
        raise ValueError(
            f"the content {content!r} would spell {forged[0]!r}, which the template uses as a "
            "marker; take it out, or use a template with other markers"
        )
