//! What the generator of texts accepts and refuses, and that the real files are in order.

#[path = "../build/text.rs"]
mod text;

use text::{Piece, Source, generate, keys_in_order, pieces};

fn run(en: &str, zh: &str) -> Result<String, String> {
    let source = |file, json| Source { file, json };
    generate(&source("en.json", en), &source("zh.json", zh)).map_err(|problems| problems.join("\n"))
}

#[track_caller]
fn refuses(en: &str, zh: &str, expected: &str) {
    let problems = run(en, zh).expect_err("accepted");
    assert!(problems.contains(expected), "{problems}");
}

#[test]
fn makes_a_function_for_each_key() {
    let code = run(
        r#"{"a.b": "Hello", "c": {"d": "Say \"{what}\" to {host} {{}}"}}"#,
        r#"{"a.b": "你好", "c.d": "{host}{what}"}"#,
    );
    let code = code.expect("refused");
    assert!(code.contains("pub fn a_b(self) -> &'static str"), "{code}");
    assert!(
        code.contains("pub fn c_d(self, host: impl std::fmt::Display, what: impl std::fmt::Display) -> String"),
        "{code}"
    );
    assert!(code.contains(r#"format!("Say \"{what}\" to {host} {{}}")"#), "{code}");
}

#[test]
fn turning_a_sentence_round_keeps_the_order_of_arguments() {
    let signature = |text: &str| {
        let json = format!(r#"{{"k": "{text}"}}"#);
        run(&json, &json).expect("refused").lines().find(|line| line.contains("pub fn")).map(str::to_owned)
    };
    assert_eq!(signature("{b} of {a}"), signature("{a} has {b}"));
}

#[test]
fn plurals_take_a_count() {
    let en = r#"{"n.one": "one of {all}", "n.other": "{count} of {all}"}"#;
    let code = run(en, r#"{"n.other": "{all} 中的 {count}"}"#).expect("refused");
    assert!(code.contains("pub fn n(self, count: u64, all: impl std::fmt::Display) -> String"), "{code}");
    refuses(en, r#"{"n.one": "{all}", "n.other": "{count} {all}"}"#, r#"zh.json: "n.one" is not in en.json"#);
    refuses(r#"{"n.one": "one"}"#, "{}", r#"en.json: "n.one" has no "n.other""#);
}

#[test]
fn other_alone_is_an_ordinary_key() {
    let code = run(r#"{"role.other": "Other"}"#, r#"{"role.other": "其他"}"#).expect("refused");
    assert!(code.contains("pub fn role_other(self) -> &'static str"), "{code}");
}

#[test]
fn refuses_languages_that_differ() {
    refuses(r#"{"a": "A", "b": "B"}"#, r#"{"a": "A"}"#, r#"zh.json: "b" is missing"#);
    refuses(r#"{"a": "A"}"#, r#"{"a": "A", "b": "B"}"#, r#"zh.json: "b" is not in en.json"#);
    refuses(r#"{"a": "{x}"}"#, r#"{"a": "{y}"}"#, r#"zh.json: the placeholders of "a""#);
    refuses(
        r#"{"n.one": "{x}", "n.other": "{count}"}"#,
        r#"{"n.other": "{count}"}"#,
        r#"en.json: the placeholders of "n.other""#,
    );
}

#[test]
fn refuses_what_is_malformed() {
    for (text, problem) in [
        ("", "is empty"),
        ("  ", "is empty"),
        ("{", "has a { that nothing closes"),
        ("a {b", "has a { that nothing closes"),
        ("b}", "has a } that closes nothing"),
        ("{}", "has the placeholder {}, which is not a name"),
        ("{a.b}", "has the placeholder {a.b}, which is not a name"),
        ("{Port}", "has the placeholder {Port}, which is not a name"),
        ("{a b}", "has the placeholder {a b}, which is not a name"),
        ("{in}", "has the placeholder {in}, which is not a name"),
        ("{a{b}", "has the placeholder {a{b}, which is not a name"),
    ] {
        let json = format!(r#"{{"k": "{text}"}}"#);
        refuses(&json, &json, &format!("en.json: \"k\" {problem}"));
    }
    for (json, problem) in [
        (r#"{"k": 1}"#, r#""k" is not a text"#),
        (r#"{"a": {"b": {"c": "C"}}}"#, r#""a.b" is not a text"#),
        (r#"{"K": "K"}"#, r#""K" is not words"#),
        (r#"{"a..b": "K"}"#, r#""a..b" is not words"#),
        (r#"{"type": "K"}"#, r#""type" is a word of Rust"#),
        (r#"{"a.b": "K", "a_b": "K"}"#, r#""a_b" and "a.b" both make the function a_b"#),
        (r#"{"a.b": "K", "a": {"b": "K"}}"#, r#""a.b" is there both flat and in a group"#),
        ("{\n\"a\": \"K\",\n\"a\": \"L\"\n}", r#""a" is there twice"#),
        ("[]", "not an object"),
        ("{", "EOF"),
    ] {
        refuses(json, json, problem);
    }
}

#[test]
fn splits_a_text_at_its_placeholders() {
    let literal = |text: &str| Piece::Literal(text.to_owned());
    assert_eq!(pieces("a {b}{{c}}"), Ok(vec![literal("a "), Piece::Value("b".to_owned()), literal("{c}")]));
}

/// Two additions then stand at different lines, and a reader finds a key by its name.
#[test]
fn the_real_files_are_sorted() {
    for json in [include_str!("../locales/en.json"), include_str!("../locales/zh-CN.json")] {
        let keys = keys_in_order(json);
        assert!(keys.is_sorted(), "not sorted: {:?}", keys.windows(2).find(|pair| pair[0] > pair[1]));
    }
}

#[test]
fn each_text_is_said_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = sources(&root.join("src"));
    let words = said.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect::<std::collections::BTreeSet<_>>();
    let json = std::fs::read_to_string(root.join("locales/en.json")).expect("locales/en.json");
    let names = keys_in_order(&json).into_iter().map(|key| {
        let key = key.strip_suffix(".one").or(key.strip_suffix(".other")).unwrap_or(&key);
        (key.replace('.', "_"), format!("{}_other", key.replace('.', "_")))
    });
    let silent =
        names.filter(|(name, other)| !words.contains(&**name) && !words.contains(&**other)).collect::<Vec<_>>();
    assert_eq!(silent, []);
}

fn sources(folder: &std::path::Path) -> String {
    let entries = std::fs::read_dir(folder).expect("folder").flatten().map(|entry| entry.path());
    let read = |path: std::path::PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(end) if end == "rs" => std::fs::read_to_string(path).expect("text"),
        _ => String::new(),
    };
    entries.map(read).collect::<Vec<_>>().join("\n")
}
