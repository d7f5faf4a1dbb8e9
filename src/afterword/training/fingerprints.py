"""Whether a function is still the one that computed a result."""

import ast
import dis
import hashlib
import inspect
import json
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType


def fingerprint(function: Callable) -> str:
    """Sixteen letters that change when what the function computes may have changed.

    They depend on its code, less comments, docstrings and layout; on the functions and classes
    of its own module (or notebook) that it uses, and theirs; and on the plain values (numbers,
    text, lists and dicts of them) that these read. What comes from elsewhere, such as the
    package or a tensor, is not looked at.
    """
    if not inspect.isfunction(function) or function.__name__ == "<lambda>":
        raise ValueError(
            f"{function!r} came; a function made by `def` was wanted, whose source tells whether "
            "it has changed"
        )
    parts = {}
    _add(function.__name__, function, function.__module__, parts)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _add(name: str, value, module: str, parts: dict) -> None:
    """Put what ``value`` says, and what it uses, into ``parts``."""
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    if isinstance(value, property):
        value = value.fget
    is_ours = getattr(value, "__module__", None) == module
    if name in parts:
        return
    if inspect.isfunction(value) and is_ours:
        value = inspect.unwrap(value)
        if value.__code__.co_filename == "<string>":  # made by @dataclass from what stands there
            return
        parts[name] = syntax(value)
        for other, used in _used(value):
            _add(other, used, module, parts)
    elif inspect.isclass(value) and is_ours:
        parts[name] = [base.__name__ for base in value.__bases__]
        for base in value.__bases__:
            _add(base.__name__, base, module, parts)
        for other, member in vars(value).items():
            if inspect.isroutine(member) or not other.startswith("__"):
                _add(f"{name}.{other}", member, module, parts)
    elif _is_plain(value):
        parts[name] = value


def _used(function: FunctionType) -> Iterator[tuple[str, object]]:
    """Names and values that a function takes from outside itself."""
    for name in _read_globals(function.__code__):
        if name in function.__globals__:
            yield name, function.__globals__[name]
    own = function.__qualname__
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield f"{own}.{name}", cell.cell_contents
    defaults = dict(enumerate(function.__defaults__ or ())) | (function.__kwdefaults__ or {})
    for name, value in defaults.items():
        yield f"{own}.{name}", value


def _read_globals(code: CodeType) -> set[str]:
    names = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    return names.union(*map(_read_globals, inner))


def syntax(function: FunctionType) -> list:
    """The function's syntax tree as nested lists, the same in every version of Python."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except OSError as error:
        raise ValueError(
            f"the source of {function.__name__} cannot be read; define it in a file or a cell"
        ) from error
    return _plain(ast.parse(source))


def _plain(node):
    if isinstance(node, list):
        return [_plain(each) for each in node if not _is_docstring(each)]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [(name, value) for name, value in ast.iter_fields(node) if value not in (None, [])]
    return [type(node).__name__, *([name, _plain(value)] for name, value in fields)]


def _is_docstring(node) -> bool:
    """Or another string that stands alone and does nothing."""
    is_alone = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_alone and isinstance(node.value.value, str)


def _is_plain(value) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(each) for key, each in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or type(value) in (bool, int, float, str)
