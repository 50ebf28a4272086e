//! Names one request in its answer and in the log.

/// Twelve hexadecimal digits, or `unnamed`: it only helps to find the line, so a refusal is told without randomness, too.
pub fn id() -> String {
    let mut bytes = [0; 6];
    match getrandom::fill(&mut bytes) {
        Ok(()) => hex::encode(bytes),
        Err(_) => "unnamed".to_owned(),
    }
}
