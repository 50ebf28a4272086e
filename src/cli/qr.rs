//! A QR code for a text console.

use qrcodegen::{DataTooLong, QrCode, QrCodeEcc};

/// Light modules around it. The standard wants four; above and below, two lines less keep it and its text on a screen of 25 lines,
/// and readers take it.
const QUIET: (i32, i32) = (4, 2);
/// White on black, whatever the terminal's colours are: a reader may not take a negative.
const COLOURS: (&str, &str) = ("\x1b[97;40m", "\x1b[0m");

/// Two modules a character. Light ones are drawn, because a console is dark.
///
/// # Errors
/// For a text of more than 2,953 bytes.
pub(super) fn half_blocks(text: &str, coloured: bool) -> Result<String, DataTooLong> {
    // the screen is whole and bright: the lowest correction gives the largest modules
    let code = QrCode::encode_text(text, QrCodeEcc::Low)?;
    let (beside, above) = QUIET;
    let light = |x, y| !code.get_module(x, y);
    let (begin, end) = if coloured { COLOURS } else { ("", "") };
    let mut drawn = String::new();
    let mut y = -above;
    while y < code.size() + above {
        drawn.push_str(begin);
        // the last line has one row only
        let below = y + 1 < code.size() + above;
        drawn.extend((-beside..code.size() + beside).map(|x| match (light(x, y), below && light(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        }));
        drawn.push_str(end);
        drawn.push('\n');
        y += 2;
    }
    Ok(drawn)
}
