//! What may be asked of a registry on its own machine while it runs: a backup, by whoever may enter its folder.
//!
//! A socket in the state folder, 0600. Whoever connects is sent the backup, and the connection ends.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
    time::Duration,
};

use domain::secret::Secret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    time::{sleep, timeout},
};

use crate::{authority::Authority, backup, serve::ServeError, store::Store};

const SOCKET: &str = "control.sock";
/// For a whole backup. Shorter: a slow disk at the other end. Longer: the next one waits.
const LIMIT: Duration = Duration::from_mins(2);

/// Whoever holds the store is the only one who listens, so a socket that is there already is of a registry that is gone.
///
/// # Errors
/// When the folder cannot be written to.
pub fn listen(state_dir: &Path) -> Result<UnixListener, ServeError> {
    let path = state_dir.join(SOCKET);
    let open = || {
        os::disk::remove(&path)?;
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(listener)
    };
    open().map_err(|source| ServeError::Folder { path: state_dir.to_owned(), source })
}

/// One after the other, for as long as the registry lives.
pub async fn serve(listener: UnixListener, store: Arc<dyn Store>, authority: Arc<Authority>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => match timeout(LIMIT, send(stream, &*store, &authority)).await {
                Ok(Ok(())) => tracing::info!("a backup was made"),
                Ok(Err(error)) => tracing::warn!(%error, "a backup was not made"),
                Err(_) => tracing::warn!("a backup that nobody took"),
            },
            Err(error) => {
                tracing::warn!(%error, "accepting at the control socket");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn send(mut stream: UnixStream, store: &dyn Store, authority: &Authority) -> io::Result<()> {
    let text = backup::text(store, authority).await.map_err(io::Error::other)?;
    stream.write_all(text.expose().as_bytes()).await?;
    stream.shutdown().await
}

/// The backup of a registry that runs; `None` where none does.
///
/// # Errors
/// When it does, and cannot be asked.
pub async fn backup(state_dir: &Path) -> io::Result<Option<Secret>> {
    let mut stream = match UnixStream::connect(state_dir.join(SOCKET)).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(Some(Secret::new(text)))
}
