//! What two pages share: the frame, the shapes that everything is made of, and the words for the domain's values.
//!
//! Server only. Each piece is a function of what it shows; none asks the agent or reads a clock.

pub mod card;
pub mod carried;
pub mod choice;
pub mod countdown;
pub mod faceplate;
pub mod field;
pub mod format;
pub mod frame;
pub mod nav;
pub mod note;
pub mod plan;
pub mod qr;
pub mod select;
pub mod summary;
pub mod tag;
pub mod words;
