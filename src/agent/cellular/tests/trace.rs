//! What the real ModemManager said, as `busctl call` prints it (`tests/cellular/traces`; written and watched by
//! `tests/box/cellular/traces.rs`), and back into D-Bus values.

use std::{collections::HashMap, fs, path::Path};

use zbus::{Array, Dict, ObjectPath, OwnedVariant, Signature, Variant};

use crate::cellular::{properties::Properties, read::Interfaces};

/// One moment: every object with its interfaces, SIMs and connections among them.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    pub objects: HashMap<String, Interfaces>,
}

impl Trace {
    pub(super) fn read(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cellular/traces");
        let text = fs::read_to_string(folder.join(name).with_extension("txt")).expect("a trace");
        let mut objects = HashMap::new();
        for line in text.lines() {
            let mut words = Words(line);
            let path = words.next();
            match words.next() {
                listed if listed == "a{oa{sa{sv}}}" => {
                    let modems = words.map(|words| {
                        let path = words.next();
                        (path, words.map(|words| (words.next(), words.properties())))
                    });
                    objects.extend(modems);
                }
                interface => {
                    assert_eq!(words.next(), "a{sv}", "{line}");
                    objects.insert(path, HashMap::from([(interface, words.properties())]));
                }
            }
        }
        Self { objects }
    }

    pub(super) fn modem(&self) -> Option<(&String, &Interfaces)> {
        self.objects.iter().find(|(path, _)| path.contains("/Modem/"))
    }

    pub(super) fn set(&mut self, at: &str, interface: &str, name: &str, value: impl Into<Variant<'static>>) {
        let object = self.objects.iter_mut().find(|(path, _)| path.contains(at)).expect("an object").1;
        let value = owned(value.into());
        object.entry(interface.to_owned()).or_default().insert(name.to_owned(), value);
    }
}

fn owned(value: Variant) -> OwnedVariant {
    value.try_to_owned().expect("no file in it")
}

/// A line's words: numbers, and texts in quotes.
struct Words<'l>(&'l str);

impl Words<'_> {
    fn next(&mut self) -> String {
        let line = self.0.trim_start();
        let (word, rest) = match line.strip_prefix('"') {
            Some(quoted) => {
                let end = quoted.match_indices('"').find(|(at, _)| !quoted[..*at].ends_with('\\')).expect("an end").0;
                (&quoted[..end], &quoted[end + 1..])
            }
            None => line.split_once(' ').unwrap_or((line, "")),
        };
        self.0 = rest;
        word.replace("\\\"", "\"")
    }

    fn number<T: std::str::FromStr>(&mut self) -> T {
        let word = self.next();
        word.parse().unwrap_or_else(|_| panic!("{word}: a number"))
    }

    fn map<K: Eq + std::hash::Hash, V>(&mut self, mut one: impl FnMut(&mut Self) -> (K, V)) -> HashMap<K, V> {
        (0..self.number::<usize>()).map(|_| one(self)).collect()
    }

    fn properties(&mut self) -> Properties {
        self.map(|words| (words.next(), owned(words.variant())))
    }

    fn variant(&mut self) -> Variant<'static> {
        let signature = self.next().parse().expect("a signature");
        self.value(&signature)
    }

    fn value(&mut self, signature: &Signature) -> Variant<'static> {
        match signature {
            Signature::Str => Variant::from(self.next()),
            Signature::ObjectPath => Variant::from(ObjectPath::try_from(self.next()).expect("a path")),
            Signature::Bool => Variant::from(self.number::<bool>()),
            Signature::U8 => Variant::from(self.number::<u8>()),
            Signature::U32 => Variant::from(self.number::<u32>()),
            Signature::U64 => Variant::from(self.number::<u64>()),
            Signature::I32 => Variant::from(self.number::<i32>()),
            Signature::I64 => Variant::from(self.number::<i64>()),
            Signature::F64 => Variant::from(self.number::<f64>()),
            // what an array or a structure holds stays one
            Signature::Variant => Variant::Variant(Box::new(self.variant())),
            Signature::Array(child) => {
                let mut array = Array::new(child.signature());
                for _ in 0..self.number::<usize>() {
                    array.append(self.value(child.signature())).expect("of its type");
                }
                Variant::from(array)
            }
            Signature::Dict { key, value } => {
                let mut dict = Dict::new(key.signature(), value.signature());
                for _ in 0..self.number::<usize>() {
                    let key = self.value(key.signature());
                    dict.append(key, self.value(value.signature())).expect("of its type");
                }
                Variant::from(dict)
            }
            Signature::Structure(fields) => {
                let builder = fields.iter().fold(zbus::wire::StructureBuilder::new(), |builder, signature| {
                    builder.append_field(self.value(signature))
                });
                Variant::from(builder.build().expect("a structure"))
            }
            other => panic!("nothing of ModemManager's has the type {other}"),
        }
    }
}
