//! Tasks that the gateway cannot do without. When one panics, the gateway ends with an error, and whoever keeps it running
//! starts it again: without the task clients would wait for ever, and nobody would notice.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::sync::watch;

use crate::error::Error;

/// Starts such tasks, and knows the first that failed.
#[derive(Debug, Clone)]
pub(crate) struct VitalTasks(watch::Sender<Option<&'static str>>);

impl VitalTasks {
    pub(crate) fn new() -> Self {
        Self(watch::channel(None).0)
    }

    /// Starts a task. It may end; what it does not survive is a panic, whose message has gone to standard error by then.
    pub(crate) fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let failed = self.0.clone();
        tokio::spawn(async move {
            // Nothing looks at the state it has left.
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                failed.send_replace(Some(name));
            }
        });
    }

    /// Ends when one has failed.
    pub(crate) async fn failed(&self) -> Error {
        let mut failed = self.0.subscribe();
        let name = failed.wait_for(Option::is_some).await.ok().and_then(|name| *name);
        match name {
            Some(name) => Error::TaskFailed(name),
            // The sender lives in `self`.
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::VitalTasks;
    use crate::error::Error;

    #[tokio::test]
    async fn a_panic_is_noticed_and_an_end_is_not() {
        let tasks = VitalTasks::new();
        tasks.spawn("one that ends", async {});
        tasks.spawn("one that fails", async { unreachable!("on purpose") });
        assert!(matches!(tasks.failed().await, Error::TaskFailed("one that fails")));
    }
}
