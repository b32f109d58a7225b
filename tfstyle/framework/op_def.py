"""The declaration of an op: `@op`, the roles of its parameters, the registry.

One decorated function per op. Its signature is the graph constructor's, its docstring
the documentation, its body the meaning in JAX:

    @op("Softmax")
    def softmax(logits: Array):
        return jax.nn.softmax(logits)

The names of parameters are those of TensorFlow's OpDef (`op_table`); a declaration that
disagrees with it fails at import.
"""

from __future__ import annotations

import enum
import functools
import inspect
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from tfstyle.framework.op_table import OpFacts, load_op_table

if TYPE_CHECKING:
    from tfstyle.framework.tensor import Operation

__all__ = [
    "Array",
    "Key",
    "OpDeclaration",
    "Ref",
    "Role",
    "Static",
    "declaration_of",
    "declarations",
    "declare",
    "op",
]


class Role(enum.Enum):
    """What the body of an op receives for a parameter."""

    ARRAY = "a traced array"
    STATIC = "a NumPy value known while tracing"
    REF = "the current value of a variable; the first results are its new values"
    KEY = "the random stream of this execution, a Philox state uint32[6]"
    ATTR = "a Python value, under the attribute's name"


Array = Annotated[Any, Role.ARRAY]
Static = Annotated[Any, Role.STATIC]
Ref = Annotated[Any, Role.REF]
Key = Annotated[Any, Role.KEY]

ShapeRule = Callable[["Operation"], Sequence[Any]]


@dataclass
class OpDeclaration:
    """What is known of an op type.

    Attributes:
        type: the op type.
        body: the meaning; called with keyword arguments.
        facts: names, dtypes and attributes, from TensorFlow's OpDef.
        roles: role of each parameter of the body, in order.
        public: the graph constructor.
        host: whether the body works on NumPy values, outside jit.
        anywhere: whether a host body takes and gives arrays where they are, on the
            device too.
        passes_on: whether a host body returns its first input, and all else that it
            does is an effect.
        differentiable: whether gradients flow through the op.
        no_gradient: names of the inputs that never get a gradient.
        gradient: a graph-level gradient function `(op, *grads)`, or None for the vjp.
        shape: a shape rule `(op) -> [TensorShape]`, or None for `eval_shape`.
        shape_only: whether the body looks only at the shapes of its arrays.
        reads_ref: whether the body uses the values of its variables.
        random_blocks: Philox blocks that one execution uses up, from its result.
        structural: whether the op holds a body graph and is lowered by `lowering`.
    """

    type: str
    body: Callable[..., Any]
    facts: OpFacts
    roles: dict[str, Role]
    host: bool = False
    anywhere: bool = False
    passes_on: bool = False
    differentiable: bool = True
    no_gradient: frozenset[str] = frozenset()
    gradient: Callable[..., Any] | None = None
    shape: ShapeRule | None = None
    shape_only: bool = False
    reads_ref: bool = True
    random_blocks: Callable[[Any], int] | None = None
    structural: bool = False
    public: Callable[..., Any] | None = None
    attr_defaults: dict[str, Any] = field(default_factory=dict)

    @functools.cached_property
    def ref_inputs(self) -> tuple[str, ...]:
        """Names of the inputs that are variables to be written."""
        return tuple(n for n, r in self.roles.items() if r is Role.REF)

    @functools.cached_property
    def static_inputs(self) -> frozenset[str]:
        """Names of the inputs whose value must be known while tracing."""
        return frozenset(n for n, r in self.roles.items() if r is Role.STATIC)

    @functools.cached_property
    def is_random(self) -> bool:
        """Whether the body draws random numbers."""
        return Role.KEY in self.roles.values()

    @functools.cached_property
    def body_attrs(self) -> tuple[str, ...]:
        """Names of the attributes the body takes."""
        return tuple(n for n, r in self.roles.items() if r is Role.ATTR)


_registry: dict[str, OpDeclaration] = {}


def declaration_of(op_type: str) -> OpDeclaration | None:
    """The declaration of `op_type`, or None when nothing declares it."""
    return _registry.get(op_type)


def declarations() -> dict[str, OpDeclaration]:
    """All declarations, by op type."""
    return dict(_registry)


def _role_of(annotation: Any) -> Role:
    if typing.get_origin(annotation) is list:
        return _role_of(typing.get_args(annotation)[0])
    for mark in getattr(annotation, "__metadata__", ()):
        if isinstance(mark, Role):
            return mark
    return Role.ATTR


# Annotations as they are written: evaluating hundreds of them would slow the import.
_WRITTEN = {
    "Array": Role.ARRAY,
    "list[Array]": Role.ARRAY,
    "Static": Role.STATIC,
    "list[Static]": Role.STATIC,
    "Ref": Role.REF,
    "Key": Role.KEY,
}


def _roles(body: Callable[..., Any]) -> dict[str, Role]:
    code, written = body.__code__, body.__annotations__
    names = code.co_varnames[: code.co_argcount]
    if all(written.get(name, "Array") in _WRITTEN for name in names):
        return {
            name: _WRITTEN[written[name]] if name in written else Role.ATTR
            for name in names
        }
    hints = typing.get_type_hints(body, include_extras=True)
    return {name: _role_of(hints.get(name)) for name in names}


