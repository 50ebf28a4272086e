//! The table of calls, the routes and the document say the same.

use std::{collections::BTreeSet, fs, path::Path};

use domain::cluster::{calls, problem::Problem};
use registry::api::{document::document, served};
use serde_json::Value;

use super::lab::{Caller, Lab};

#[test]
fn each_call_of_the_table_is_served_and_no_other() {
    let table = calls::ALL.iter().map(|entry| entry.name).collect::<BTreeSet<_>>();
    assert_eq!(served().into_iter().collect::<BTreeSet<_>>(), table);
    assert_eq!(table.len(), calls::ALL.len(), "no name twice");
}

#[test]
fn the_document_is_whole_and_as_it_was() {
    let made = document();
    let text = made.to_string();
    for reference in text.split("\"$ref\":\"").skip(1) {
        let name = reference.split('"').next().expect("a name").trim_start_matches("#/components/schemas/");
        assert!(made["components"]["schemas"].get(name).is_some(), "{name}");
    }
    for (path, methods) in made["paths"].as_object().expect("paths") {
        for operation in methods.as_object().expect("methods").values() {
            let declared = operation["parameters"].as_array().expect("parameters");
            for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                assert!(declared.iter().any(|p| p["name"] == name && p["in"] == "path"), "{path}: {name}");
            }
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/registry-openapi.json");
    if std::env::var_os("UPDATE_DOCUMENT").is_some() {
        fs::write(&file, serde_json::to_string_pretty(&made).expect("json") + "\n").expect("written");
    }
    let kept: Value =
        serde_json::from_str(&fs::read_to_string(&file).expect("docs/registry-openapi.json")).expect("json");
    assert_eq!(kept, made, "UPDATE_DOCUMENT=1 writes docs/registry-openapi.json anew");
}

#[tokio::test]
async fn what_is_no_call_is_a_problem_too() {
    let lab = Lab::new().await;
    for (method, path, code) in [
        ("GET", "/v1/nothing", "GH-806"),
        ("DELETE", "/v1/time", "GH-806"),
        ("GET", "/v1/box/../clusters", "GH-806"),
        ("POST", "/v1/sign-in", "GH-805"),
    ] {
        let (_, answer) = lab.raw(&Caller::default(), method, path, b"{\"user\":".to_vec()).await;
        assert_eq!(answer["code"], code, "{method} {path}");
    }
    let huge = vec![b'x'; registry::api::BODY_LIMIT + 1];
    let (_, answer) = lab.raw(&Caller::default(), "POST", "/v1/sign-in", huge).await;
    assert_eq!(answer["code"], "GH-805");
}

/// The codes that other people's scripts rely on stand in the manual.
#[test]
fn the_manual_has_the_codes_of_problems() {
    let manual =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/registry.md")).expect("manual");
    let source = include_str!("../../../src/domain/cluster/problem.rs");
    let codes = source.split("(\"GH-").skip(1).map(|rest| format!("GH-{}", &rest[..3]));
    let codes = codes.collect::<Vec<_>>();
    assert!(codes.len() > 30 && codes.contains(&Problem::CodeUnknown.code().to_owned()));
    let rows = manual.lines().filter_map(|line| line.strip_prefix("| GH-")).map(|row| format!("GH-{}", &row[..3]));
    assert_eq!(rows.collect::<Vec<_>>(), codes);
}
