//! What is wrong with a certificate, and what would be right.

use crate::{
    domain::{certificate::CertificateProblem, civil::Civil, time::UnixSeconds},
    text::Text,
};

pub(super) fn problem(text: Text, problem: &CertificateProblem) -> String {
    let day = |at: &UnixSeconds| Civil::of(*at, 0).to_string();
    match problem {
        CertificateProblem::NoCertificate => text.certificate_problem_none().to_owned(),
        CertificateProblem::IsRequest => text.certificate_problem_request().to_owned(),
        CertificateProblem::Unreadable => text.certificate_problem_unreadable().to_owned(),
        CertificateProblem::TooMany { most } => text.certificate_problem_too_many(most),
        CertificateProblem::NoKey => text.certificate_problem_no_key().to_owned(),
        CertificateProblem::KeyEncrypted => text.certificate_problem_key_encrypted().to_owned(),
        CertificateProblem::KeyUnreadable => text.certificate_problem_key_unreadable().to_owned(),
        CertificateProblem::KeyMismatch => text.certificate_problem_key_mismatch().to_owned(),
        CertificateProblem::WeakKey { bits } => text.certificate_problem_weak_key(bits),
        CertificateProblem::WeakSignature => text.certificate_problem_weak_signature().to_owned(),
        CertificateProblem::Expired { at } => text.certificate_problem_expired(day(at)),
        CertificateProblem::NotYetValid { at } => text.certificate_problem_not_yet(day(at)),
        CertificateProblem::ChainOrder => text.certificate_problem_order().to_owned(),
        CertificateProblem::NoNames => text.certificate_problem_no_names().to_owned(),
    }
}
