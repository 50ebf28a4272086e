//! The `OpenAPI` document, made of the table of calls and of what the messages say of themselves.

use domain::cluster::{
    calls::{self, Entry, Method, Who},
    shape::{Field, Objects, Shape},
};
use serde_json::{Map, Value, json};

/// `OpenAPI` 3.1.
pub fn document() -> Value {
    let mut objects = Objects::new();
    let mut paths = Map::new();
    for entry in calls::ALL {
        let operation = operation(entry, &mut objects);
        let path = paths.entry(entry.path).or_insert_with(|| json!({}));
        path[entry.method.word().to_ascii_lowercase()] = operation;
    }
    let mut schemas = Map::new();
    for (name, object) in &objects {
        let properties = object.fields.iter().map(|field| (field.name.to_owned(), property(field)));
        let properties = properties.collect::<Map<_, _>>();
        let required = object.fields.iter().filter(|field| !matches!(field.shape, Shape::Maybe(_)));
        let required = required.map(|field| field.name).collect::<Vec<_>>();
        schemas.insert(
            (*name).to_owned(),
            json!({ "type": "object", "description": object.about.trim(), "properties": properties, "required": required }),
        );
    }
    schemas.insert("Problem".into(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Gatehouse registry",
            "version": "1",
            "description": "The fleet's control plane. Points in time are seconds since 1970, binary values base64url. \
                            Every answer that is not a success is a problem after RFC 9457 with a stable code.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "account": { "type": "http", "scheme": "bearer", "description": "The token of a sign-in." },
                "box": { "type": "mutualTLS", "description": "The certificate that the box got at its activation." },
            },
        },
    })
}

fn operation(entry: &Entry, objects: &mut Objects) -> Value {
    let in_path = entry.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters = in_path
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect::<Vec<_>>();
    parameters.extend(entry.query.iter().map(|(name, means)| {
        json!({ "name": name, "in": "query", "required": true, "description": means, "schema": { "type": "string" } })
    }));
    if entry.who == Who::Account {
        parameters.push(json!({
            "name": "account", "in": "query", "required": false, "schema": { "type": "string" },
            "description": "Named by operators only: whose it is.",
        }));
    }
    let security = match entry.who {
        Who::Anyone => json!([]),
        Who::Box => json!([{ "box": [] }]),
        Who::Account | Who::User | Who::Operator => json!([{ "account": [] }]),
    };
    let answer = schema(&(entry.answer)(objects));
    let mut operation = json!({
        "operationId": entry.name,
        "summary": entry.about.trim(),
        "security": security,
        "parameters": parameters,
        "responses": {
            "200": { "description": "Done.", "content": { "application/json": { "schema": answer } } },
            "default": {
                "description": "Refused.",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            },
        },
    });
    let ask = (entry.ask)(objects);
    if entry.method != Method::Get && ask != Shape::Nothing {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema(&ask) } } });
    }
    operation
}

fn property(field: &Field) -> Value {
    let mut value = schema(&field.shape);
    let about = field.about.trim();
    if !about.is_empty() {
        value["description"] = about.into();
    }
    value
}

fn schema(shape: &Shape) -> Value {
    match shape {
        Shape::Nothing => json!({ "type": "null" }),
        Shape::Text => json!({ "type": "string" }),
        Shape::Number => json!({ "type": "integer", "minimum": 0 }),
        Shape::Truth => json!({ "type": "boolean" }),
        Shape::OneOf(words) => json!({ "type": "string", "enum": words }),
        Shape::List(of) => json!({ "type": "array", "items": schema(of) }),
        Shape::Maybe(of) => json!({ "anyOf": [schema(of), { "type": "null" }] }),
        Shape::Object(name) => json!({ "$ref": format!("#/components/schemas/{name}") }),
    }
}

/// RFC 9457 with our members; what a problem has besides depends on its code.
fn problem() -> Value {
    json!({
        "type": "object",
        "description": "A problem after RFC 9457. Its code never changes its meaning; what else it names depends on the code.",
        "properties": {
            "type": { "type": "string", "description": "urn:gatehouse:registry: and the code" },
            "title": { "type": "string", "description": "For people, in English." },
            "status": { "type": "integer" },
            "code": { "type": "string", "pattern": "^GH-8[0-9]{2}$" },
            "problem": { "type": "string", "description": "The code as a word." },
            "operation": { "type": "string", "description": "Stands in the registry's log, too." },
            "now": { "type": "integer", "description": "The registry's time." },
        },
        "required": ["type", "title", "status", "code", "problem", "operation", "now"],
        "additionalProperties": true,
    })
}