def _check(declaration: OpDeclaration) -> None:
    """Compares a declaration with its OpDef.

    Raises:
        TypeError: when an input is missing or a parameter is unknown.
    """
    facts, roles = declaration.facts, declaration.roles
    inputs = {arg.name: arg for arg in facts.inputs}
    attrs = {attr.name for attr in facts.attrs}
    given = {n for n, r in roles.items() if r not in (Role.ATTR, Role.KEY)}
    where = f"@op({declaration.type!r})"
    if given != set(inputs):
        raise TypeError(
            f"{where}: inputs are {sorted(inputs)}, the body takes {sorted(given)}."
        )
    unknown = {n for n, r in roles.items() if r is Role.ATTR} - attrs
    if unknown:
        raise TypeError(f"{where}: no attributes called {sorted(unknown)}.")
    for name in declaration.ref_inputs:
        if not inputs[name].is_ref:
            raise TypeError(f"{where}: input '{name}' is not a variable.")


def declare(
    op_type: str,
    body: Callable[..., Any],
    *,
    facts: OpFacts | None = None,
    gradient: Any = ...,
    no_gradient: Iterable[str] = (),
    **options: Any,
) -> OpDeclaration:
    """Declares an op without making a graph constructor; see `op`."""
    if facts is None:
        facts = load_op_table()[op_type]
    declaration = OpDeclaration(
        type=op_type,
        body=body,
        facts=facts,
        roles=_roles(body),
        differentiable=gradient is not None,
        gradient=gradient if callable(gradient) else None,
        no_gradient=frozenset(no_gradient),
        **options,
    )
    if not declaration.structural:
        _check(declaration)
    if op_type in _registry:
        raise TypeError(f"@op({op_type!r}): declared twice.")
    _registry[op_type] = declaration
    return declaration


def op(
    op_type: str,
    *,
    facts: OpFacts | None = None,
    name: str | None = None,
    gradient: Any = ...,
    no_gradient: Iterable[str] = (),
    host: bool = False,
    anywhere: bool = False,
    passes_on: bool = False,
    shape: ShapeRule | None = None,
    shape_only: bool = False,
    reads_ref: bool = True,
    random_blocks: Callable[[Any], int] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declares the decorated function as the body of op type `op_type`.

    The function is replaced by the graph constructor: the same parameters (without
    `Key` ones) and `name=None`, converting its inputs to tensors, inferring dtypes and
    shapes, and returning the output tensors.

    Args:
        op_type: the op type, as in TensorFlow.
        facts: inputs, outputs and attributes, for an op TensorFlow does not have.
        name: default name of the operation; default: `op_type`.
        gradient: None: no gradient flows through; a function `(op, *grads)`: a
            graph-level gradient. Default: the vjp of the body.
        no_gradient: inputs that get no gradient although they are floats.
        host: run the body on NumPy values between jitted segments.
        anywhere: with `host`: arrays stay where they are, on the device too.
        passes_on: with `host`: the result is the first input.
        shape: rule `(op) -> [shape per output]`; default: `jax.eval_shape` of the body.
        shape_only: the body looks only at the shapes of its arrays.
        reads_ref: False when the body does not use the old values of its variables.
        random_blocks: Philox blocks used up by one execution, as a function of the
            result; default 256 per element.
    """

    def decorate(body: Callable[..., Any]) -> Callable[..., Any]:
        declaration = declare(
            op_type,
            body,
            facts=facts,
            gradient=gradient,
            no_gradient=no_gradient,
            host=host,
            anywhere=anywhere,
            passes_on=passes_on,
            shape=shape,
            shape_only=shape_only,
            reads_ref=reads_ref,
            random_blocks=random_blocks,
        )
        declaration.public = _constructor(declaration, name or op_type)
        return declaration.public

    return decorate


def _constructor(declaration: OpDeclaration, default_name: str) -> Callable[..., Any]:
    body = declaration.body
    # What follows from the inputs is no argument.
    inferred = {
        name
        for arg in declaration.facts.inputs
        for name in (arg.type_attr, arg.number_attr, arg.type_list_attr)
    }
    parameters = [
        p
        for p in inspect.signature(body).parameters.values()
        if declaration.roles[p.name] is not Role.KEY and p.name not in inferred
    ]
    declaration.attr_defaults = {
        p.name: p.default for p in parameters if p.default is not p.empty
    }
    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature(
        [p.replace(annotation=p.empty) for p in parameters]
        + [inspect.Parameter("name", keyword, default=None)]
    )
    order = [p.name for p in parameters]
    names = frozenset(order)
    required = [n for n in order if n not in declaration.attr_defaults]

    def construct(*args: Any, **kwargs: Any) -> Any:
        from tfstyle.framework.apply_op import apply_op

        if len(args) > len(order):
            # Positional `name`, or too many arguments: the signature decides.
            bound = signature.bind(*args, **kwargs)
            values = dict(bound.arguments)
            op_name = values.pop("name", None)
        else:
            op_name = kwargs.pop("name", None)
            values = dict(zip(order, args, strict=False))
            if kwargs:
                if not kwargs.keys().isdisjoint(values) or not kwargs.keys() <= names:
                    signature.bind(*args, **kwargs)
                values.update(kwargs)
        for key in required:
            if key not in values:
                signature.bind(*args, **kwargs)
        return apply_op(declaration, values, op_name, default_name)

    functools.update_wrapper(construct, body)
    del construct.__wrapped__  # type: ignore[attr-defined]
    construct.__signature__ = signature  # type: ignore[attr-defined]
    construct.__annotations__ = {}
    return construct
