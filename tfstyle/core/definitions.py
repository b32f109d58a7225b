"""Makes classes of protocol buffers that no package brings, from a few lines each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

__all__ = ["define_messages"]

# Not TensorFlow's own package: a program may have loaded TensorFlow, too, and a name
# can be registered only once.
_PACKAGE = "tfstyle"
_FIELD = re.compile(
    r"(?P<repeated>repeated )?(?P<type>[\w.]+|map<(?P<key>\w+), (?P<value>\w+)>)"
    r" (?P<name>\w+) = (?P<number>\d+)(?: in (?P<oneof>\w+))?"
)
_Field = descriptor_pb2.FieldDescriptorProto


def define_messages(
    file: str, text: str, imports: Sequence[Any] = ()
) -> dict[str, Any]:
    """Defines messages.

        define_messages("core/example/feature.proto", '''
            BytesList
              repeated bytes value = 1
            Features
              map<string, Feature> feature = 1''')

    Args:
        file: name of the file that the messages are said to be defined in.
        text: the name of each message, and after it its fields: `type name = number`,
            before it `repeated`, behind it `in oneof`. `A.B` is nested in `A`.
        imports: classes of messages and enum types of other files that fields use.

    Returns:
        The class of each message, by name.
    """
    descriptors = [getattr(i, "DESCRIPTOR", i) for i in imports]
    proto = descriptor_pb2.FileDescriptorProto(
        name=f"{_PACKAGE}/{file}",
        package=_PACKAGE,
        syntax="proto3",
        dependency=list(dict.fromkeys(d.file.name for d in descriptors)),
    )
    types = {d.name: d for d in descriptors}
    messages: dict[str, Any] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        field = _FIELD.fullmatch(line)
        if field is None:
            outer, _, name = line.rpartition(".")
            inside = messages[outer].nested_type if outer else proto.message_type
            messages[line] = message = inside.add(name=name)
        else:
            _add_field(message, line, field, types)
    pool = descriptor_pool.Default()
    pool.Add(proto)
    return {
        name: message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")
        )
        for name in messages
    }


def _add_field(message: Any, line: str, found: re.Match[str], types: Any) -> None:
    repeated, kind = found["repeated"], found["type"]
    if found["key"]:
        words = found["name"].split("_")
        entry = message.nested_type.add(name="".join(map(str.title, words)) + "Entry")
        entry.options.map_entry = True
        for number, name in enumerate(("key", "value"), 1):
            _set_type(entry.field.add(name=name, number=number), found[name], types)
        repeated, kind = True, f"{message.name}.{entry.name}"
    field = message.field.add(name=found["name"], number=int(found["number"]))
    _set_type(field, kind, types)
    if repeated:
        field.label = _Field.LABEL_REPEATED
    if found["oneof"]:
        if not any(o.name == found["oneof"] for o in message.oneof_decl):
            message.oneof_decl.add(name=found["oneof"])
        field.oneof_index = len(message.oneof_decl) - 1


def _set_type(field: Any, kind: str, types: Any) -> None:
    field.label = _Field.LABEL_OPTIONAL
    scalar = getattr(_Field, f"TYPE_{kind.upper()}", None)
    if scalar is not None:
        field.type = scalar
        return
    known = types.get(kind)
    is_enum = known is not None and hasattr(known, "values")
    field.type = _Field.TYPE_ENUM if is_enum else _Field.TYPE_MESSAGE
    field.type_name = (
        f".{known.full_name if known is not None else f'{_PACKAGE}.{kind}'}"
    )
