//! Makes Rust functions out of `locales/*.json`, so that a missing text, or a text that lost a value, fails the build and
//! not the person who reads the page. Used by build.rs and, for its own tests, by tests/translations.rs.
//!
//! A file holds `"group.key": "text"`, or `"group": {"key": "text"}`. `{name}` stands for a value, `{{` and `}}` for braces.
//! `key.one` and `key.other` in English make one function that takes `count`; Chinese has only `key.other`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

/// One language's file, as read.
pub struct Source<'a> {
    /// What messages call it, such as `locales/en.json`.
    pub file: &'a str,
    pub json: &'a str,
}

/// Part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Literal(String),
    Value(String),
}

type Pieces = Vec<Piece>;
type Texts = BTreeMap<String, Pieces>;

/// The source of the functions, to be included where `Text` and `Lang` are in scope.
///
/// # Errors
/// All that is wrong with the two files, each with file and key.
pub fn generate(english: &Source, chinese: &Source) -> Result<String, Vec<String>> {
    let mut problems = Vec::new();
    let en = parse(english, &mut problems);
    let zh = parse(chinese, &mut problems);
    let mut names = BTreeMap::new();
    let mut functions = String::new();
    let mut expected = BTreeSet::new();
    for (key, text) in &en {
        if let Some(base) = key.strip_suffix(".one") {
            if !en.contains_key(&format!("{base}.other")) {
                problems.push(format!("{}: \"{key}\" has no \"{base}.other\"", english.file));
            }
            continue;
        }
        expected.insert(key.clone());
        let base = key.strip_suffix(".other").filter(|base| en.contains_key(&format!("{base}.one")));
        let name = base.unwrap_or(key).replace('.', "_");
        if let Some(other) = names.insert(name.clone(), key) {
            problems.push(format!("{}: \"{key}\" and \"{other}\" both make the function {name}", english.file));
        }
        let Some(translated) = zh.get(key) else {
            problems.push(format!("{}: \"{key}\" is missing", chinese.file));
            continue;
        };
        let forms = base.and_then(|base| en.get(&format!("{base}.one"))).map(|one| (one, text));
        let values = values(text, forms.is_some());
        for (file, key, found) in
            [(chinese.file, key.as_str(), Some(translated)), (english.file, key, forms.map(|f| f.0))]
        {
            if let Some(found) = found
                && self::values(found, forms.is_some()) != values
            {
                problems.push(format!("{file}: the placeholders of \"{key}\" are not the same in all its texts"));
            }
        }
        emit(&mut functions, &name, &values, forms.map(|f| f.0), text, translated);
    }
    for key in zh.keys().filter(|key| !expected.contains(*key)) {
        problems.push(format!("{}: \"{key}\" is not in {}", chinese.file, english.file));
    }
    if problems.is_empty() { Ok(format!("impl Text {{\n{functions}}}\n")) } else { Err(problems) }
}

/// The keys in the order of the file's lines, duplicates included; a JSON parser would drop those. Needs one key a line.
pub fn keys_in_order(json: &str) -> Vec<String> {
    let mut group = String::new();
    let mut keys = Vec::new();
    for line in json.lines().map(str::trim) {
        if line.starts_with('}') {
            group.clear();
        }
        let Some((key, rest)) = line.strip_prefix('"').and_then(|line| line.split_once('"')) else { continue };
        if rest.trim_start_matches([':', ' ']).starts_with('{') {
            group = format!("{key}.");
        } else {
            keys.push(format!("{group}{key}"));
        }
    }
    keys
}

fn parse(source: &Source, problems: &mut Vec<String>) -> Texts {
    let file = source.file;
    let root = match serde_json::from_str(source.json) {
        Ok(Value::Object(root)) => root,
        Ok(_) => {
            problems.push(format!("{file}: not an object"));
            return Texts::new();
        }
        Err(cause) => {
            problems.push(format!("{file}: {cause}"));
            return Texts::new();
        }
    };
    let mut flat = Vec::new();
    for (key, value) in root {
        match value {
            Value::Object(group) => {
                flat.extend(group.into_iter().map(|(inner, text)| (format!("{key}.{inner}"), text)));
            }
            text => flat.push((key, text)),
        }
    }
    let mut texts = Texts::new();
    for (key, value) in flat {
        let text = check_key(&key).and_then(|()| value.as_str().ok_or("is not a text".to_owned())).and_then(pieces);
        match text {
            Err(problem) => problems.push(format!("{file}: \"{key}\" {problem}")),
            Ok(text) => {
                if texts.insert(key.clone(), text).is_some() {
                    problems.push(format!("{file}: \"{key}\" is there both flat and in a group"));
                }
            }
        }
    }
    let mut seen = BTreeSet::new();
    for key in keys_in_order(source.json) {
        if !seen.insert(key.clone()) {
            problems.push(format!("{file}: \"{key}\" is there twice"));
        }
    }
    texts
}

