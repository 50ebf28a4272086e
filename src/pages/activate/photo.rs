//! A code or an answer in a picture: read here, in the process that has no rights, because pictures are hostile.
//!
//! The size is looked at before anything is unpacked. One picture at a time: who sends the next one waits.

use std::{io::Cursor, sync::Mutex};

use image::{DynamicImage, ImageReader, Limits};

use crate::text::Text;

/// Longest file that is read: what a phone takes.
pub const LONGEST: usize = 12 << 20;
/// Pixels that are unpacked, and bytes of memory for them.
const MOST_PIXELS: u64 = 50_000_000;
const MOST_MEMORY: u64 = 256 << 20;
/// What is searched: more is slower and finds no more.
const SIDE: u32 = 1_600;

/// Why there is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    Nothing,
    Picture,
    TooLarge,
    NoCode,
    Several,
}

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Of a text file, its text; of a picture, what its QR code says.
pub(super) fn text_of(bytes: &[u8]) -> Result<String, Unreadable> {
    if bytes.is_empty() {
        return Err(Unreadable::Nothing);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if text.len() < 16_384 => Ok(text.trim().to_owned()),
        Ok(_) | Err(_) => read(bytes),
    }
}

/// What the one QR code in the picture says.
///
/// # Errors
/// When it is no picture, too large, or has not just one code that can be read.
pub fn read(bytes: &[u8]) -> Result<String, Unreadable> {
    let _turn = ONE_AT_A_TIME.lock();
    let picture = unpack(bytes)?;
    // close and from afar, sharp and noisy: what one size does not show another one may
    let mut found = None;
    for side in [SIDE, SIDE / 2, SIDE / 3] {
        if let Some(text) = search(&picture, side)? {
            found = Some(text);
            break;
        }
    }
    found.ok_or(Unreadable::NoCode)
}

fn unpack(bytes: &[u8]) -> Result<DynamicImage, Unreadable> {
    if bytes.len() > LONGEST {
        return Err(Unreadable::TooLarge);
    }
    let reader = || ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| Unreadable::Picture);
    let (width, height) = reader()?.into_dimensions().map_err(|_| Unreadable::Picture)?;
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Unreadable::TooLarge);
    }
    let mut reader = reader()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    reader.decode().map_err(|_| Unreadable::Picture)
}

fn search(picture: &DynamicImage, side: u32) -> Result<Option<String>, Unreadable> {
    let small =
        if picture.width().max(picture.height()) > side { picture.thumbnail(side, side) } else { picture.clone() };
    let grey = small.to_luma8();
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        let at = |x: usize| u32::try_from(x).unwrap_or(0);
        grey.get_pixel(at(x), at(y)).0[0]
    });
    let grids = prepared.detect_grids();
    let texts = grids.iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text);
    let mut texts = texts.collect::<Vec<_>>();
    texts.dedup();
    match texts.len() {
        0 => Ok(None),
        1 => Ok(texts.pop()),
        _ => Err(Unreadable::Several),
    }
}

pub(super) fn say(text: Text, why: Unreadable) -> &'static str {
    match why {
        Unreadable::Nothing => text.activate_nothing(),
        Unreadable::Picture => text.activate_photo_unreadable(),
        Unreadable::TooLarge => text.activate_photo_large(),
        Unreadable::NoCode => text.activate_photo_none(),
        Unreadable::Several => text.activate_photo_several(),
    }
}
