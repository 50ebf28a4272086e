//! The rules of cellular.

mod addresses;
mod apn;
mod causes;
mod machine;
mod pins;
mod properties;
mod settings;
mod world;
