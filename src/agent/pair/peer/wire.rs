//! Messages on a stream: their length, and JSON.

use std::io;

use domain::pair::peer::LONGEST;
use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub trait Wired: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wired for T {}

/// # Errors
/// When it is longer than any, or the stream ends.
pub async fn write(stream: &mut impl Wired, message: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    let length = u32::try_from(text.len()).ok().filter(|_| text.len() <= LONGEST).ok_or(io::ErrorKind::InvalidData)?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(&text).await?;
    stream.flush().await
}

/// `None`: what came is no such message.
///
/// # Errors
/// As [`write`].
pub async fn read<T: DeserializeOwned>(stream: &mut impl Wired) -> io::Result<Option<T>> {
    let length = usize::try_from(stream.read_u32().await?).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // as long as what has come, and not as what was promised
    let mut text = Vec::new();
    (&mut *stream).take(u64::try_from(length).unwrap_or(0)).read_to_end(&mut text).await?;
    if text.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&text).ok())
}
