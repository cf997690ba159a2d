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
    store = {path.name: json.loads(path.read_text(encoding="utf-8"))
             for path in SCHEMAS.glob("*.json")}
    resolver = jsonschema.RefResolver(SCHEMAS.as_uri() + "/" + name, schema,
                                      store={SCHEMAS.as_uri() + "/" + key: value
                                             for key, value in store.items()})
    errors = list(jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(document))
    text = "\n".join(f"{error.json_path}: {error.message[:300]}" for error in errors[:5])
    assert not errors, f"{name}: {text}\nin {json.dumps(document)[:600]}"
