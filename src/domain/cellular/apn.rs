//! Which APNs go with a SIM. Suggestions only: private ones are common, and nothing is set without a person.
//!
//! What Debian's mobile-broadband-provider-info says (public domain), and before it a table of our own for the operators that it lacks.
//! The list is read as it lies on the box, so that it is as new as the box's packages.

use serde::{Deserialize, Serialize};

use super::ids::{Apn, Plmn};

/// Where Debian has it.
pub const LIST: &str = "/usr/share/mobile-broadband-provider-info/serviceproviders.xml";
/// On a page and in an answer.
const MOST: usize = 8;
const LONGEST: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    pub apn: Apn,
    /// Whose.
    pub operator: String,
    /// Known to everybody, and needed by some networks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Numbers of the operator, its name, and its APNs for the internet, the usual one first.
type Row = (&'static [&'static str], &'static str, &'static [&'static str]);

/// Numbers that the list lacks, and networks whose guests (`guest`/`guest`) have been history for years.
const OWN: [Row; 4] = [
    (&["46000", "46002", "46004", "46007", "46008"], "China Mobile", &["cmnet"]),
    (&["46001", "46006", "46009"], "China Unicom", &["3gnet"]),
    (&["46003", "46005", "46011"], "China Telecom", &["ctnet", "ctlte"]),
    (&["46015"], "China Broadnet", &["cbnet"]),
];

/// The APNs of the SIM's operator, best first. `list` is the content of [`LIST`], or nothing.
pub fn suggestions(sim: &Plmn, list: &str) -> Vec<Suggestion> {
    let own = OWN.iter().filter(|(numbers, ..)| numbers.contains(&sim.as_str())).flat_map(|(_, operator, apns)| {
        apns.iter().filter_map(|apn| {
            Some(Suggestion { apn: apn.parse().ok()?, operator: (*operator).to_owned(), user: None, password: None })
        })
    });
    let mut found: Vec<Suggestion> = Vec::new();
    for suggestion in own.chain(listed(sim, list)) {
        if found.len() < MOST
            && !found.iter().any(|other| other.apn.as_str().eq_ignore_ascii_case(suggestion.apn.as_str()))
        {
            found.push(suggestion);
        }
    }
    found
}

/// What of an XML document matters here: elements and texts one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'x> {
    /// Name and attributes; also `<a/>`.
    Open(&'x str, &'x str),
    Close(&'x str),
    Text(&'x str),
}

/// Forgiving: what is no element is left out. The list is no secret and no input from the network, but it is not ours either.
fn pieces(xml: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = xml;
    std::iter::from_fn(move || {
        loop {
            if let Some(text) = rest.split_once('<').map(|(text, _)| text).filter(|text| !text.is_empty()) {
                rest = &rest[text.len()..];
                if !text.trim().is_empty() {
                    return Some(Piece::Text(text.trim()));
                }
            }
            if let Some(comment) = rest.strip_prefix("<!--") {
                rest = comment.split_once("-->")?.1;
                continue;
            }
            let (tag, after) = rest.strip_prefix('<')?.split_once('>')?;
            rest = after;
            if tag.starts_with(['?', '!']) {
                continue;
            }
            if let Some(name) = tag.strip_prefix('/') {
                return Some(Piece::Close(name.trim()));
            }
            let tag = tag.strip_suffix('/').unwrap_or(tag);
            let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
            return Some(Piece::Open(name, attributes));
        }
    })
}

fn attribute<'x>(attributes: &'x str, name: &str) -> Option<&'x str> {
    let mut rest = attributes;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        if key.trim() == name {
            return Some(value);
        }
        rest = after;
    }
}

fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    crate::plain::plain(&text.replace("&amp;", "&")).chars().take(LONGEST).collect()
}

fn listed(sim: &Plmn, list: &str) -> Vec<Suggestion> {
    let mut found = Vec::new();
    let (mut operator, mut ours, mut apn) = (String::new(), false, None::<(Suggestion, bool)>);
    let mut inside = "";
    for piece in pieces(list) {
        match piece {
            Piece::Open("provider", _) => (operator, ours, apn) = (String::new(), false, None),
            Piece::Open("network-id", attributes) => {
                let number = |name| attribute(attributes, name).unwrap_or_default();
                ours |= number("mcc") == sim.country() && number("mnc") == sim.network();
            }
            Piece::Open("apn", attributes) => {
                let value = attribute(attributes, "value").and_then(|value| value.parse().ok());
                apn =
                    value.map(|apn| (Suggestion { apn, operator: operator.clone(), user: None, password: None }, true));
            }
            // messages with pictures, and what telephones had before the web
            Piece::Open("usage", attributes) => {
                if let (Some((_, internet)), Some(usage)) = (&mut apn, attribute(attributes, "type")) {
                    *internet = usage == "internet";
                }
            }
            Piece::Open(name, _) => inside = name,
            Piece::Text(text) => match (inside, &mut apn) {
                ("username", Some((apn, _))) => apn.user = Some(plain(text)),
                ("password", Some((apn, _))) => apn.password = Some(plain(text)),
                ("name", None) => operator = plain(text),
                _ => {}
            },
            Piece::Close("apn") => {
                found.extend(apn.take().filter(|(_, internet)| ours && *internet).map(|(apn, _)| apn));
                inside = "";
            }
            Piece::Close(_) => inside = "",
        }
    }
    found
}
