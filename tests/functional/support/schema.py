"""Validates what the tools print against netft/docs/schema/*.json."""
import json
import pathlib

from support.registry import Skip

SCHEMAS = pathlib.Path(__file__).resolve().parents[3] / "netft" / "docs" / "schema"


def validate(document, name):
    """AssertionError with the place and the reason when `document` is not of the schema."""
    try:
        import jsonschema
    except ImportError as error:
        raise Skip("python3-jsonschema is not installed") from error
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    # Debian 12's jsonschema does not join "#/$defs/…" to a urn: without an $id it has no need to.
    schema.pop("$id", None)
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(document))
    text = "\n".join(f"{error.json_path}: {error.message[:300]}" for error in errors[:5])
    assert not errors, f"{name}: {text}\nin {json.dumps(document)[:600]}"
