//! What messages look like, said by the types themselves, so that the API's document cannot say anything else.

use std::{collections::BTreeMap, net::Ipv4Addr};

use super::names::{AccountId, ClusterId, Label, ModelName, PairId, RequestId, Serial, TokenId, UserName};
use crate::{activation::url::RegistryUrl, secret::Secret, settings::host_name::HostName, time::UnixSeconds};

/// The form of a value in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    Nothing,
    Text,
    Number,
    Truth,
    OneOf(&'static [&'static str]),
    List(Box<Shape>),
    /// May be null or left out.
    Maybe(Box<Shape>),
    /// One of the objects.
    Object(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub about: &'static str,
    pub fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub about: &'static str,
    pub shape: Shape,
}

/// Objects by their names.
pub type Objects = BTreeMap<&'static str, Object>;

pub trait Describe {
    /// Its form; objects that it needs are added.
    fn describe(objects: &mut Objects) -> Shape;
}

impl<T: Describe> Describe for Vec<T> {
    fn describe(objects: &mut Objects) -> Shape {
        Shape::List(Box::new(T::describe(objects)))
    }
}

impl<T: Describe> Describe for Option<T> {
    fn describe(objects: &mut Objects) -> Shape {
        Shape::Maybe(Box::new(T::describe(objects)))
    }
}

macro_rules! plain {
    ($shape:ident: $($type:ty),*) => {
        $(impl Describe for $type {
            fn describe(_: &mut Objects) -> Shape {
                Shape::$shape
            }
        })*
    };
}

plain!(Nothing: ());
plain!(Text: String, Secret, HostName, Ipv4Addr, RegistryUrl);
plain!(Text: AccountId, ClusterId, Label, ModelName, PairId, RequestId, Serial, TokenId, UserName);
plain!(Number: u64, u32, UnixSeconds);
plain!(Truth: bool);

/// A message: a struct that serde reads and writes, and that describes itself with its comments.
macro_rules! message {
    ($($(#[doc = $about:literal])+ pub struct $name:ident {
        $($(#[doc = $says:literal])* $(#[serde($($serde:tt)*)])? pub $field:ident: $type:ty,)*
    })+) => {
        $($(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($(#[doc = $says])* $(#[serde($($serde)*)])? pub $field: $type,)*
        }

        impl $crate::cluster::shape::Describe for $name {
            fn describe(objects: &mut $crate::cluster::shape::Objects) -> $crate::cluster::shape::Shape {
                use $crate::cluster::shape::{Describe, Field, Object, Shape};
                if !objects.contains_key(stringify!($name)) {
                    let fields = vec![$(Field {
                        name: stringify!($field),
                        about: concat!($($says),*),
                        shape: <$type as Describe>::describe(objects),
                    }),*];
                    objects.insert(stringify!($name), Object { about: concat!($($about),+), fields });
                }
                Shape::Object(stringify!($name))
            }
        })+
    };
}

pub(super) use message;