fn check_key(key: &str) -> Result<(), String> {
    const TAKEN: [&str; 14] = [
        "as", "break", "continue", "else", "for", "if", "in", "loop", "match", "move", "return", "type", "use", "while",
    ];
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    if !key.split('.').all(word) {
        return Err("is not words of a-z, 0-9 and _, joined by dots".to_owned());
    }
    if TAKEN.contains(&key) { Err("is a word of Rust; put it in a group".to_owned()) } else { Ok(()) }
}

/// Splits a text at its placeholders.
///
/// # Errors
/// What is wrong with it, to follow the key's name.
pub fn pieces(text: &str) -> Result<Pieces, String> {
    if text.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' | '}' if rest.peek() == Some(&c) => {
                rest.next();
                literal.push(c);
            }
            '}' => return Err("has a } that closes nothing; write }} for a brace".to_owned()),
            '{' => {
                let name: String = std::iter::from_fn(|| rest.next_if(|c| *c != '}')).collect();
                if rest.next().is_none() {
                    return Err("has a { that nothing closes; write {{ for a brace".to_owned());
                }
                if check_key(&name).is_err() || name.contains('.') {
                    return Err(format!("has the placeholder {{{name}}}, which is not a name of a-z, 0-9 and _"));
                }
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                pieces.push(Piece::Value(name));
            }
            other => literal.push(other),
        }
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

/// Names of the placeholders, sorted: turning a sentence round must not turn round a function's arguments. The count of a
/// plural is apart, and may be left out of a text ("one minute").
fn values(pieces: &[Piece], plural: bool) -> BTreeSet<&str> {
    fn name(piece: &Piece) -> Option<&str> {
        match piece {
            Piece::Value(name) => Some(name),
            Piece::Literal(_) => None,
        }
    }
    pieces.iter().filter_map(name).filter(|name| !(plural && *name == "count")).collect()
}

fn emit(out: &mut String, name: &str, values: &BTreeSet<&str>, one: Option<&Pieces>, en: &Pieces, zh: &Pieces) {
    let mut arguments = String::new();
    if one.is_some() {
        arguments += ", count: u64";
    }
    for value in values {
        write!(arguments, ", {value}: impl std::fmt::Display").expect("writing to a string does not fail");
    }
    let plain = arguments.is_empty();
    let returned = if plain { "&'static str" } else { "String" };
    let value = |text| expression(text, plain);
    let english = match one {
        Some(one) => format!("if count == 1 {{ {} }} else {{ {} }}", value(one), value(en)),
        None => value(en),
    };
    let chinese = value(zh);
    // A sentence per function, so that an editor shows the text where the function is called.
    let shown: String = en
        .iter()
        .map(|p| match p {
            Piece::Literal(t) => t.clone(),
            Piece::Value(v) => format!("{{{v}}}"),
        })
        .collect();
    writeln!(
        out,
        "    #[doc = {shown:?}]\n    pub fn {name}(self{arguments}) -> {returned} {{\n        match self.0 {{\n            \
         Lang::En => {english},\n            Lang::ZhCn => {chinese},\n        }}\n    }}"
    )
    .expect("writing to a string does not fail");
}

fn expression(pieces: &[Piece], plain: bool) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) if plain => text += literal,
            Piece::Literal(literal) => text += &literal.replace('{', "{{").replace('}', "}}"),
            Piece::Value(name) => write!(text, "{{{name}}}").expect("writing to a string does not fail"),
        }
    }
    if plain { format!("{text:?}") } else { format!("format!({text:?})") }
}
