//! One file per subcommand: its options, and what it does.

pub(crate) mod build;
pub(crate) mod call;
pub(crate) mod completions;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod dev;
pub(crate) mod gateway;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod logs;
pub(crate) mod publish;
pub(crate) mod server;
pub(crate) mod sql;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod subscribe;
