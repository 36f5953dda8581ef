//! The way out: where the client has gone away, serving ends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A writer that tells of its first failure to whoever waits for it.
///
/// The library that speaks the protocol goes on reading when an answer can't be written: nobody would ever know.
pub(crate) struct Watched<W> {
    inner: W,
    failed: UnboundedSender<io::Error>,
}

/// Gives `inner` as a watched writer, and where its failures are told.
pub(crate) fn watched<W>(inner: W) -> (Watched<W>, UnboundedReceiver<io::Error>) {
    let (failed, told) = unbounded_channel();
    (Watched { inner, failed }, told)
}

impl<W> Watched<W> {
    fn note<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &result {
            // Nobody waits any more: serving has ended already.
            let _ = self.failed.send(io::Error::new(error.kind(), error.to_string()));
        }
        result
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Watched<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.note(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(context);
        self.note(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
