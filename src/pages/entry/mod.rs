//! How people come in and go: first visit, sign-in, sign-out.

mod handlers;
mod login;
mod setup;

pub use handlers::routes;
pub use login::{LoginView, login};
pub use setup::{SetupView, setup};
