"""From declared parameters to pydantic models, and from pydantic's errors to mistakes with a path and a remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, Field, StringConstraints, ValidationError, create_model

from simulations.document_base import MISTAKES_MAX, Distribution, Entry, Mistake, Number, Whole, did_you_mean, shown
from simulations.document_lists import LISTS
from simulations.engine.declare import Param

TEXT_LENGTH_MAX: Final = 200
PURE_NUMBERS: Final = frozenset({"shape", "weight", "weights"})  # of a distribution, not in its unit


def _annotation(param: Param) -> Any:
    if param.kind == "integer":
        return Annotated[Whole, Field(ge=param.low, le=param.high)]
    if param.kind == "number":
        return Annotated[Number, Field(ge=param.low, le=param.high)]
    if param.kind == "boolean":
        return bool
    if param.kind == "choice":
        return Literal[tuple(choice.value for choice in param.choices)]
    if param.kind == "text":
        return Annotated[str, StringConstraints(max_length=int(param.high or TEXT_LENGTH_MAX))]
    if param.kind == "distribution":
        return Distribution
    if param.kind in LISTS:
        return Annotated[LISTS[param.kind], Field(max_length=int(param.high or 0))]
    raise TypeError(f"Parameter {param.name!r} has the unknown kind {param.kind!r}.")


def param_model(name: str, params: Sequence[Param]) -> type[Entry]:
    """The model that checks and completes the `params` of a node type, link or cluster."""
    fields: dict[str, Any] = {
        param.name: (
            _annotation(param),
            Field(
                default=param.default, validate_default=True, title=param.title, description=_description(param) or None
            ),
        )
        for param in params
    }
    return create_model(f"{name} parameters", __base__=Entry, **fields)


def _description(param: Param) -> str:
    return " ".join(part for part in (param.help, f"In {param.unit}." if param.unit else "") if part)


def path_text(loc: Iterable[str | int]) -> str:
    """A path as it is shown: `nodes[2].params.rate_per_s`."""
    text = ""
    for step in loc:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else str(step)
    return text


def join(prefix: str, path: str) -> str:
    """A path below another one."""
    if not prefix or not path:
        return prefix or path
    return prefix + path if path.startswith("[") else f"{prefix}.{path}"


def mistakes_of(
    error: ValidationError, model: type[BaseModel], data: object, prefix: str = "", units: Sequence[Param] = ()
) -> list[Mistake]:
    """Pydantic's errors as mistakes: the tags of unions left out of the path, messages that say what would be right."""
    unit_of = {param.name: param.unit for param in units}
    found: list[Mistake] = []
    for item in error.errors(include_url=False):
        if len(found) == MISTAKES_MAX:
            break
        loc = item["loc"]
        unit = unit_of.get(str(loc[0]), "") if loc and not PURE_NUMBERS.intersection(loc) else ""
        message = _message(item["type"], item.get("ctx", {}), item.get("input"), item["msg"], unit)
        if item["type"] == "extra_forbidden":
            known = _keys_at(model, loc[:-1])
            message = f"Unknown key.{did_you_mean(loc[-1], known) or ' Known: ' + ', '.join(known) + '.'}"
        steps = [step for step in _without_tags(loc, data) if step != "[key]"]
        mistake = Mistake(join(prefix, path_text(steps)), message)
        if mistake not in found:
            found.append(mistake)
    return found


def _message(kind: str, ctx: dict[str, Any], value: object, original: str, unit: str) -> str:
    got = f" Got {shown(value)}."
    in_unit = f" {unit}" if unit else ""
    bounds = {
        "greater_than_equal": ("ge", "at least"),
        "less_than_equal": ("le", "at most"),
        "greater_than": ("gt", "more than"),
    }
    if kind in bounds:
        key, words = bounds[kind]
        return f"Must be {words} {_number(ctx[key])}{in_unit}.{got}"
    if kind == "missing":
        return "Is required."
    if kind == "literal_error":
        return f"Must be one of {ctx['expected']}.{did_you_mean(value, _quoted(str(ctx['expected'])))}{got}"
    if kind == "union_tag_invalid":
        hint = did_you_mean(ctx["tag"], _quoted(ctx["expected_tags"]))
        return f'Must have a "kind" among {ctx["expected_tags"]}.{hint} Got {shown(ctx["tag"])}.'
    if kind == "union_tag_not_found":
        return 'Needs a "kind" that says which sort it is.'
    if kind == "string_pattern_mismatch":
        return f"Must start with a small letter and have at most 40 small letters, digits, - and _.{got}"
    if kind == "string_too_long":
        return (
            f"Must have at most {ctx['max_length']} characters. Got {len(value) if isinstance(value, str) else 'more'}."
        )
    if kind in ("too_long", "too_short"):
        limit = ctx.get("max_length", ctx.get("min_length"))
        return f"Must have at {'most' if kind == 'too_long' else 'least'} {limit} entries. Got {ctx['actual_length']}."
    names = {
        "int_type": "a whole number", "float_type": "a number", "bool_type": "true or false", "string_type": "a text",
        "list_type": "a list", "dict_type": "an object", "model_type": "an object",
        "model_attributes_type": "an object",
        "string_too_short": "a text that is not empty",
    }  # fmt: skip
    if kind in names:
        return f"Must be {names[kind]}{in_unit and ' in' + in_unit}.{got}"
    return original[:1].upper() + original[1:] + ("" if original.endswith(".") else ".")


def _number(value: object) -> str:
    if isinstance(value, float) and 0 < value < 1e-4:
        return f"{value:.9f}".rstrip("0")
    return (
        f"{value:g}"
        if isinstance(value, float) and abs(value) < 1e6
        else f"{value:.0f}"
        if isinstance(value, float)
        else str(value)
    )


def _quoted(expected: str) -> list[str]:
    return expected.split("'")[1::2]


def _without_tags(loc: Sequence[str | int], data: object) -> Iterator[str | int]:
    """Drop the steps that pydantic adds for the chosen member of a union: they are no keys of the data."""
    for step in loc:
        if isinstance(data, dict):
            if step not in data and step == data.get("kind"):
                continue
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        elif isinstance(data, (int, float)) and step in ("constant", "value_ms"):
            continue  # a bare number stands for a constant distribution
        elif step in ("float", "str"):
            continue  # what is a number or a text is neither
        yield step


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        if not isinstance(part, str):
            yield from _models(part)


def _keys_at(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys that are allowed at a place of the document."""
    candidates = [model]
    for step in loc:
        following = [
            inner
            for one in candidates
            if step in one.model_fields
            for inner in _models(one.model_fields[str(step)].annotation)
        ]
        if following:
            candidates = following
        elif isinstance(step, str):
            candidates = [
                one
                for one in candidates
                if "kind" in one.model_fields and step in get_args(one.model_fields["kind"].annotation)
            ]
    return sorted({name for one in candidates for name in one.model_fields})
